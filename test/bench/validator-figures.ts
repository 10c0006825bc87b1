/**
 * Twelve validators with EVM, vote logs and disks, measured from outside: transfers end to end, and how long nothing is final after a
 * leader or a group is gone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { keccak256 } from 'ethers';
import type { Hex } from '../../core/base/bytes.ts';
import { testWallet } from '../integration/ledger-network.ts';
import { ask, type Member, statusOf, type ValidatorProcess, ValidatorProcesses } from '../soak/validator-processes.ts';
import { makeValidators } from '../validators.ts';

const groups = [3, 3, 3, 3];
export const chainId = 7331;
export const accounts = 40;
const passphrase = 'correct horse battery staple';
/** Cheap to check: starting is not measured. */
const cost = { memoryKibibytes: 64, passes: 1, lanes: 1 };
const batchCalls = 50;
const pollMs = 10;
const patienceMs = 600_000;
/** Nothing is final for so long: then the measurement is given up. */
const silenceMsMax = 120_000;

/** Half of the values, 99 of 100, and all are at most so large. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}

/** Transfers of the test accounts, signed one account after another. */
export class SignedTransfers {
  readonly #nonces = Array.from({ length: accounts }, () => 0);
  #next = 0;

  async sign(count: number): Promise<{ readonly raw: string; readonly hash: Hex }[]> {
    const made: { raw: string; hash: Hex }[] = [];
    for (let index = 0; index < count; index++) {
      const account = this.#next++ % accounts;
      const nonce = this.#nonces[account] ?? 0;
      this.#nonces[account] = nonce + 1;
      const to = testWallet(accounts + 1).address;
      const fields = { type: 0, to, value: 1n, gasLimit: 21_000n, gasPrice: 0n, chainId, nonce };
      const raw = await testWallet(account).signTransaction(fields);
      made.push({ raw, hash: keccak256(raw) as Hex });
    }
    return made;
  }
}

/** Validators that run, and a way to give them transfers. */
export class MeasuredNetwork {
  readonly processes: ValidatorProcesses;
  readonly #folder: string;
  readonly #transfers = new SignedTransfers();

  private constructor(folder: string, processes: ValidatorProcesses) {
    this.#folder = folder;
    this.processes = processes;
  }

  static async start(perProcess: 'member' | 'group'): Promise<MeasuredNetwork> {
    const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-bench-'));
    const wallets = Array.from({ length: accounts }, (_, index) => testWallet(index));
    const network = await makeValidators({ folder, groups, lock: { passphrase, cost }, wallets });
    const processes = new ValidatorProcesses({
      network,
      passphrase,
      perProcess,
      onLine: () => undefined,
      onEnd: (what) => {
        throw new Error(what);
      },
    });
    for (const process of processes.processes) processes.start(process);
    await processes.untilReady();
    return new MeasuredNetwork(folder, processes);
  }

  async stop(): Promise<void> {
    await this.processes.stopAll();
    rmSync(this.#folder, { recursive: true });
  }

  /** Transfers a second, from the first request to the finality of the last, as many at once as the validators take. */
  async throughput(count: number): Promise<number> {
    const made = await this.#transfers.sign(count);
    const left = new Set(made.map(({ hash }) => hash));
    const begunMs = performance.now();
    const following = await this.#follow((hashes) => {
      for (const hash of hashes) left.delete(hash);
      return left.size > 0;
    });
    const { members } = this.processes;
    for (let start = 0; start < made.length; start += batchCalls) {
      const member = members[(start / batchCalls) % members.length] as Member;
      await post(member.rpcUrl, made.slice(start, start + batchCalls));
    }
    return (1_000 * count) / ((await following.over) - begunMs);
  }

  /** Milliseconds from sending to finality, at so many transfers a second for a while. */
  async finality(perSecond: number, seconds: number): Promise<Spread> {
    const made = await this.#transfers.sign(Math.round(perSecond * seconds));
    const sentMs = new Map<Hex, number>();
    const taken: number[] = [];
    const following = await this.#follow((hashes) => {
      for (const hash of hashes) {
        const sent = sentMs.get(hash);
        if (sent !== undefined) taken.push(performance.now() - sent);
      }
      return taken.length < made.length;
    });
    const { members } = this.processes;
    const begunMs = performance.now();
    const sending: Promise<void>[] = [];
    for (const [index, transfer] of made.entries()) {
      await delay(Math.max(0, begunMs + (1_000 * index) / perSecond - performance.now()));
      sentMs.set(transfer.hash, performance.now());
      sending.push(post((members[index % members.length] as Member).rpcUrl, [transfer]));
    }
    await Promise.all(sending);
    await following.over;
    return spreadOf(taken);
  }

  /**
   * Milliseconds without a final block after whoever proposes is killed: one leader, or its whole group. Measured under a light load,
   * until a transfer is final that was sent after the kill; then they are started again.
   */
  async recovery(who: 'leader' | 'group', times: number): Promise<Spread> {
    const taken: number[] = [];
    for (let time = 0; time < times; time++) {
      const victims = await this.#victims(who);
      await Promise.all(victims.map((process) => this.processes.kill(process)));
      const begunMs = performance.now();
      const others = this.processes.members.filter(({ process }) => process.isReady);
      const [transfer] = (await this.#transfers.sign(1)) as [{ raw: string; hash: Hex }];
      const following = await this.#follow((hashes) => !hashes.includes(transfer.hash), others[others.length - 1]);
      for (const { rpcUrl } of others.slice(0, 2)) await post(rpcUrl, [transfer]);
      taken.push((await following.over) - begunMs);
      for (const process of victims) this.processes.start(process);
      await this.processes.untilReady(victims);
      await this.#untilLevel();
    }
    return spreadOf(taken);
  }

  async #victims(who: 'leader' | 'group'): Promise<ValidatorProcess[]> {
    for (;;) {
      const statuses = await Promise.all(this.processes.members.map(async (member) => ({ member, status: await statusOf(member) })));
      const view = Math.max(...statuses.map(({ status }) => status?.view ?? 0));
      const group = statuses.filter(({ member }) => member.group === view % groups.length);
      if (who === 'group') return [...new Set(group.map(({ member }) => member.process))];
      const leader = group.find(({ status }) => status?.leader === status?.key);
      if (leader !== undefined) return [leader.member.process];
      await delay(pollMs);
    }
  }

  /** Until all have the same head. */
  async #untilLevel(): Promise<void> {
    for (;;) {
      const statuses = await Promise.all(this.processes.members.map(statusOf));
      const heights = new Set(statuses.map((status) => status?.height));
      if (heights.size === 1 && !heights.has(undefined)) return;
      await delay(100);
    }
  }

  /** From now on tells the transactions of each new final block of one validator, as long as more are wanted; when the last was seen. */
  async #follow(
    onBlock: (hashes: readonly Hex[]) => boolean,
    { rpcUrl } = this.processes.members[0] as Member,
  ): Promise<{ readonly over: Promise<number> }> {
    const first = Number(await ask<Hex>(rpcUrl, 'eth_blockNumber', [], patienceMs)) + 1;
    const follow = async (): Promise<number> => {
      let newsMs = performance.now();
      for (let height = first; ; ) {
        const at = `0x${height.toString(16)}`;
        const block = await ask<{ transactions: Hex[] } | null>(rpcUrl, 'eth_getBlockByNumber', [at, false], patienceMs);
        if (block === null) {
          if (performance.now() - newsMs > silenceMsMax) throw new Error(`nothing is final for ${silenceMsMax / 1_000} s`);
          await delay(pollMs);
          continue;
        }
        newsMs = performance.now();
        height++;
        if (!onBlock(block.transactions)) return newsMs;
      }
    };
    return { over: follow() };
  }
}

async function post(url: string, transfers: readonly { readonly raw: string }[]): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(transfers.map(({ raw }, id) => ({ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [raw] }))),
    signal: AbortSignal.timeout(patienceMs),
  });
  for (const { error } of (await response.json()) as { error?: { message: string } }[])
    if (error !== undefined) throw new Error(error.message);
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1), count: sorted.length };
}

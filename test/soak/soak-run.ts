/**
 * Twelve validators as processes under a steady load, while they are killed, paused and cut off and their disks made full; then
 * everything that must be true of them afterwards is looked at.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ContractFactory, HDNodeWallet, Mnemonic } from 'ethers';
import { ChainProvider } from '../../core/adapters/ethers-provider.ts';
import { waitUntilIncluded } from '../../core/adapters/ethers-transaction-sender.ts';
import type { OrderingStatus } from '../../core/adapters/rbft-ordering.ts';
import type { Hex } from '../../core/base/bytes.ts';
import { compileContract } from '../integration/ledger-network.ts';
import { Seeded } from '../simulator/seeded.ts';
import { makeValidators, type ValidatorNetwork } from '../validators.ts';
import { type Aftermath, examineChain } from './aftermath.ts';
import { type Disturbance, disturbanceOrder, type Place, planOf, type Scene } from './disturbances.ts';
import { type SmallDisk, smallDisk } from './small-disk.ts';
import { TransferLoad } from './transfer-load.ts';
import { type Member, statusOf, ValidatorProcesses } from './validator-processes.ts';

const passphrase = 'correct horse battery staple';
/** Cheap to check: what a passphrase costs is no matter here, and every start pays it. */
const cost = { memoryKibibytes: 64, passes: 1, lanes: 1 };
const chainId = 7331;
const groups = [3, 3, 3, 3];
const accounts = 60;
/** What each validator does with a fifth of: twelve share the machine's cores. */
const perSecond = 20;
const followMs = 250;
/** Between two disturbances, once everybody has recovered. */
const breathMs = { min: 1_000, max: 4_000 };
/** Whoever has not recovered after so long never will. */
const recoveryMsMax = 300_000;
/** Memory of a process is looked at from this age on: before, its engine is still growing its heap. */
const warmMs = 45_000;
/** How many times the memory of a warm process at the beginning one may have at the end. */
const growthMax = 2;

const counterSource = `// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.0;
contract Counter {
  event Counted(address indexed by, uint256 own);
  mapping(address => uint256) public counts;
  uint256 public total;
  function count() external { total++; emit Counted(msg.sender, ++counts[msg.sender]); }
}`;

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly onNote: (text: string) => void;
}

export interface SoakReport {
  readonly violations: readonly string[];
  /** Disturbances of each kind. */
  readonly byKind: ReadonlyMap<Disturbance, number>;
  readonly kills: number;
  readonly pauses: number;
  readonly fullDisks: number;
  /** Whether a disk was really full; otherwise the system refused larger files. */
  readonly diskKind: SmallDisk['kind'] | 'none';
  /** What validators said when they stopped because of their disk. */
  readonly diskWords: readonly string[];
  readonly viewChanges: number;
  readonly leaderChanges: number;
  /** Members that asked for their votes after their log was cut. */
  readonly cutLogs: number;
  readonly acknowledged: number;
  readonly retries: number;
  /** Milliseconds from sending to finality: half, 99 of 100, all. */
  readonly latencyMs: readonly [number, number, number];
  /** MiB of the largest process: when it was warm, and at the end. */
  readonly memoryMiB: readonly [number, number];
  readonly aftermath: Aftermath;
}

/** Runs it; the folder is kept, and named in a note, when something is wrong. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const folder = await mkdtemp(join(tmpdir(), 'vouchsafe-soak-'));
  const run = new SoakRun(options, folder);
  let good = false;
  // Nothing that is mounted stays behind a run that somebody ends.
  const leave = () => void run.end(true).finally(() => process.exit(130));
  process.once('SIGINT', leave).once('SIGTERM', leave);
  try {
    const report = await run.run();
    good = report.violations.length === 0;
    return report;
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
    await run.end(good);
  }
}

class SoakRun {
  readonly #options: SoakOptions;
  readonly #folder: string;
  readonly #random: Seeded;
  readonly #disks = new Map<string, SmallDisk>();
  readonly #violations: string[] = [];
  readonly #byKind = new Map<Disturbance, number>();
  readonly #diskWords: string[] = [];
  readonly #warm: number[] = [];
  #processes: ValidatorProcesses | null = null;
  #kills = 0;
  #pauses = 0;
  #fullDisks = 0;
  #cutLogs = 0;
  #isDiskFull = false;
  #isOver = false;

  constructor(options: SoakOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.#random = new Seeded(options.seed);
  }

  async run(): Promise<SoakReport> {
    const { minutes, seed, onNote } = this.#options;
    // What the first process compiles, those after it need not.
    process.env.NODE_COMPILE_CACHE ??= join(this.#folder, 'compiled');
    // The last member of each group has a disk of its own.
    for (const group of groups.keys()) {
      const home = join(this.#folder, `validator-${group + 1}-3`);
      const disk = await smallDisk(home);
      if (disk !== null) this.#disks.set(home, disk);
    }
    const root = HDNodeWallet.fromMnemonic(
      Mnemonic.fromPhrase('test test test test test test test test test test test junk'),
      "m/44'/60'/0'/0",
    );
    const wallets = Array.from({ length: accounts }, (_, index) => root.deriveChild(index));
    const network = await makeValidators({ folder: this.#folder, groups, lock: { passphrase, cost }, wallets });
    const processes = new ValidatorProcesses({
      network,
      passphrase,
      perProcess: 'member',
      onLine: (process, line) => this.#hear(process, line),
      onEnd: (what) => this.#violation(what),
    });
    this.#processes = processes;
    for (const process of processes.processes) processes.start(process);
    await processes.untilReady();
    onNote(`${processes.processes.length} validators run`);
    const counter = await deployCounter(network, wallets[0] as HDNodeWallet);
    const load = new TransferLoad({
      wallets,
      rpcUrls: network.rpcUrls,
      chainId,
      counter,
      perSecond,
      seed,
      firstNonce: (wallet) => (wallet === 0 ? 1 : 0),
      onError: (what) => {
        if (!this.#isDiskFull) this.#violation(`a validator answered a transaction with an error: ${what}`);
      },
    });
    load.start();
    const following = this.#follow(network, load);
    const begunMs = performance.now();
    await delay(warmMs);
    this.#warm.push(...this.#warmMemory(processes).values());
    const first = await this.#untilRecovered(processes, 'at the beginning');
    const order = disturbanceOrder(this.#random);
    let number = 0;
    while (performance.now() - begunMs < minutes * 60_000) {
      const kind = order.next().value;
      if (kind === 'full-disk' && this.#disks.size === 0) continue;
      await this.#disturb(processes, kind, ++number, load);
      await delay(breathMs.min + this.#random.below(breathMs.max - breathMs.min));
    }
    await load.stop();
    const last = await this.#untilRecovered(processes, 'at the end');
    await this.#untilAllFinal(processes, load);
    this.#isOver = true;
    await following;
    // So that those started last are warm, too.
    while (processes.processes.some(({ startedMs }) => performance.now() - startedMs < warmMs)) await delay(followMs);
    const memory = this.#warmMemory(processes);
    const warm = median(this.#warm);
    for (const [name, bytes] of memory)
      if (bytes > growthMax * warm) this.#violation(`${name} holds ${mebi(bytes)} MiB of memory; warm ones held ${mebi(warm)}`);
    onNote('everything is being compared and verified');
    const aftermath = await examineChain(network, processes.members, load.acknowledged, counter, (what) => this.#violation(what));
    await processes.stopAll();
    const latencies = [...load.acknowledged.values()]
      .flatMap(({ sentMs, finalMs }) => (finalMs === null ? [] : [finalMs - sentMs]))
      .sort((a, b) => a - b);
    const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0;
    return {
      violations: this.#violations,
      byKind: this.#byKind,
      kills: this.#kills,
      pauses: this.#pauses,
      fullDisks: this.#fullDisks,
      diskKind: [...this.#disks.values()][0]?.kind ?? 'none',
      diskWords: this.#diskWords,
      viewChanges: viewOf(last) - viewOf(first),
      leaderChanges: termsOf(last) - termsOf(first),
      cutLogs: this.#cutLogs,
      acknowledged: load.acknowledged.size,
      retries: load.retries,
      latencyMs: [at(0.5), at(0.99), at(1)],
      memoryMiB: [mebi(warm), mebi(Math.max(...memory.values()))],
      aftermath,
    };
  }

  /** Leaves nothing behind but, where something is wrong, what was written. */
  async end(good: boolean): Promise<void> {
    this.#isOver = true;
    await this.#processes?.killAll();
    if (good || this.#disks.size === 0) for (const disk of this.#disks.values()) await disk.remove();
    if (good) await rm(this.#folder, { recursive: true });
    else
      this.#options.onNote(
        `everything is kept in ${this.#folder}, where small disks may still be mounted; the passphrase is "${passphrase}"`,
      );
  }

  async #disturb(processes: ValidatorProcesses, kind: Disturbance, number: number, load: TransferLoad): Promise<void> {
    const scene = await this.#scene(processes);
    const { kill, pause, fill, awayMs } = planOf(kind, scene, this.#random);
    const of = (places: readonly Place[]) =>
      places.map(({ group, index }) => processes.members[group * (groups[0] as number) + index] as Member);
    const names = (members: readonly Member[]) => members.map(({ name }) => name).join(', ');
    const [killed, paused, filled] = [of(kill), of(pause), of(fill)];
    if (killed.length + paused.length + filled.length === 0) return;
    this.#options.onNote(
      `${number}. ${kind}, ${(awayMs / 1000).toFixed(1)} s: ${names([...killed, ...paused, ...filled])} (height ${scene.height}, view ${scene.view}, ${load.waiting} waiting)`,
    );
    this.#byKind.set(kind, (this.#byKind.get(kind) ?? 0) + 1);
    for (const { process } of paused) processes.pause(process);
    this.#pauses += paused.length;
    await Promise.all(killed.map(({ process }) => processes.kill(process)));
    this.#kills += killed.length;
    for (const member of filled) await this.#fillDisk(processes, member);
    await delay(awayMs);
    for (const { process } of killed) processes.start(process);
    for (const { process } of paused) processes.resume(process);
    for (const { process, home } of filled) {
      await this.#disks.get(home)?.makeRoom();
      processes.start(process);
    }
    const statuses = await this.#untilRecovered(processes, `after disturbance ${number}`);
    this.#isDiskFull = false;
    this.#cutLogs += filled.filter((member) => statuses.get(member)?.isMute).length;
  }

  /** Until the validator has stopped because of it. */
  async #fillDisk(processes: ValidatorProcesses, { process, home, name }: Member): Promise<void> {
    const ended = Promise.withResolvers<void>();
    this.#isDiskFull = true;
    process.mayEnd = (code, tail) => {
      const words = /(There is no room on the disk|could not be written|LEDGER_DISK_FAILED|VOTE_LOG_FAILED)[^\n]*/.exec(tail)?.[0];
      if (code !== 1 || words === undefined)
        this.#violation(`${name} ended with ${code} on its full disk, and without words for it: ${tail}`);
      else this.#diskWords.push(words.replaceAll(home, name));
      ended.resolve();
    };
    await this.#disks.get(home)?.fill(process.fire.pid as number);
    const isOver = await Promise.race([ended.promise.then(() => true), delay(recoveryMsMax, false, { ref: false })]);
    if (!isOver) {
      this.#violation(`${name} goes on with a full disk`);
      await processes.kill(process);
    }
    process.mayEnd = null;
    this.#fullDisks++;
  }

  async #scene(processes: ValidatorProcesses): Promise<Scene & { height: number; view: number }> {
    const statuses = await this.#untilRecovered(processes, 'before a disturbance');
    const perGroup = groups[0] as number;
    const placeOf = (member: Member): Place => {
      const position = processes.members.indexOf(member);
      return { group: member.group, index: position % perGroup };
    };
    const view = viewOf(statuses);
    return {
      groups: groups.length,
      membersPerGroup: perGroup,
      leaders: processes.members.filter((member) => statuses.get(member)?.leader === statuses.get(member)?.key).map(placeOf),
      primaryGroup: view % groups.length,
      mute: processes.members.filter((member) => statuses.get(member)?.isMute).map(placeOf),
      smallDisks: processes.members.filter(({ home }) => this.#disks.has(home)).map(placeOf),
      height: Math.max(...[...statuses.values()].map(({ height }) => height)),
      view,
    };
  }

  /** Until all are up again, and have what the first to be asked had. */
  async #untilRecovered(processes: ValidatorProcesses, when: string): Promise<Map<Member, OrderingStatus>> {
    const begunMs = performance.now();
    await processes.untilReady();
    let goal: number | null = null;
    for (;;) {
      const statuses = new Map<Member, OrderingStatus>();
      await Promise.all(
        processes.members.map(async (member) => {
          const status = await statusOf(member);
          if (status !== null) statuses.set(member, status);
        }),
      );
      const heights = [...statuses.values()].map(({ height }) => height);
      goal ??= heights.length === processes.members.length ? Math.max(...heights) : null;
      if (goal !== null && heights.length === processes.members.length && Math.min(...heights) >= goal) return statuses;
      if (performance.now() - begunMs > recoveryMsMax) throw new Error(`not recovered ${when}: ${stateOf(processes, statuses)}`);
      await delay(followMs);
    }
  }

  /** Until everything that was sent is final everywhere. */
  async #untilAllFinal(processes: ValidatorProcesses, load: TransferLoad): Promise<void> {
    const begunMs = performance.now();
    while (load.waiting > 0) {
      if (performance.now() - begunMs > recoveryMsMax) {
        this.#violation(`${load.waiting} acknowledged transactions are not final ${recoveryMsMax / 1000} s after the last disturbance`);
        return;
      }
      await delay(followMs);
    }
    await this.#untilRecovered(processes, 'when all was final');
  }

  /** Tells the load what is final. */
  async #follow(network: ValidatorNetwork, load: TransferLoad): Promise<void> {
    const provider = new ChainProvider(network.rpcUrls, chainId);
    let height = 0;
    while (!this.#isOver) {
      try {
        const head = Number(await provider.send('eth_blockNumber', []));
        for (; height < head; height++) {
          const block = await provider.send('eth_getBlockByNumber', [`0x${(height + 1).toString(16)}`, false]);
          load.onFinal(block.transactions as Hex[]);
        }
        if (head < height) provider.askAnother();
      } catch {
        provider.askAnother(); // one that is down just now
      }
      await delay(followMs);
    }
    provider.destroy();
  }

  /** Memory of those that have run long enough. */
  #warmMemory(processes: ValidatorProcesses): Map<string, number> {
    const memory = processes.memory();
    for (const { fire, startedMs } of processes.processes) if (performance.now() - startedMs < warmMs) memory.delete(fire.name);
    return memory;
  }

  /** No validator here is faulty, so none may accuse another, find a block invalid or lose what it was given. */
  #hear(process: string, line: string): void {
    if (/misbehaviour|invalid-block|votes-lost|refused-message|was given up|request-failed/.test(line))
      this.#violation(`${process} says: ${line}`);
  }

  #violation(what: string): void {
    this.#violations.push(what);
    this.#options.onNote(`WRONG: ${what}`);
  }
}

async function deployCounter(network: ValidatorNetwork, wallet: HDNodeWallet): Promise<string> {
  const provider = new ChainProvider(network.rpcUrls, chainId);
  const { abi, bytecode } = compileContract(counterSource, 'Counter');
  const contract = await new ContractFactory([...abi], bytecode, wallet.connect(provider)).deploy();
  await waitUntilIncluded(provider, contract.deploymentTransaction()?.hash as string);
  provider.destroy();
  return await contract.getAddress();
}

function viewOf(statuses: ReadonlyMap<Member, OrderingStatus>): number {
  return Math.max(...[...statuses.values()].map(({ view }) => view));
}

/** The terms of all groups together: one more for each leader that was elected. */
function termsOf(statuses: ReadonlyMap<Member, OrderingStatus>): number {
  const terms = groups.map(() => 0);
  for (const [{ group }, { term }] of statuses) terms[group] = Math.max(terms[group] ?? 0, term);
  return terms.reduce((total, term) => total + term, 0);
}

function stateOf(processes: ValidatorProcesses, statuses: ReadonlyMap<Member, OrderingStatus>): string {
  return processes.members
    .map((member) => {
      const status = statuses.get(member);
      if (status === undefined) return `${member.name} does not answer`;
      const { height, view, isViewEntered, term, leader, key, isMute } = status;
      return `${member.name} h${height} v${view}${isViewEntered ? '' : ' not entered'} t${term}${leader === key ? ' leads' : ''}${isMute ? ' mute' : ''}`;
    })
    .join('; ');
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

function mebi(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

/**
 * Transactions per second of the ledger beside anvil, in one run on one machine: transfers from many
 * accounts, and calls of the pairing precompile with the four pairs of a Groth16 check. Both nodes run in a
 * process of their own and take the same signed transactions in batches over HTTP; the time is from the
 * first request to the receipt of the last transaction. The ledger syncs every block to the disk; anvil
 * keeps nothing. Usage: ledger.ts [transfers] [checks]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bn254 } from '@noble/curves/bn254.js';
import { testWallet } from '../integration/ledger-network.ts';
import { launchAnvil } from './anvil.ts';
import { measure } from './transaction-rate.ts';

const accounts = 10;
const chainId = 7331;

const [transfers = 4_000, checks = 200] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-bench-'));
try {
  process.stdout.write(
    `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}; ${transfers} transfers, ${checks} Groth16-sized pairing checks\n`,
  );
  const work = [
    { name: 'transfers', raws: await sign(transfers, 0, async () => ({ to: testWallet(11).address, value: 1n, gasLimit: 21_000n })) },
    {
      name: 'Groth16 checks',
      raws: await sign(checks, Math.ceil(transfers / accounts), async () => ({
        to: '0x0000000000000000000000000000000000000008',
        data: fourPairs(),
        gasLimit: 300_000n,
      })),
    },
  ];
  for (const [name, launch] of [
    ['ledger', launchLedger],
    ['anvil', () => launchAnvil(chainId, accounts)],
  ] as const) {
    const { child, url } = await launch();
    try {
      for (const { name: kind, raws } of work) {
        const rate = await measure(url, raws);
        process.stdout.write(`${name.padEnd(8)} ${kind.padEnd(16)} ${rate.toFixed(0).padStart(6)} a second\n`);
      }
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function launchLedger(): Promise<{ child: ChildProcess; url: string }> {
  const script = new URL('../integration/ledger-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, folder, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, url: (JSON.parse(line) as { rpcUrl: string }).rpcUrl };
}

async function sign(count: number, firstNonce: number, fields: () => Promise<object>): Promise<string[]> {
  const raws: string[] = [];
  for (let index = 0; index < count; index++) {
    const wallet = testWallet(index % accounts);
    raws.push(
      await wallet.signTransaction({
        ...(await fields()),
        type: 0,
        gasPrice: 0n,
        chainId,
        nonce: firstNonce + Math.floor(index / accounts),
      }),
    );
  }
  return raws;
}

/** Four pairs whose product is one, as in a Groth16 check. */
function fourPairs(): string {
  const g1 = bn254.G1.Point.BASE;
  const g2 = bn254.G2.Point.BASE.toAffine();
  const word = (value: bigint): string => value.toString(16).padStart(64, '0');
  const right = word(g2.x.c1) + word(g2.x.c0) + word(g2.y.c1) + word(g2.y.c0);
  return `0x${[3n, 5n, 7n, bn254.fields.Fr.ORDER - 15n]
    .map((scalar) => {
      const { x, y } = g1.multiply(scalar).toAffine();
      return word(x) + word(y) + right;
    })
    .join('')}`;
}

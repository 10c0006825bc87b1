/** The node that benchmarks compare with: a chain of one, in memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

/** Starts one with free gas, in which so many of the well-known test accounts are rich. */
export async function launchAnvil(chainId: number, accounts: number): Promise<{ child: ChildProcess; url: string }> {
  const binary = createRequire(import.meta.url).resolve('@foundry-rs/anvil-linux-amd64/bin/anvil');
  const child = spawn(
    binary,
    ['--port', '0', '--chain-id', String(chainId), '--gas-price', '0', '--base-fee', '0', '--accounts', String(accounts)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  for await (const line of createInterface(child.stdout)) {
    const match = /Listening on (\S+)/.exec(line);
    if (match !== null) return { child, url: `http://${match[1]}` };
  }
  throw new Error('anvil did not start');
}

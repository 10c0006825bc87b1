/** Short stories by the demo command: on a chain that exists, on data that does not meet the requirement, and with arguments that cannot be. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readNetworkFile } from '../../core/sharing/network-file.ts';
import { begin, startAnvil, vouchsafe } from './command-line.ts';

describe('the demo', () => {
  let temporary: string;
  const demo = (...words: string[]) => vouchsafe(['demo', ...words], { environment: { TMPDIR: temporary } });

  beforeEach(() => {
    temporary = mkdtempSync(join(tmpdir(), 'story-'));
  });
  afterEach(() => rmSync(temporary, { recursive: true, force: true }));

  test('tells the same story on an existing EVM chain, with a bound below zero, and leaves nothing behind', async () => {
    const anvil = await startAnvil();
    try {
      const { code, output, errors } = await demo('--chain', anvil.url, '--rows', '600', '--between', '-5', '110');
      expect(errors).toBe('');
      expect(output).toContain('4 services run: PKG, 3 proxies');
      expect(output).toMatch(/checked: the contract verified 1 segments, 600 rows and the whole/);
      expect(output).toContain('checked: the received file equals the sent one');
      expect(output).toContain('All 12 checks hold.');
      expect(code).toBe(0);
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      await anvil.stop();
    }
  });

  test('stops at the dry run with the failing rows when the data does not meet the requirement', async () => {
    const { code, output } = await demo('--between', '0', '20', '--rows', '600');
    expect(output).toMatch(/FAILS {2}range .*every value between 0 and 20/);
    expect(output).toMatch(/600 rows fail: row 1 \(73\.967322\), row 2 \(/);
    expect(output).toContain('Stopped before anything was offered.');
    expect(output).not.toContain('the offer is made');
    expect(output).not.toContain('checks hold');
    expect(code).toBe(1);
  });

  test('shows with --force that the circuit has no witness, and that the contract refuses the proof of another requirement', async () => {
    const { code, output, errors } = await demo('--between', '0', '20', '--rows', '600', '--force');
    expect(errors).toBe('');
    expect(output).toMatch(/checked: the circuit refuses segment 0: .*PROOF_WITNESS_REFUSED/);
    expect(output).toMatch(/checked: the contract refuses a true proof of a weaker requirement: RequirementMismatch/);
    expect(code).toBe(1);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('leaves no service running when it is ended by %s', async (signal) => {
    const story = begin(['demo', '--rows', '600'], { environment: { TMPDIR: temporary } });
    await story.says('8 services run');
    const [home] = readdirSync(temporary).filter((name) => name.startsWith('vouchsafe-demo-'));
    const { network } = readNetworkFile(readFileSync(join(temporary, home as string, 'network', 'network.json'), 'utf8'));
    await story.end(signal);
    for (const url of [...network.chain.rpcUrls, network.pkg.url, ...network.proxies.map((proxy) => proxy.url)])
      await vi.waitFor(() => expect(fetch(url)).rejects.toThrow('fetch failed'), { timeout: 60_000, interval: 100 });
    // What may put things away has put them away; after a kill they stay for whoever looks.
    if (signal === 'SIGTERM') expect(readdirSync(temporary)).toEqual([]);
  });

  test.each([
    [['--between', '3'], 'ARGUMENT_INVALID', 'takes two numbers'],
    [['--rows', '0'], 'ARGUMENT_INVALID', '--rows takes at least 1'],
    [['--rows', '-1'], 'ARGUMENT_INVALID', '--rows takes a whole number'],
    [['--data', 'no-such-file.csv'], 'ARGUMENT_INVALID', 'no-such-file.csv cannot be read'],
    [['--chain', 'http://127.0.0.1:1'], 'CHAIN_UNREACHABLE', 'The chain does not answer'],
  ])('refuses %j before it makes anything', async (words, code, text) => {
    const ended = await demo(...words);
    expect(ended.errors).toContain(code);
    expect(ended.errors).toContain(text);
    expect(ended.code).toBe(1);
    expect(readdirSync(temporary)).toEqual([]);
  });
});

/** What the ledger's tests share: a genesis with rich accounts, a folder that goes away, contracts compiled from source. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HDNodeWallet, Mnemonic } from 'ethers';
import { createGenesisDocument, type GenesisDocument } from '../../core/ledger/genesis.ts';
import type { LedgerStore } from '../../core/ledger/ledger-store.ts';

const account = HDNodeWallet.fromMnemonic(
  Mnemonic.fromPhrase('test test test test test test test test test test test junk'),
  "m/44'/60'/0'/0",
);
const wallets = new Map<number, HDNodeWallet>();

/** Key number `index` of the well-known development phrase. */
export function testWallet(index: number): HDNodeWallet {
  const known = wallets.get(index) ?? account.deriveChild(index);
  wallets.set(index, known);
  return known;
}

/** A development network in which the first ten test wallets have 10,000 coins each. */
export function testGenesis(chainId = 7331): GenesisDocument {
  const alloc = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [testWallet(index).address, 10_000n * 10n ** 18n]));
  return createGenesisDocument({ chainId, timestampSeconds: 1_700_000_000, development: true, alloc });
}

/** Runs `work` with a folder of its own. */
export async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-ledger-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A compiled contract. */
export interface CompiledContract {
  readonly abi: readonly object[];
  readonly bytecode: string;
}

/** Compiles the one contract of a Solidity source for the EVM version of the ledger. */
export function compileContract(source: string, name: string): CompiledContract {
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string };
  const settings = {
    evmVersion: 'cancun',
    optimizer: { enabled: true },
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
  };
  const output = JSON.parse(
    solc.compile(JSON.stringify({ language: 'Solidity', sources: { 'source.sol': { content: source } }, settings })),
  );
  const contract = output.contracts?.['source.sol']?.[name];
  if (contract === undefined) throw new Error(JSON.stringify(output.errors));
  return { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
}

/** A store that forgets everything at the end. */
export function memoryStore(): LedgerStore {
  const entries = new Map<string, Uint8Array>();
  const spell = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return {
    get: (key) => entries.get(spell(key)),
    write: async (writes) => {
      for (const { key, value } of writes) {
        if (value === null) entries.delete(spell(key));
        else entries.set(spell(key), value);
      }
    },
    scan: async ({ from, to, limit }) =>
      [...entries]
        .filter(([key]) => key >= spell(from) && key < spell(to))
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .slice(0, limit)
        .map(([key, value]) => [new Uint8Array(Buffer.from(key, 'hex')), value] as const),
    close: async () => undefined,
  };
}

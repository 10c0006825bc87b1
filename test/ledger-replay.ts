/** Checks a stopped validator's ledger: every block executed again from genesis gives the same blocks and the same state. */
import { createEthereumjsEvm } from '../core/adapters/ethereumjs-evm.ts';
import { loadLedgerCrypto } from '../core/adapters/ledger-crypto.ts';
import { openLevelLedgerStore } from '../core/adapters/level-ledger-store.ts';
import { loadMclBn254 } from '../core/adapters/mcl-bn254.ts';
import { rememberingVerifier } from '../core/adapters/node-ed25519.ts';
import { type Hex, toHex } from '../core/base/bytes.ts';
import { encodeBlock } from '../core/ledger/block.ts';
import type { GenesisDocument } from '../core/ledger/genesis.ts';
import { Ledger } from '../core/ledger/ledger.ts';
import type { LedgerStore } from '../core/ledger/ledger-store.ts';
import { ledgerCommon, transactionDecoder } from '../core/ledger/transaction.ts';
import { verifyBlock } from '../core/services/block-verification.ts';
import { memoryStore } from './integration/ledger-network.ts';

/** Replays the ledger in `folder`. Gives height and state root of its head; throws at the first difference, naming the block. */
export async function replayLedger(folder: string, genesis: GenesisDocument): Promise<{ height: number; stateRoot: Hex }> {
  const store = await openLevelLedgerStore(folder);
  try {
    const original = await openLedger(store, genesis);
    const replayedStore = memoryStore();
    const replayed = await openLedger(replayedStore, genesis);
    const { height, stateRoot } = original.head().header;
    for (let next = 1; next <= height; next++) {
      const final = original.blockAt(next);
      const certificate = original.certificateAt(next);
      if (final === undefined || certificate === undefined) throw new Error(`block ${next} is missing`);
      if (genesis.validators.length > 0) verifyBlock(genesis, next, { block: encodeBlock(final.block), certificate });
      else if (certificate.kind !== 'local') throw new Error(`block ${next} was not made by the local proposer`);
      const verdict = await replayed.verify(final.block, { checkClock: true });
      if (!verdict.ok) throw new Error(`block ${next}: ${verdict.reason}`);
      await replayed.commit(verdict.executed, certificate);
    }
    if (replayed.head().hash !== original.head().hash) throw new Error('the replay ends in another block');
    await requireSameState(store, replayedStore);
    return { height, stateRoot };
  } finally {
    await store.close();
  }
}

async function openLedger(store: LedgerStore, genesis: GenesisDocument): Promise<Ledger> {
  const crypto = await loadLedgerCrypto();
  const bn254 = await loadMclBn254();
  const common = ledgerCommon(genesis.chainId, crypto);
  return Ledger.open({
    genesis,
    store,
    clock: { nowMs: () => Date.now() },
    keccak256: crypto.keccak256,
    decodeTransaction: transactionDecoder(common),
    verify: rememberingVerifier(),
    createEvm: (stateRoot) => createEthereumjsEvm({ common, store, stateRoot, bn254 }),
    onDropped: (hash, reason) => {
      throw new Error(`${hash} was dropped: ${reason}`);
    },
  });
}

/** The flat state and the trie nodes agree as well, not only the root in the header. */
async function requireSameState(store: LedgerStore, replayedStore: LedgerStore): Promise<void> {
  for (const kind of ['a', 's', 'n', 'm']) {
    const range = { from: Uint8Array.of(kind.charCodeAt(0)), to: Uint8Array.of(kind.charCodeAt(0) + 1), limit: 1_000_000 };
    const [entries, expected] = [await store.scan(range), await replayedStore.scan(range)];
    const spell = (pairs: typeof entries) => pairs.map(([key, value]) => `${toHex(key)}=${toHex(value)}`).join('\n');
    if (entries.length === 0 || spell(entries) !== spell(expected)) throw new Error(`the state differs in the entries "${kind}"`);
  }
}

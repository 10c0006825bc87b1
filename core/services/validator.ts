/** The validator: a ledger in a folder, whose blocks an ordering decides with others, served as Ethereum JSON-RPC on loopback. */
import { setImmediate as nextEvents } from 'node:timers/promises';
import { createEthereumjsEvm } from '../adapters/ethereumjs-evm.ts';
import { type JsonRpcServer, startJsonRpcServer } from '../adapters/json-rpc-server.ts';
import { loadLedgerCrypto } from '../adapters/ledger-crypto.ts';
import { openLevelLedgerStore } from '../adapters/level-ledger-store.ts';
import { loadMclBn254 } from '../adapters/mcl-bn254.ts';
import { rememberingVerifier } from '../adapters/node-ed25519.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { isAppError } from '../base/app-error.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import type { Clock } from '../base/ports.ts';
import type { Verify } from '../consensus/signing.ts';
import { ethereumMethods } from '../ledger/ethereum-methods.ts';
import { parseGenesisDocument } from '../ledger/genesis.ts';
import { Ledger } from '../ledger/ledger.ts';
import type { Keccak256 } from '../ledger/merkle-patricia-trie.ts';
import type { OrderedLedger, Ordering } from '../ledger/ordering.ts';
import { PaceHistory } from '../ledger/pace.ts';
import { ledgerCommon, transactionDecoder } from '../ledger/transaction.ts';
import { orderingMethods } from './ordering-methods.ts';

/** Begins to order the blocks of a ledger that was opened; `onFailure` is told of what ends it. */
export type StartOrdering = (
  ledger: OrderedLedger,
  surroundings: { readonly keccak256: Keccak256; readonly onFailure: (error: unknown) => void },
) => Promise<Ordering>;

/** How to run a validator. */
export interface ValidatorConfig {
  /** Folder of the ledger; made if it does not exist. */
  readonly folder: string;
  /** The network's genesis document, as read from JSON. */
  readonly genesis: unknown;
  /** Checks validators' signatures; one that remembers unless given. */
  readonly verify?: Verify;
  /** Begins to order the ledger's blocks. */
  readonly order: StartOrdering;
  /** Loopback address to listen on; 127.0.0.1 unless given. */
  readonly host?: string;
  /** Port to listen on; 0 takes any that is free. */
  readonly port: number;
  /** Time of blocks; the machine's unless given. */
  readonly clock?: Clock;
  /** One line of text about something an operator should know. */
  readonly log?: (line: string) => void;
  /** Told once of a failure after which the validator makes no more blocks (the disk, mostly). */
  readonly onFailure?: (error: unknown) => void;
}

/** A running validator. */
export interface Validator {
  /** JSON-RPC over HTTP. */
  readonly rpcUrl: string;
  /** JSON-RPC over WebSocket, on the same port. */
  readonly webSocketUrl: string;
  /** Hash of the genesis block: the name of the network. */
  readonly genesisHash: Hex;
  stop(): Promise<void>;
}

/**
 * Starts a validator. Errors: GENESIS_INVALID, GENESIS_VERSION, LEDGER_FOLDER_LOCKED, LEDGER_FOLDER_UNUSABLE,
 * LEDGER_HOST_REFUSED, LEDGER_OTHER_NETWORK, LEDGER_PORT_TAKEN, LEDGER_STORE_CORRUPT, LEDGER_STORE_VERSION, and those of the ordering.
 */
export async function start(config: ValidatorConfig): Promise<Validator> {
  const clock = config.clock ?? systemClock;
  const log = config.log ?? (() => undefined);
  const genesis = parseGenesisDocument(config.genesis);
  const crypto = await loadLedgerCrypto();
  const bn254 = await loadMclBn254();
  const common = ledgerCommon(genesis.chainId, crypto);
  const store = await openLevelLedgerStore(config.folder);
  let server: JsonRpcServer;
  let ledger: Ledger;
  let pace: PaceHistory;
  let failed = false;
  const fail = (error: unknown): void => {
    if (failed) return;
    failed = true;
    log(`The ledger makes no more blocks: ${error instanceof Error ? error.message : String(error)}`);
    config.onFailure?.(error);
  };
  let ordering: Ordering;
  try {
    ledger = await Ledger.open({
      genesis,
      store,
      clock,
      keccak256: crypto.keccak256,
      decodeTransaction: transactionDecoder(common),
      verify: config.verify ?? rememberingVerifier(),
      createEvm: (stateRoot) => createEthereumjsEvm({ common, store, stateRoot, bn254 }),
      onDropped: (hash, reason) => log(`Transaction ${hash} was given up: ${reason}`),
    });
    pace = new PaceHistory(ledger, clock, (raw) => toHex(crypto.keccak256(raw)));
    ordering = await config.order(ledger, { keccak256: crypto.keccak256, onFailure: fail });
  } catch (error) {
    await store.close();
    throw error;
  }
  try {
    const ofEthereum = ethereumMethods({
      ledger,
      clock,
      random: systemRandom,
      keccak256: crypto.keccak256,
      clientVersion: 'Vouchsafe/0.1.0',
    });
    const onFailure = (method: string, error: unknown): void => {
      log(`${method} failed: ${error instanceof Error ? error.message : String(error)}`);
      if (isAppError(error, 'LEDGER_DISK_FAILED')) fail(error);
    };
    const methods = new Map([...ofEthereum, ...orderingMethods(ledger, ordering, pace)]);
    server = await startJsonRpcServer({
      host: config.host ?? '127.0.0.1',
      port: config.port,
      handler: { methods, onFailure, pause: nextEvents },
    });
  } catch (error) {
    await ordering.stop();
    await store.close();
    throw error;
  }
  return {
    rpcUrl: server.url,
    webSocketUrl: server.url.replace(/^http/, 'ws'),
    genesisHash: ledger.genesisHash,
    stop: async () => {
      await server.close();
      await ordering.stop();
      await store.close();
    },
  };
}

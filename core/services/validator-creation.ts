/**
 * Makes the home of a validator that is to join a network: its keys, its empty vote log, the genesis document, and `validator.json`, which
 * tells the operator who it is. Started, it follows the chain; it votes from the epoch on that an order of the operator makes it a member of.
 */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomically } from '../adapters/atomic-file.ts';
import { readGenesisFile } from '../adapters/genesis-file.ts';
import { homeDocuments } from '../adapters/home-documents.ts';
import { HomeStore } from '../adapters/home-store.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { textFile } from '../adapters/text-file.ts';
import { AppError } from '../base/app-error.ts';
import { utf8 } from '../base/bytes.ts';
import { type Sentence, say } from '../base/sentence.ts';
import type { DocumentLock } from '../crypto/sealed-document.ts';
import { type GenesisDocument, genesisHash } from '../ledger/genesis.ts';
import { type ListedValidator, listedValidatorSchema } from '../ledger/validators.ts';
import { readNetworkFile } from '../sharing/network-file.ts';
import { writeServiceDescription } from './service-home.ts';
import { makeValidatorKeys } from './validator-state.ts';

/** What a new validator is to be. */
export interface ValidatorPlan {
  readonly home: string;
  readonly lock: DocumentLock;
  /** A genesis document, a network's folder that holds one, or a network file that lies beside one. */
  readonly network: string;
  /** Where the other validators reach it. */
  readonly host: string;
  readonly port: number;
  /** Where clients of this machine reach it; 0 takes any that is free, another one at each start. */
  readonly rpcPort: number;
  /** Address to listen on for the others; that of `host` unless given. */
  readonly listenHost?: string;
}

/** Makes the home and gives what the operator needs. @throws AppError `VALIDATOR_PLAN_INVALID`, `GENESIS_*`, `FILE_NOT_READABLE`, `HOME_*` */
export async function createValidator(plan: ValidatorPlan): Promise<ListedValidator> {
  const { home, lock, host, port, rpcPort } = plan;
  if (!listedValidatorSchema.pick({ host: true, port: true }).safeParse({ host, port }).success)
    throw planInvalid(say`no other validator could reach ${host} port ${port}`, 'Name a host and a port from 1 to 65535.');
  const genesis = await genesisAt(plan.network);
  const store = await HomeStore.create(home, lock);
  try {
    const names = await makeValidatorKeys(homeDocuments(store), home, systemRandom);
    const listed = { ...names, host, port };
    await writeFileAtomically(join(home, 'genesis.json'), jsonText(genesis));
    await writeFileAtomically(join(home, 'validator.json'), jsonText(listed));
    // Last: without it the folder is no home of a service.
    await writeServiceDescription(home, {
      version: 1,
      service: 'validator',
      listen: { host: '127.0.0.1', port: rpcPort },
      listenForPeers: { host: plan.listenHost ?? host, port },
    });
    return listed;
  } finally {
    await store.close();
  }
}

async function genesisAt(path: string): Promise<GenesisDocument> {
  if (existsSync(path) && statSync(path).isDirectory()) return readGenesisFile(join(path, 'genesis.json'));
  if (!isNetworkFile(await textFile(path, say`the beginning of the chain`))) return readGenesisFile(path);
  const { network } = readNetworkFile(await textFile(path, say`the network file`));
  const genesis = await readGenesisFile(join(dirname(path), 'genesis.json'));
  if (genesisHash(genesis) === network.chain.genesisHash) return genesis;
  throw planInvalid(say`the genesis document beside the network file is of another chain`, 'Get both from the operator of the network.');
}

function isNetworkFile(text: string): boolean {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === 'object' && content !== null && 'network' in content;
  } catch {
    return false; // refused as a genesis document
  }
}

function jsonText(content: unknown): Uint8Array {
  return utf8(`${JSON.stringify(content, null, 2)}\n`);
}

function planInvalid(what: Sentence, remedy: string): AppError {
  return new AppError('VALIDATOR_PLAN_INVALID', {
    what: say`The validator cannot be made: ${what}.`,
    consequence: 'No validator was made; what was in the folder is as before.',
    remedy,
  });
}

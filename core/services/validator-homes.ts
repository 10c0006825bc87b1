/** Makes the homes of a network's first validators, and the genesis document that names them. */
import { join } from 'node:path';
import { writeFileAtomically } from '../adapters/atomic-file.ts';
import { loadContractArtifact } from '../adapters/contract-artifacts.ts';
import { homeDocuments } from '../adapters/home-documents.ts';
import { HomeStore } from '../adapters/home-store.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { systemRandom } from '../adapters/system-random.ts';
import { type Hex, utf8 } from '../base/bytes.ts';
import type { DocumentLock } from '../crypto/sealed-document.ts';
import { createGenesisDocument, type GenesisDocument } from '../ledger/genesis.ts';
import { misbehaviourAddress } from '../ledger/misbehaviour.ts';
import type { ListedValidator } from '../ledger/validators.ts';
import { writeServiceDescription } from './service-home.ts';
import { makeValidatorKeys } from './validator-state.ts';

/** Where a validator listens: for clients, and for the other validators. */
export interface ValidatorPorts {
  readonly rpc: number;
  readonly peers: number;
}

/** What the validators are to be. */
export interface ValidatorHomesPlan {
  /** Where the genesis document is written, last: before it is there, nothing counts. */
  readonly file: string;
  /** Folders by group. */
  readonly homes: readonly (readonly string[])[];
  readonly lock: DocumentLock;
  /** One entry a validator, in the order of the homes. */
  readonly ports: readonly ValidatorPorts[];
  readonly chainId: number;
  /** Wei by address. */
  readonly alloc: Readonly<Record<string, bigint>>;
  /** The account that may change the validators. */
  readonly operator: Hex;
}

/** Makes keys, vote log and description in every home; what an interrupted attempt made is taken up. */
export async function makeValidatorHomes(plan: ValidatorHomesPlan): Promise<GenesisDocument> {
  const { file, homes, lock, ports, chainId, alloc, operator } = plan;
  const host = '127.0.0.1';
  let next = 0;
  const validators: ListedValidator[][] = [];
  for (const group of homes) {
    const members: ListedValidator[] = [];
    for (const home of group) {
      const { rpc, peers } = ports[next++] as ValidatorPorts;
      const store = await HomeStore.openOrCreate(home, lock);
      const names = await makeValidatorKeys(homeDocuments(store), home, systemRandom);
      await store.close();
      await writeServiceDescription(home, {
        version: 1,
        service: 'validator',
        listen: { host, port: rpc },
        listenForPeers: { host, port: peers },
      });
      members.push({ ...names, host, port: peers });
    }
    validators.push(members);
  }
  const timestampSeconds = Math.floor(systemClock.nowMs() / 1000);
  const contracts = { [misbehaviourAddress]: loadContractArtifact('misbehaviourRecords').deployedBytecode as Hex };
  const genesis = createGenesisDocument({ chainId, timestampSeconds, development: true, alloc, contracts, operator, validators });
  const text = utf8(`${JSON.stringify(genesis, null, 2)}\n`);
  for (const home of homes.flat()) await writeFileAtomically(join(home, 'genesis.json'), text);
  await writeFileAtomically(file, text);
  return genesis;
}

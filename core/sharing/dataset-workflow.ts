/**
 * The life of an owner's dataset up to its record on chain (paper, sections 6.4 and 6.5): committed and encrypted
 * offline, then uploaded, recorded, and the key of its own identity fetched and checked.
 *
 * Invariants: what is encrypted is the snapshot that was committed to; every attempt to encrypt makes a fresh
 * encapsulation; a dataset identity gets one header, which is immutable once it is recorded.
 */
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { fromHex, type Hex, toBigEndian, toHex } from '../base/bytes.ts';
import type { Clock, Random } from '../base/ports.ts';
import { encodeSourceContext, type SourceContext } from '../crypto/context.ts';
import { type FileLabel, fileLabelOf } from '../crypto/file-stream.ts';
import { formatIdentity } from '../crypto/identity.ts';
import { encapsulate } from '../crypto/identity-encryption.ts';
import type { PseudonymKeys } from '../crypto/key-derivation.ts';
import type { PairingEngine } from '../crypto/pairing-engine.ts';
import type { PublicParameters } from '../crypto/scheme-algebra.ts';
import { decodeIdentityKey, encodeHeader, encodeIdentityKey } from '../crypto/scheme-encodings.ts';
import { headerHash } from '../crypto/scheme-hashes.ts';
import type { ChainReader } from './chain-reader.ts';
import type { Documents } from './documents.ts';
import { hexOfLength, hexUpTo } from './enrolment.ts';
import type { Network } from './network-file.ts';
import type { Outbox } from './outbox.ts';
import { failureToTell, type PkgPort, type Proxies, type TransferOptions } from './services.ts';
import { dataRecordTypes, signTypedData } from './typed-data.ts';
import { bring, type Machine } from './workflow.ts';

const decimal = z.string().regex(/^(0|[1-9][0-9]{0,77})$/);

const facts = z.strictObject({
  version: z.literal(1),
  /** `datasetIdOf(owner, salt)`: nobody else can record it. */
  datasetId: hexOfLength(32),
  salt: hexOfLength(32),
  /** What the user calls it. */
  name: z.string().max(200),
  /** Which of the user's pseudonyms owns it. */
  pseudonymIndex: z.int().min(0),
  owner: hexOfLength(20),
  /** Secret to the owner and the receivers: salts of leaves and partials derive from it. */
  seed: hexOfLength(32),
  keywords: z.array(z.string().max(200)).max(16),
  createdAtMs: z.int(),
});
const committed = facts.extend({ datasetRoot: decimal, payloadBytes: z.int().positive() });
const encrypted = committed.extend({
  context: hexUpTo(2048),
  header: hexUpTo(2048),
  headerHash: hexOfLength(32),
  ciphertextHash: hexOfLength(32),
  ciphertextBytes: z.int().positive(),
  recordedAt: z.int(),
});
const recorded = encrypted.extend({
  /** Null when somebody else brought the signed record first. */
  recordedInBlock: z.int().nullable(),
});
const keyed = recorded.extend({ identityKey: hexUpTo(1024) });

/** A dataset of the owner; `state` says how far it has come. */
export const datasetWorkSchema = z.discriminatedUnion('state', [
  facts.extend({ state: z.literal('imported') }),
  committed.extend({ state: z.literal('committed') }),
  encrypted.extend({ state: z.literal('encrypted') }),
  encrypted.extend({ state: z.literal('uploaded') }),
  recorded.extend({ state: z.literal('recorded') }),
  keyed.extend({ state: z.literal('ready') }),
]);
export type DatasetWork = z.infer<typeof datasetWorkSchema>;
export type DatasetState = DatasetWork['state'];
/** A dataset that can be offered. */
export type ReadyDataset = Extract<DatasetWork, { state: 'ready' }>;

/** The dataset's files: its folder, its payload, its ciphertext. */
export interface DatasetFiles {
  /** Commits to the imported folder under the facts of `work`; gives the root and the length of the payload. */
  commit(work: DatasetWork, options: TransferOptions): Promise<{ datasetRoot: bigint; payloadBytes: number }>;
  /** Encrypts the payload; a leftover of an earlier attempt is replaced. */
  encrypt(work: DatasetWork, key: Uint8Array, label: FileLabel, options: TransferOptions): Promise<{ sha256: Hex; bytes: number }>;
  /** Where the ciphertext is. */
  ciphertextPath(datasetId: Hex): string;
}

/** What the machine of a dataset needs. */
export interface DatasetPorts {
  readonly documents: Documents;
  readonly files: DatasetFiles;
  readonly network: Network;
  readonly engine: PairingEngine;
  readonly parameters: PublicParameters;
  readonly chain: Pick<ChainReader, 'dataRecord'>;
  readonly outbox: Outbox;
  readonly pkg: PkgPort;
  readonly proxies: Proxies;
  readonly keysOf: (pseudonymIndex: number) => PseudonymKeys;
  readonly clock: Clock;
  readonly random: Random;
  readonly transfer: TransferOptions;
}

/** Plaintext bytes of a chunk of every ciphertext. */
const CHUNK_BYTES = 64 * 1024;

/** Name of a dataset's document. */
export function datasetDocument(datasetId: Hex): string {
  return `dataset-${datasetId.slice(2)}`;
}

/** The identity under which a dataset is encrypted. */
export function datasetIdentity(network: Network, owner: Hex, datasetId: Hex): string {
  return formatIdentity({
    kind: 'dataset',
    chainId: BigInt(network.chain.chainId),
    contract: network.contracts.dataRecords,
    pseudonym: owner,
    datasetId,
  });
}

/** The machine that takes a dataset from its import to its record. */
export function datasetMachine(ports: DatasetPorts): Machine<DatasetState, DatasetWork> {
  const { documents, files, network, engine, parameters, chain, outbox, pkg, proxies, keysOf, clock, random, transfer } = ports;

  function sourceContext(work: z.infer<typeof committed>): SourceContext {
    return {
      chainId: BigInt(network.chain.chainId),
      contract: network.contracts.dataRecords,
      datasetId: work.datasetId,
      owner: work.owner,
      ownerIdentity: datasetIdentity(network, work.owner, work.datasetId),
      datasetRoot: toHex(toBigEndian(BigInt(work.datasetRoot), 32)),
      plaintextLength: BigInt(work.payloadBytes),
      chunkSize: CHUNK_BYTES,
    };
  }

  return {
    save: (work) => documents.save(datasetDocument(work.datasetId), work),
    stages: {
      imported: {
        waitsFor: 'me',
        step: async (work) => {
          const { datasetRoot, payloadBytes } = await files.commit(work, transfer);
          return { ...work, state: 'committed', datasetRoot: datasetRoot.toString(), payloadBytes };
        },
      },
      committed: {
        waitsFor: 'me',
        step: async (work) => {
          if (work.state !== 'committed') return undefined;
          const context = sourceContext(work);
          const { header, key } = encapsulate(engine, parameters, context, random);
          const { sha256, bytes } = await files.encrypt(work, key, fileLabelOf(context), transfer);
          return {
            ...work,
            state: 'encrypted',
            context: toHex(encodeSourceContext(context)),
            header: toHex(encodeHeader(engine, header)),
            headerHash: toHex(headerHash(engine, context, header)),
            ciphertextHash: sha256,
            ciphertextBytes: bytes,
            recordedAt: Math.floor(clock.nowMs() / 1000),
          };
        },
      },
      encrypted: {
        waitsFor: 'proxies',
        step: async (work) => {
          if (work.state !== 'encrypted') return undefined;
          const keys = keysOf(work.pseudonymIndex);
          const file = {
            ...transfer,
            path: files.ciphertextPath(work.datasetId),
            sha256: work.ciphertextHash,
            bytes: work.ciphertextBytes,
          };
          const ports = proxies(keys);
          const failures: AppError[] = [];
          for (const proxy of ports) {
            try {
              await proxy.uploadCiphertext(file);
              await proxy.putHeader(work.headerHash, fromHex(work.header), fromHex(work.context));
            } catch (error) {
              // Any t of them serve. One that is down or refuses must not stop every owner of the network.
              if (!(error instanceof AppError)) throw error;
              failures.push(error);
            }
          }
          const failure = failureToTell(failures);
          if (failure && ports.length - failures.length < network.threshold) throw failure;
          return { ...work, state: 'uploaded' };
        },
      },
      uploaded: {
        waitsFor: 'me',
        step: async (work) => {
          if (work.state !== 'uploaded') return undefined;
          const { account } = keysOf(work.pseudonymIndex);
          const { datasetId, salt, owner, datasetRoot, headerHash: recordedHeader, ciphertextHash, ciphertextBytes, recordedAt } = work;
          const signed = {
            owner,
            datasetRoot,
            headerHash: recordedHeader,
            ciphertextHash,
            ciphertextSize: ciphertextBytes,
            recordedAt,
          };
          const place = { chainId: network.chain.chainId, verifyingContract: network.contracts.dataRecords };
          const signature = signTypedData(account, place, dataRecordTypes, { datasetId, ...signed });
          const isRecorded = async () => {
            const held = await chain.dataRecord(datasetId);
            return (
              held?.owner === owner &&
              held.datasetRoot === BigInt(datasetRoot) &&
              held.headerHash === recordedHeader &&
              held.ciphertextHash === ciphertextHash
            );
          };
          const sent = await bring(isRecorded, () =>
            outbox.perform(`record-${datasetId.slice(2)}`, account, {
              contract: 'dataRecords',
              method: 'record',
              arguments: [salt, ...Object.values(signed), signature],
            }),
          );
          return { ...work, state: 'recorded', recordedInBlock: sent?.blockNumber ?? null };
        },
      },
      recorded: {
        waitsFor: 'pkg',
        step: async (work) => {
          if (work.state !== 'recorded') return undefined;
          const identity = datasetIdentity(network, work.owner, work.datasetId);
          const key = await pkg.identityKey(keysOf(work.pseudonymIndex), identity);
          return { ...work, state: 'ready', identityKey: toHex(encodeIdentityKey(engine, key)) };
        },
      },
      ready: { waitsFor: 'nobody' },
    },
  };
}

/** The decoded key of a ready dataset's identity. */
export function datasetKeyOf(engine: PairingEngine, dataset: ReadyDataset) {
  return decodeIdentityKey(engine, fromHex(dataset.identityKey));
}

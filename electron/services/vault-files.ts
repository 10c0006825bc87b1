/**
 * The work on a home's files as the vault asks for it: done in the data process, which hears of a dataset only what the work needs, and proved in
 * the prover's. The vault itself parses no file that came from elsewhere.
 */

import { join } from 'node:path';
import type { DatasetDocument } from '../../core/adapters/dataset-folder.ts';
import type {
  DatasetFacts,
  DatasetPlace,
  DatasetWorkshop,
  OfferFacts,
  Recomputed,
  SavedFile,
  StatementProver,
} from '../../core/adapters/dataset-work.ts';
import { createProver } from '../../core/adapters/snarkjs-prover.ts';
import { assert } from '../../core/base/assert.ts';
import type { Hex } from '../../core/base/bytes.ts';
import type { FileLabel } from '../../core/crypto/file-stream.ts';
import type { FileReading } from '../../core/dataset/description.ts';
import type { Schema } from '../../core/dataset/schema.ts';
import type { DryRun } from '../../core/proofs/dry-run.ts';
import { encodeRequirementFields, type RequirementFields } from '../../core/proofs/requirement.ts';
import { encodeSegmentSummary } from '../../core/proofs/statements.ts';
import { proofTemplates } from '../../core/proofs/templates.ts';
import type { FilesOfCircuit, Workplace } from '../../core/services/participant.ts';
import { provedSegmentSchema, provedStatementSchema } from '../../core/sharing/offer-workflow.ts';
import type { TransferOptions } from '../../core/sharing/services.ts';
import type { Link } from '../link.ts';
import type { HomePlace, WorkName, WorkRequest } from './data-messages.ts';
import { linkRunner } from './data-service.ts';

/** The heavy work of a vault in other processes. `peer` gives the newest connection to one. */
export function remoteWorkplace(peer: (kind: 'data' | 'prover') => Promise<Link>): Workplace {
  return {
    prover: (filesOf) =>
      createProver(
        filesOf,
        linkRunner(() => peer('prover')),
      ),
    async openFiles(path, datasetIds, { network, filesOf }) {
      const home = { path, chainId: network.chain.chainId, sharingMarket: network.contracts.sharingMarket };
      const files = new RemoteDatasets(home, () => peer('data'), filesOf);
      await files.ask('files.settle', { home, datasetIds: [...datasetIds] });
      return files;
    },
  };
}

class RemoteDatasets implements DatasetWorkshop {
  readonly #home: HomePlace;
  readonly #data: () => Promise<Link>;
  readonly #filesOf: FilesOfCircuit;

  constructor(home: HomePlace, data: () => Promise<Link>, filesOf: FilesOfCircuit) {
    this.#home = home;
    this.#data = data;
    this.#filesOf = filesOf;
  }

  async ask<Result>(name: WorkName, request: WorkRequest<WorkName>, { signal, onProgress }: TransferOptions = {}): Promise<Result> {
    const heard = (value: unknown): void => {
      const { done, total } = value as { done: number; total: number };
      onProgress?.(done, total);
    };
    return (await this.#data()).call<Result>(name, request, { signal, onProgress: heard });
  }

  importFile(source: string, datasetId: Hex, choice: { readonly schema: Schema; readonly reading: FileReading }, options: TransferOptions) {
    const { schema, reading } = choice;
    const request: WorkRequest<'files.import'> = { home: this.#home, source, datasetId, schema: schema as never, reading };
    return this.ask<DatasetDocument>('files.import', request, options);
  }

  finishImport(datasetId: Hex): Promise<void> {
    return this.ask('files.finishImport', { home: this.#home, datasetId });
  }

  description(place: DatasetPlace): Promise<DatasetDocument | undefined> {
    return this.ask('files.description', { home: this.#home, place });
  }

  commit(dataset: DatasetFacts, options: TransferOptions): Promise<{ datasetRoot: bigint; payloadBytes: number }> {
    return this.ask('files.commit', { home: this.#home, dataset: plainFacts(dataset) }, options);
  }

  encrypt(dataset: DatasetFacts, key: Uint8Array, label: FileLabel, options: TransferOptions): Promise<{ sha256: Hex; bytes: number }> {
    return this.ask('files.encrypt', { home: this.#home, dataset: plainFacts(dataset), key, label }, options);
  }

  async unpack(
    { offerId, datasetId }: { readonly offerId: string; readonly datasetId: Hex },
    key: Uint8Array,
    label: FileLabel,
    expected: { datasetRoot: bigint; owner: Hex; datasetId: Hex },
    options: TransferOptions,
  ): Promise<void> {
    await this.ask('files.unpack', { home: this.#home, offerId, datasetId, key, label, expected }, options);
  }

  dryRun(dataset: DatasetFacts, fields: RequirementFields, options: TransferOptions): Promise<DryRun> {
    const request = { home: this.#home, dataset: plainFacts(dataset), fields: encodeRequirementFields(fields) };
    return this.ask('files.dryRun', request, options);
  }

  offerProver(dataset: DatasetFacts, fields: RequirementFields): StatementProver {
    const requestFor = async ({ offerId, requestId, template, deadline }: OfferFacts, kind: 'segment' | 'aggregate') => {
      const circuit = proofTemplates.find(({ name }) => name === template)?.[kind];
      assert(circuit !== undefined, 'an offer names a template of this program');
      return {
        home: this.#home,
        dataset: plainFacts(dataset),
        fields: encodeRequirementFields(fields),
        offer: { offerId, requestId, template, deadline },
        circuit,
        files: await this.#filesOf(circuit),
      };
    };
    return {
      segment: async (offer, index, signal) => {
        const proved = await this.ask('files.proveSegment', { ...(await requestFor(offer, 'segment')), index }, signal ? { signal } : {});
        provedSegmentSchema.parse(proved);
        return proved as never;
      },
      aggregate: async (offer, summaries, signal) => {
        const request = { ...(await requestFor(offer, 'aggregate')), summaries: summaries.map(encodeSegmentSummary) };
        return provedStatementSchema.parse(await this.ask('files.proveWhole', request, signal ? { signal } : {}));
      },
    };
  }

  saveReceived(offerId: string, path: string, options: TransferOptions): Promise<SavedFile> {
    return this.ask('files.saveReceived', { home: this.#home, offerId, path }, options);
  }

  recompute({ offerId, datasetId, owner }: { offerId: string; datasetId: Hex; owner: Hex }, options: TransferOptions): Promise<Recomputed> {
    return this.ask('files.recompute', { home: this.#home, offerId, datasetId, owner }, options);
  }

  remove(datasetId: Hex): Promise<void> {
    return this.ask('files.remove', { home: this.#home, datasetId });
  }

  ciphertextPath(datasetId: Hex): string {
    return join(this.#home.path, 'ciphertexts', datasetId.slice(2));
  }

  receivedPath(offerId: string): string {
    return join(this.#home.path, 'received', offerId);
  }
}

/** Exactly the facts: a workflow's record holds keys beside them. */
function plainFacts({ datasetId, owner, seed, keywords, datasetRoot }: DatasetFacts): DatasetFacts {
  return { datasetId, owner, seed, keywords, ...(datasetRoot === undefined ? {} : { datasetRoot }) };
}

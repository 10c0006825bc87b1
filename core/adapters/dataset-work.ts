/**
 * What is done with the files of a home's datasets, as one port: everything here reads or writes much, or parses what others wrote. The command
 * line does it in its own process (dataset-files.ts); the desktop app in one that holds no keys.
 */
import type { Hex } from '../base/bytes.ts';
import type { FileLabel } from '../crypto/file-stream.ts';
import type { FileReading } from '../dataset/description.ts';
import type { Schema } from '../dataset/schema.ts';
import type { DryRun } from '../proofs/dry-run.ts';
import type { RequirementFields } from '../proofs/requirement.ts';
import type { SegmentSummary } from '../proofs/statements.ts';
import type { DatasetFiles, DatasetWork } from '../sharing/dataset-workflow.ts';
import type { Network } from '../sharing/network-file.ts';
import type { OfferWork, ProvedSegment, ProvedStatement } from '../sharing/offer-workflow.ts';
import type { ReceivedFiles } from '../sharing/purchase-workflow.ts';
import type { TransferOptions } from '../sharing/services.ts';
import type { DatasetDocument } from './dataset-folder.ts';

/** What work on an own dataset needs to know of it. The keys of its identity are not among it. */
export interface DatasetFacts extends Pick<DatasetWork, 'datasetId' | 'owner' | 'seed' | 'keywords'> {
  /** The root that was committed to, once there is one: a folder that gives another is damaged. */
  readonly datasetRoot?: string;
}

/** The part of a network that proofs are bound to. */
export interface ProofPlace {
  readonly chain: Pick<Network['chain'], 'chainId'>;
  readonly contracts: Pick<Network['contracts'], 'sharingMarket'>;
}

/** What a proof says of the offer that it is for. */
export type OfferFacts = Pick<OfferWork, 'offerId' | 'requestId' | 'template' | 'deadline'>;

/** Proves the statements of one offer: the workflow's `OfferProver`, which knows more of the offer than it needs. */
export interface StatementProver {
  segment(offer: OfferFacts, segmentIndex: number, signal?: AbortSignal): Promise<ProvedSegment>;
  /** `summaries` are those of all segments in order. */
  aggregate(offer: OfferFacts, summaries: readonly SegmentSummary[], signal?: AbortSignal): Promise<ProvedStatement>;
}

/** Which dataset of a home. */
export type DatasetPlace = { readonly kind: 'own'; readonly datasetId: Hex } | { readonly kind: 'received'; readonly offerId: string };

/** What received data says of itself when everything is computed anew. */
export interface Recomputed {
  readonly fileSha256: Hex;
  readonly datasetRoot: bigint;
  /** Null when the ciphertext is no longer there. */
  readonly ciphertextSha256: Hex | null;
  readonly document: DatasetDocument;
}

/** A copy of a received file. */
export interface SavedFile {
  readonly sha256: Hex;
  readonly bytes: number;
  readonly name: string;
}

/** The work. */
export interface DatasetWorkshop extends DatasetFiles, ReceivedFiles {
  /** Imports a file to where {@link finishImport} takes it from. */
  importFile(
    source: string,
    datasetId: Hex,
    choice: { readonly schema: Schema; readonly reading: FileReading },
    options: TransferOptions,
  ): Promise<DatasetDocument>;
  /** Puts an imported dataset in its place, once its document is saved. */
  finishImport(datasetId: Hex): Promise<void>;
  /** `dataset.json` of a dataset; undefined when it is not here. */
  description(place: DatasetPlace): Promise<DatasetDocument | undefined>;
  /** Runs the predicates of a requirement over all rows. */
  dryRun(dataset: DatasetFacts, fields: RequirementFields, options: TransferOptions): Promise<DryRun>;
  /** Proves the statements of an offer; nothing is opened before the first one. */
  offerProver(dataset: DatasetFacts, fields: RequirementFields): StatementProver;
  /** As a purchase unpacks it; where it is unpacked to, and from which ciphertext, is all that is asked of the purchase. */
  unpack(
    work: { readonly offerId: string; readonly datasetId: Hex },
    key: Uint8Array,
    label: FileLabel,
    expected: { datasetRoot: bigint; owner: Hex; datasetId: Hex },
    options: TransferOptions,
  ): Promise<void>;
  /** Copies a received original file to where no file may be; what differs from what was checked is refused. */
  saveReceived(offerId: string, path: string, options: TransferOptions): Promise<SavedFile>;
  /** Hashes and commits to received data again. @throws AppError `PURCHASE_NOT_RECEIVED` */
  recompute(work: { offerId: string; datasetId: Hex; owner: Hex }, options: TransferOptions): Promise<Recomputed>;
  /** Deletes the files of an own dataset. */
  remove(datasetId: Hex): Promise<void>;
  /** Where received data is. */
  receivedPath(offerId: string): string;
}

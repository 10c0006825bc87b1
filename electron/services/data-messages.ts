/** What the vault asks of the data process. Everything is checked on arrival: a folder or an id of another shape never reaches the disk. */
import { z } from 'zod';
import { readingShape } from '../../core/dataset/description.ts';
import { schemaShape } from '../../core/dataset/schema.ts';
import { parseRequirementFields } from '../../core/proofs/requirement.ts';
import { segmentSummaryShape } from '../../core/proofs/statements.ts';
import { hexOfLength } from '../../core/sharing/enrolment.ts';
import { columnView, offerIdText, readingView, tablePlace } from '../views.ts';

const path = z.string().min(1).max(4096);
const bytes = (least: number, most: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length >= least && value.length <= most, 'must be bytes');
const id = hexOfLength(32);
const address = hexOfLength(20);
const decimal = z.string().regex(/^(0|[1-9][0-9]{0,77})$/);

/** The home whose files are worked on, and what its proofs are bound to. */
const home = z.strictObject({ path, chainId: z.int().positive(), sharingMarket: address });
export type HomePlace = z.infer<typeof home>;

const dataset = z.strictObject({
  datasetId: id,
  owner: address,
  seed: id,
  keywords: z.array(z.string().max(200)).max(16),
  datasetRoot: decimal.exactOptional(),
});
const provingFiles = z.strictObject({ witnessCalculator: path, provingKey: path });
const label = z.strictObject({
  context: bytes(1, 4096),
  plaintextBytes: z.int().min(0),
  chunkBytes: z.int().positive(),
});
const fields = z.unknown().transform((value) => parseRequirementFields(value));
const offer = z.strictObject({ offerId: offerIdText, requestId: id, template: z.string().max(80), deadline: z.int().positive() });

/** Requests of the vault by their names. */
export const workShapes = {
  'files.settle': z.strictObject({ home, datasetIds: z.array(id).max(100_000) }),
  'files.import': z.strictObject({ home, source: path, datasetId: id, schema: schemaShape, reading: readingShape }),
  'files.finishImport': z.strictObject({ home, datasetId: id }),
  'files.description': z.strictObject({
    home,
    place: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('own'), datasetId: id }),
      z.strictObject({ kind: z.literal('received'), offerId: offerIdText }),
    ]),
  }),
  'files.commit': z.strictObject({ home, dataset }),
  'files.encrypt': z.strictObject({ home, dataset, key: bytes(32, 32), label }),
  'files.unpack': z.strictObject({
    home,
    offerId: offerIdText,
    datasetId: id,
    key: bytes(32, 32),
    label,
    expected: z.strictObject({ datasetRoot: z.bigint(), owner: address, datasetId: id }),
  }),
  'files.dryRun': z.strictObject({ home, dataset, fields }),
  'files.proveSegment': z.strictObject({
    home,
    dataset,
    fields,
    offer,
    circuit: z.string().max(80),
    files: provingFiles,
    index: z.int().min(0),
  }),
  'files.proveWhole': z.strictObject({
    home,
    dataset,
    fields,
    offer,
    circuit: z.string().max(80),
    files: provingFiles,
    summaries: z.array(segmentSummaryShape).min(1).max(100_000),
  }),
  'files.saveReceived': z.strictObject({ home, offerId: offerIdText, path }),
  'files.recompute': z.strictObject({ home, offerId: offerIdText, datasetId: id, owner: address }),
  'files.remove': z.strictObject({ home, datasetId: id }),
} as const;
export type WorkName = keyof typeof workShapes;
/** A request as the vault sends it. */
export type WorkRequest<Name extends WorkName> = z.input<(typeof workShapes)[Name]>;

const limits = { offset: z.int().min(0), count: z.int().min(1).max(1000) };
/** Requests of windows, with what main has put in place of a file's token, or beside it. */
export const windowShapes = {
  'file.inspect': z.object({ path, reading: readingView.partial() }),
  'file.preview': z.object({ path, columns: z.array(columnView).max(1024), reading: readingView }),
  'table.rows': z.object({ home: path, place: tablePlace, ...limits }),
  'table.series': z.object({
    home: path,
    place: tablePlace,
    source: z.int().min(0),
    from: z.number().nullable(),
    to: z.number().nullable(),
    buckets: z.int().min(10).max(4000),
  }),
} as const;

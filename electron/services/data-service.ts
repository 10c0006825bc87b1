/**
 * The data process: reads files of whoever gave them, imports, commits, encrypts, decrypts and checks, makes the statements of proofs, and serves
 * pages and series of tables. It holds no keys of a person; the key of one file, or the seed of one commitment, comes with the work that needs it.
 *
 * Invariant: work that writes the files of one dataset is done in the order in which it was asked for, so that no two pieces write one file.
 */
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { z } from 'zod';
import { inspectCsv, previewCsv } from '../../core/adapters/csv-import.ts';
import { HomeDatasets } from '../../core/adapters/dataset-files.ts';
import { loadPoseidon } from '../../core/adapters/poseidon.ts';
import type { ProverAnswer } from '../../core/adapters/snarkjs-jobs.ts';
import { crashed, createProver, type JobRunner, type ProvingFiles } from '../../core/adapters/snarkjs-prover.ts';
import { isAppError } from '../../core/base/app-error.ts';
import { assert } from '../../core/base/assert.ts';
import { say } from '../../core/base/sentence.ts';
import type { TransferOptions } from '../../core/sharing/services.ts';
import type { CallContext, Handlers, Link } from '../link.ts';
import type { ProgressView, TablePlace } from '../views.ts';
import { clipped, columnView, reportView, schemaOf } from './data-columns.ts';
import { type HomePlace, type WorkName, windowShapes, workShapes } from './data-messages.ts';
import { ProgressPace } from './data-pace.ts';
import { DataTable } from './data-table.ts';
import type { StartedService, Surroundings } from './service-process.ts';

/** Datasets that stay open for the next page. */
const TABLES_MAX = 6;

/** Lets a prover work in another process. A job during which that process ends fails alone. */
export function linkRunner(prover: () => Promise<Link>): JobRunner {
  return {
    async run(job, signal, onStep) {
      const onProgress = (value: unknown): void => {
        const { kind, step, steps } = value as Extract<ProverAnswer, { kind: 'progress' }>;
        if (kind === 'progress') onStep(step, steps);
      };
      try {
        return await (await prover()).call<ProverAnswer>('perform', job, { signal, onProgress });
      } catch (error) {
        throw isAppError(error, 'SERVICE_ENDED') ? crashed(say`it ended`, error) : error;
      }
    },
    async close() {},
  };
}

/** Starts it. It has no configuration. */
export async function startData(_: unknown, { peer }: Pick<Surroundings, 'peer'>): Promise<StartedService> {
  const hash = await loadPoseidon();
  const homes = new Map<string, { files: HomeDatasets; circuits: Map<string, ProvingFiles> }>();
  const turns = new Map<string, Promise<unknown>>();
  const tables = new Map<string, Promise<DataTable>>();
  const stopping = new AbortController();

  function homeOf({ path, chainId, sharingMarket }: HomePlace) {
    const key = JSON.stringify([path, chainId, sharingMarket]);
    const known = homes.get(key);
    if (known !== undefined) return known;
    const circuits = new Map<string, ProvingFiles>();
    const prover = createProver(
      async (circuit) => {
        const files = circuits.get(circuit);
        assert(files !== undefined, 'the files of a circuit come with the request to prove');
        return files;
      },
      linkRunner(() => peer('prover')),
    );
    const network = { chain: { chainId }, contracts: { sharingMarket } };
    const home = { files: new HomeDatasets(path, hash, { network, prover }), circuits };
    homes.set(key, home);
    return home;
  }

  /** Waits until the work on `place` that was asked for before is done. */
  function inTurn<Result>(place: string, perform: () => Promise<Result>): Promise<Result> {
    const result = (turns.get(place) ?? Promise.resolve()).then(perform);
    const ended = result.then(
      () => undefined,
      () => undefined, // whoever asked for this gets its error
    );
    turns.set(place, ended);
    void ended.then(() => {
      if (turns.get(place) === ended) turns.delete(place);
    });
    return result;
  }

  /** One kind of work for the vault: checked, watched, and in its turn where `placeOf` says what it writes. */
  function work<Name extends WorkName>(
    name: Name,
    perform: (
      home: { readonly files: HomeDatasets; readonly circuits: Map<string, ProvingFiles> },
      request: z.output<(typeof workShapes)[Name]>,
      options: TransferOptions & { readonly signal: AbortSignal },
    ) => Promise<unknown>,
    placeOf?: (request: z.output<(typeof workShapes)[Name]>) => string,
  ) {
    return async (value: unknown, context: CallContext) => {
      const request = workShapes[name].parse(value) as z.output<(typeof workShapes)[Name]>;
      const home = homeOf(request.home);
      const pace = new ProgressPace((done, total) => context.onProgress({ done, total }));
      const signal = AbortSignal.any([context.signal, stopping.signal]);
      const begin = async () => {
        signal.throwIfAborted();
        return perform(home, request, { signal, onProgress: pace.tell });
      };
      return placeOf === undefined ? begin() : inTurn(`${request.home.path} ${placeOf(request)}`, begin);
    };
  }

  async function tableOf(home: string, place: TablePlace): Promise<DataTable> {
    const path = place.kind === 'own' ? join(home, 'datasets', place.datasetId.slice(2)) : join(home, 'received', place.offerId);
    const table = tables.get(path) ?? DataTable.open(path);
    tables.delete(path);
    tables.set(path, table);
    for (const [oldest, old] of [...tables].slice(0, -TABLES_MAX)) {
      tables.delete(oldest);
      await old.then((opened) => opened.close());
    }
    try {
      return await table;
    } catch (error) {
      tables.delete(path);
      throw error;
    }
  }

  async function closeTables(home: string): Promise<void> {
    for (const [path, table] of tables) {
      if (!path.startsWith(home)) continue;
      tables.delete(path);
      await table.then(
        (opened) => opened.close(),
        () => undefined, // whoever asked for it has the error
      );
    }
  }

  const stepOf = (step: string, { onProgress }: CallContext) =>
    new ProgressPace((done, total) =>
      onProgress({ step, fraction: total === 0 ? null : Math.min(1, done / total) } satisfies ProgressView),
    );

  const handlers = {
    'file.inspect': async (value: unknown, context: CallContext) => {
      const { path, reading } = windowShapes['file.inspect'].parse(value);
      const { signal } = context;
      const pace = stepOf('read', context);
      const inspection = await inspectCsv(path, definedIn(reading), {
        signal,
        onProgress: ({ bytesRead, bytesTotal }) => pace.tell(bytesRead, bytesTotal),
      });
      const place = (cell: { line: number; text: string } | null) => (cell === null ? null : { line: cell.line, text: clipped(cell.text) });
      return {
        file: { name: basename(path), path, bytes: (await stat(path)).size },
        reading: inspection.reading,
        rows: inspection.rows,
        columns: inspection.schema.columns.map(columnView),
        firstRows: inspection.firstRows.map((row) => row.map((cell) => clipped(cell))),
        obstacles: inspection.obstacles.map(({ notNumber, notTime }) => ({ notNumber: place(notNumber), notTime: place(notTime) })),
        report: reportView(inspection.report),
      };
    },
    'file.preview': async (value: unknown, context: CallContext) => {
      const { path, columns, reading } = windowShapes['file.preview'].parse(value);
      const pace = stepOf('read', context);
      const report = await previewCsv(path, schemaOf(columns), reading, {
        signal: context.signal,
        onProgress: ({ bytesRead, bytesTotal }) => pace.tell(bytesRead, bytesTotal),
      });
      return { report: reportView(report) };
    },
    'table.rows': async (value: unknown, context: CallContext) => {
      const { home, place, offset, count } = windowShapes['table.rows'].parse(value);
      return (await tableOf(home, place)).rows(offset, count, { signal: context.signal, onProgress: stepOf('index', context).tell });
    },
    'table.series': async (value: unknown, { signal }: CallContext) => {
      const { home, place, ...request } = windowShapes['table.series'].parse(value);
      return (await tableOf(home, place)).series(request, signal);
    },
  } satisfies Handlers;

  const peerHandlers = {
    'files.settle': work('files.settle', async (_home, { home, datasetIds }) => {
      // What an ended vault had asked for may still be writing.
      await Promise.all(turns.values());
      await HomeDatasets.open(home.path, hash, datasetIds);
      return {};
    }),
    'files.import': work(
      'files.import',
      ({ files }, { source, datasetId, schema, reading }, options) => files.importFile(source, datasetId, { schema, reading }, options),
      ({ datasetId }) => datasetId,
    ),
    'files.finishImport': work(
      'files.finishImport',
      ({ files }, { datasetId }) => files.finishImport(datasetId),
      ({ datasetId }) => datasetId,
    ),
    'files.description': work('files.description', ({ files }, { place }) => files.description(place)),
    'files.commit': work('files.commit', ({ files }, { dataset }, options) => files.commit(dataset, options)),
    'files.encrypt': work(
      'files.encrypt',
      ({ files }, { dataset, key, label }, options) => files.encrypt(dataset, key, label, options),
      ({ dataset }) => dataset.datasetId,
    ),
    'files.unpack': work(
      'files.unpack',
      ({ files }, { offerId, datasetId, key, label, expected }, options) =>
        files.unpack({ offerId, datasetId }, key, label, expected, options),
      ({ offerId }) => offerId,
    ),
    'files.dryRun': work('files.dryRun', ({ files }, { dataset, fields }, options) => files.dryRun(dataset, fields, options)),
    'files.proveSegment': work('files.proveSegment', ({ files, circuits }, request, { signal }) => {
      circuits.set(request.circuit, request.files);
      return files.offerProver(request.dataset, request.fields).segment(request.offer, request.index, signal);
    }),
    'files.proveWhole': work('files.proveWhole', ({ files, circuits }, request, { signal }) => {
      circuits.set(request.circuit, request.files);
      return files.offerProver(request.dataset, request.fields).aggregate(request.offer, request.summaries, signal);
    }),
    'files.saveReceived': work('files.saveReceived', ({ files }, { offerId, path }, options) => files.saveReceived(offerId, path, options)),
    'files.recompute': work('files.recompute', ({ files }, { offerId, datasetId, owner }, options) =>
      files.recompute({ offerId, datasetId, owner }, options),
    ),
    'files.remove': work(
      'files.remove',
      async ({ files }, { home, datasetId }) => {
        await closeTables(home.path);
        await files.remove(datasetId);
      },
      ({ datasetId }) => datasetId,
    ),
  } satisfies Handlers;

  return {
    handlers,
    peerHandlers,
    async stop() {
      stopping.abort();
      await Promise.all(turns.values());
      await closeTables('');
    },
  };
}

/** What was chosen, without what was left open. */
function definedIn<Value extends object>(value: Value): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, chosen]) => chosen !== undefined)) as {
    [Key in keyof Value]: Exclude<Value[Key], undefined>;
  };
}

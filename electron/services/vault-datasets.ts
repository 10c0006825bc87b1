/** Own datasets as windows see and change them. */
import type { DatasetDocument } from '../../core/adapters/dataset-folder.ts';
import { AppError } from '../../core/base/app-error.ts';
import type { Hex } from '../../core/base/bytes.ts';
import { say } from '../../core/base/sentence.ts';
import { datasetNamed, datasets, importDataset, offers } from '../../core/services/owner.ts';
import { type DatasetWork, datasetDocument } from '../../core/sharing/dataset-workflow.ts';
import type { CallContext } from '../link.ts';
import type { ColumnView, DatasetView, ReadingView } from '../views.ts';
import { columnView, schemaOf } from './data-columns.ts';
import { obstacleOf, progressOf, type Vault, watchOf } from './vault-context.ts';

const name = (datasetId: Hex) => ({ kind: 'dataset', id: datasetId }) as const;

/** All datasets, the newest first. */
export async function datasetList(vault: Vault): Promise<DatasetView[]> {
  const works = (await datasets(vault.participant)).sort((left, right) => right.createdAtMs - left.createdAtMs);
  const offered = await offers(vault.participant);
  return Promise.all(
    works.map(async (work) => viewOf(vault, work, offered.filter(({ datasetId }) => datasetId === work.datasetId).length)),
  );
}

/** One dataset. @throws AppError `DATASET_UNKNOWN` */
export async function datasetGet(vault: Vault, datasetId: Hex): Promise<DatasetView> {
  const work = await datasetNamed(vault.participant, datasetId);
  return viewOf(vault, work, (await offers(vault.participant)).filter((offer) => offer.datasetId === datasetId).length);
}

/** Imports a file. Nothing of it leaves this machine. */
export async function datasetImport(
  vault: Vault,
  request: {
    readonly path: string;
    readonly name: string;
    readonly columns: readonly ColumnView[];
    readonly reading: ReadingView;
    readonly keywords: readonly string[];
    readonly pseudonymIndex: number;
  },
  { signal, onProgress }: CallContext,
): Promise<DatasetView> {
  const { path, columns, ...choice } = request;
  const schema = schemaOf(columns);
  const watch = { signal, onTransfer: progressOf('import', onProgress) };
  const work = await importDataset(vault.participant, path, { ...choice, schema }, watch);
  vault.changed('datasets');
  return viewOf(vault, work, 0);
}

/** Shares a dataset: from here on it goes on by itself. */
export async function datasetPublish(vault: Vault, datasetId: Hex, context: CallContext): Promise<DatasetView> {
  const work = await datasetNamed(vault.participant, datasetId);
  if (work.state !== 'ready') await vault.agenda.attend(name(datasetId), watchOf(context));
  return datasetGet(vault, datasetId);
}

/** Stops going on with a dataset. */
export async function datasetPause(vault: Vault, datasetId: Hex): Promise<DatasetView> {
  await vault.agenda.pause(name(datasetId));
  return datasetGet(vault, datasetId);
}

/** Deletes a dataset that nobody else can know of. @throws AppError `DATASET_ON_CHAIN` */
export async function datasetRemove(vault: Vault, datasetId: Hex): Promise<Record<string, never>> {
  const { participant, agenda } = vault;
  const before = await datasetNamed(participant, datasetId);
  requireUnrecorded(before, await participant.documents.list(recordStep(datasetId)));
  await agenda.remove(name(datasetId));
  const work = await datasetNamed(participant, datasetId);
  requireUnrecorded(work, await participant.documents.list(recordStep(datasetId)));
  // The document last: files that are left over without one are removed when the home is opened.
  await (await participant.files).remove(datasetId);
  await participant.removeDocument(datasetDocument(datasetId));
  vault.changed('datasets', 'outbox');
  return {};
}

/** Name under which the outbox keeps the transaction that records a dataset. */
function recordStep(datasetId: Hex): string {
  return `outbox-record-${datasetId.slice(2)}`;
}

function requireUnrecorded(work: DatasetWork, recording: readonly string[]): void {
  if (work.state !== 'recorded' && work.state !== 'ready' && recording.length === 0) return;
  throw new AppError(
    'DATASET_ON_CHAIN',
    {
      what: say`The dataset "${work.name}" is recorded on the chain, or on its way there.`,
      consequence: 'Nothing was removed: without its files you could neither prove nor deliver it, and a bond could be lost.',
      remedy: 'Keep it. What is on the chain stays there for ever, without any of its readings.',
    },
    { data: { datasetId: work.datasetId } },
  );
}

async function viewOf(vault: Vault, work: DatasetWork, offered: number): Promise<DatasetView> {
  const { datasetId } = work;
  const entry = vault.agenda.view(name(datasetId));
  const document = await vault.description({ kind: 'own', datasetId });
  const committed = work.state === 'imported' ? null : work;
  const encrypted = committed === null || committed.state === 'committed' ? null : committed;
  return {
    datasetId,
    name: work.name,
    ...fileOf(document),
    keywords: work.keywords,
    state: work.state,
    publishing: entry !== undefined && entry.state !== 'paused',
    // After that only the keys for proving are fetched, which an offer does as well; the tasks tell what became of it.
    obstacle: document === undefined ? filesMissing : work.state === 'ready' ? null : obstacleOf(vault, name(datasetId)),
    owner: work.owner,
    createdAtMs: work.createdAtMs,
    datasetRoot: committed?.datasetRoot ?? null,
    headerHash: encrypted?.headerHash ?? null,
    ciphertextHash: encrypted?.ciphertextHash ?? null,
    recordedInBlock: work.state === 'recorded' || work.state === 'ready' ? work.recordedInBlock : null,
    offers: offered,
  };
}

/** What a dataset is besides its state; nothing is known of one whose files are gone. */
function fileOf(document: DatasetDocument | undefined): Pick<DatasetView, 'fileName' | 'fileBytes' | 'fileSha256' | 'rows' | 'columns'> {
  if (document === undefined) return { fileName: '', fileBytes: 0, fileSha256: `0x${'00'.repeat(32)}`, rows: 0, columns: [] };
  const { file, rows, schema } = document;
  return { fileName: file.name, fileBytes: file.size, fileSha256: file.sha256, rows, columns: schema.columns.map(columnView) };
}

const filesMissing: DatasetView['obstacle'] = {
  code: 'DATASET_FILES_MISSING',
  what: 'The files of this dataset are not on this machine.',
  consequence: 'It cannot be proved or looked at here. What is on the chain and at the proxies stays.',
  remedy: 'Restore the files from a backup.',
  data: {},
};

/** The ledger's store on LevelDB. Every write is one batch that is synced before it resolves, so that it is there whole after a crash or not at all. */
import { ClassicLevel } from 'classic-level';
import { AppError } from '../base/app-error.ts';
import { say } from '../base/sentence.ts';
import { corruptStore } from '../ledger/head-record.ts';
import type { LedgerStore, StoreWrite } from '../ledger/ledger-store.ts';

const cacheBytes = 67_108_864;
const writeBufferBytes = 16_777_216;

/** Opens the store in a folder, which is made if it does not exist. Errors: LEDGER_FOLDER_LOCKED, LEDGER_FOLDER_UNUSABLE, LEDGER_STORE_CORRUPT. */
export async function openLevelLedgerStore(folder: string): Promise<LedgerStore> {
  const database = new ClassicLevel<Uint8Array, Uint8Array>(folder, {
    keyEncoding: 'view',
    valueEncoding: 'view',
    cacheSize: cacheBytes,
    writeBufferSize: writeBufferBytes,
  });
  try {
    await database.open();
  } catch (error) {
    throw openingError(folder, error);
  }
  return {
    get: (key) => {
      try {
        return database.getSync(key);
      } catch (error) {
        throw readingError(folder, error);
      }
    },
    write: async (writes) => {
      try {
        await database.batch(writes.map(operation), { sync: true });
      } catch (error) {
        throw new AppError(
          'LEDGER_DISK_FAILED',
          {
            what: 'The ledger could not be written to the disk.',
            consequence: 'The last block is not final here, and this validator stops; nothing that was acknowledged is lost.',
            remedy: 'Make room on the disk or repair it, then start the validator again.',
          },
          { cause: error },
        );
      }
    },
    scan: async ({ from, to, limit }) => {
      try {
        return await database.iterator({ gte: from, lt: to, limit }).all();
      } catch (error) {
        throw readingError(folder, error);
      }
    },
    close: () => database.close(),
  };
}

function operation({ key, value }: StoreWrite): { type: 'put'; key: Uint8Array; value: Uint8Array } | { type: 'del'; key: Uint8Array } {
  return value === null ? { type: 'del', key } : { type: 'put', key, value };
}

/** LevelDB looks at most of its files when something in them is asked for, so damage shows then. */
function readingError(folder: string, error: unknown): unknown {
  return causeOf(error).code === 'LEVEL_CORRUPTION' ? damaged(folder) : error;
}

function damaged(folder: string): AppError {
  return corruptStore(say`The database files in ${folder} are damaged.`);
}

function causeOf(error: unknown): { readonly cause: unknown; readonly code: unknown } {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return { cause, code: cause instanceof Error && 'code' in cause ? cause.code : undefined };
}

function openingError(folder: string, error: unknown): AppError {
  const { cause, code } = causeOf(error);
  if (code === 'LEVEL_LOCKED') {
    return new AppError(
      'LEDGER_FOLDER_LOCKED',
      {
        what: say`The ledger folder ${folder} is in use by another process.`,
        consequence: 'Nothing was changed.',
        remedy: 'Stop the other validator, or give this one a folder of its own.',
      },
      { data: { folder }, cause: error },
    );
  }
  if (code === 'LEVEL_CORRUPTION') return damaged(folder);
  return new AppError(
    'LEDGER_FOLDER_UNUSABLE',
    {
      what: say`The ledger folder ${folder} cannot be opened (${cause instanceof Error ? cause.message : String(cause)}).`,
      consequence: 'The validator did not start and nothing was changed.',
      remedy: 'Check that the folder can be written by this user and that the disk has room.',
    },
    { data: { folder }, cause: error },
  );
}

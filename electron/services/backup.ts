/**
 * Work on a whole home that is otherwise closed: saves it to a backup, restores one, and rebuilds the history of a home
 * that was made from its phrase. A process that lives for one of these.
 */
import { z } from 'zod';
import { HomeStore } from '../../core/adapters/home-store.ts';
import { rehearseBackup, restoreBackup, saveBackup } from '../../core/services/backup.ts';
import { restoreHome } from '../../core/services/restore.ts';
import type { CallContext } from '../link.ts';
import { runService } from './service-process.ts';

const path = z.string().min(1).max(4096);
const homeRequest = z.strictObject({ home: path, key: z.instanceof(Uint8Array), artifactFolder: path });
const backupRequest = homeRequest.extend({ file: path, passphrase: z.string() });

type Progress = { readonly step: string; readonly done: number; readonly total: number };

/** Progress of a backup as the tasks drawer shows it. */
function tellOf({ onProgress }: CallContext) {
  return ({ step, done, total }: Progress) => onProgress({ step, fraction: total === 0 ? null : Math.min(1, done / total) });
}

/** The catalogue of texts has a name for each step of each work. */
function named(work: string, progress: Progress): Progress {
  return { ...progress, step: `${work}-${progress.step}` };
}

runService(async () => ({
  handlers: {
    save: async (value: unknown, context: CallContext) => {
      const { home, key, file, passphrase } = backupRequest.parse(value);
      const tell = tellOf(context);
      const watch = { signal: context.signal, onProgress: (progress: Progress) => tell(named('backup', progress)) };
      const store = await HomeStore.open(home, { key });
      try {
        const { bytes } = await saveBackup(store, file, passphrase, watch);
        // A backup that nobody has read back is a hope.
        await rehearseBackup(file, passphrase, watch);
        return { bytes };
      } finally {
        await store.close();
      }
    },
    restore: async (value: unknown, context: CallContext) => {
      const { home, key, file, passphrase } = backupRequest.parse(value);
      const tell = tellOf(context);
      await restoreBackup(
        file,
        passphrase,
        home,
        { key },
        { signal: context.signal, onProgress: (progress) => tell(named('backup', progress)) },
      );
      return {};
    },
    rebuild: async (value: unknown, context: CallContext) => {
      const { home, key, artifactFolder } = homeRequest.parse(value);
      const tell = tellOf(context);
      const { participant, report } = await restoreHome(
        { home, lock: { key }, artifactFolder },
        { signal: context.signal, onProgress: (progress) => tell(named('rebuild', progress)) },
      );
      await participant.close();
      return { missing: report.missing.map(({ what, why }) => `${what}. ${why}`.slice(0, 1000)) };
    },
  },
  stop: async () => undefined,
}));

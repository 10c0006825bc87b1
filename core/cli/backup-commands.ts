/** `vouchsafe backup` and `vouchsafe identity restore`: the whole home in one encrypted file, and the history of a phrase from chain and proxies. */
import { Command } from 'commander';
import { HomeStore } from '../adapters/home-store.ts';
import { readPassphrase } from '../adapters/passphrase-input.ts';
import { type BackupSummary, rehearseBackup, restoreBackup, saveBackup } from '../services/backup.ts';
import { restoreHome } from '../services/restore.ts';
import { argumentInvalid, wholeNumber } from './arguments.ts';
import { print, printFields } from './output.ts';
import { command as commandLine } from './turns.ts';
import { lockOf } from './unlock.ts';

/** The commands about backups. */
export function backupCommand(): Command {
  const backup = new Command('backup').description('your whole home in one encrypted file');
  const secret = (command: Command) =>
    command.option('--backup-passphrase-fd <number>', "read the backup's passphrase from this file descriptor");
  const home = (command: Command, words: string) =>
    command
      .requiredOption('--home <folder>', words)
      .option('--passphrase-fd <number>', "read the home's passphrase from this file descriptor");
  secret(home(backup.command('save').description('save everything of a home under a passphrase of its own'), 'your home'))
    .argument('<file>', 'where the backup goes; an older one there is replaced when the new one is whole')
    .option('--no-ciphertexts', 'leave out the ciphertexts, which the proxies hold too')
    .action(async (file, options) => {
      const store = await HomeStore.open(options.home, await lockOf(options));
      try {
        const passphrase = await backupPassphrase(options, 'New passphrase for the backup: ');
        const { bytes, summary } = await saveBackup(store, file, passphrase, { ciphertexts: options.ciphertexts });
        printFields({ backup: file, bytes, ...countsOf(summary) });
        print(`Try it before you need it: vouchsafe backup check ${file}`);
      } finally {
        await store.close();
      }
    });
  secret(backup.command('check').description('rehearse a restoration: verify all of a backup and write nothing'))
    .argument('<file>', 'the backup')
    .action(async (file, options) => {
      const summary = await rehearseBackup(file, await backupPassphrase(options, 'Passphrase of the backup: '));
      printFields({ saved: new Date(summary.createdAtMs).toISOString(), bytes: summary.bytes, ...countsOf(summary) });
      print('The backup is whole: it can be restored.');
    });
  secret(home(backup.command('restore').description('make the home of a backup again'), 'an empty folder, or one that does not exist yet'))
    .argument('<file>', 'the backup')
    .action(async (file, options) => {
      const passphrase = await backupPassphrase(options, 'Passphrase of the backup: ');
      const summary = await restoreBackup(file, passphrase, options.home, await lockOf(options, 'New passphrase for the home: '));
      printFields({ home: options.home, bytes: summary.bytes, ...countsOf(summary) });
      print('Use a phrase on one installation at a time: leave the home that was saved alone from now on.');
    });
  return backup;
}

/** `vouchsafe identity restore`. */
export function identityRestoreCommand(): Command {
  return new Command('restore')
    .description('rebuild the history of a home that was made from its 24 words: from the chain, the proxies and the PKG')
    .requiredOption('--home <folder>', 'your home')
    .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor')
    .action(async (options) => {
      const { participant, report } = await restoreHome({ home: options.home, lock: await lockOf(options) });
      await participant.close();
      for (const { kind, id, state, known } of report.restored) print(`${kind} ${id}  ${state}${known ? ' (was here)' : ''}`);
      for (const { what, why } of report.missing) print(`Not restored: ${what}. ${why}`);
      if (participant.pseudonyms.length === 0)
        print(`The chain knows no pseudonym of these words. To have some enrolled: ${commandLine('identity enrol', options.home)}`);
    });
}

function countsOf({ documents, datasets, received, ciphertexts }: BackupSummary): Record<string, number> {
  return { documents, datasets, received, ciphertexts };
}

/** The backup's own passphrase, which is not the home's: a backup leaves this machine. */
async function backupPassphrase(
  { backupPassphraseFd: fd, passphraseFd }: { readonly backupPassphraseFd?: string; readonly passphraseFd?: string },
  prompt: string,
): Promise<string> {
  if (fd !== undefined && fd === passphraseFd) throw argumentInvalid('--backup-passphrase-fd and --passphrase-fd name the same descriptor');
  return readPassphrase(fd === undefined ? { prompt } : { fd: wholeNumber(fd, '--backup-passphrase-fd') });
}

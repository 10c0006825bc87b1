/** The command line: every role and every step on its own, and the whole story as one command. */
import { Command } from 'commander';
import { backupCommand, identityRestoreCommand } from './backup-commands.ts';
import { consumerCommands } from './consumer-commands.ts';
import { demoCommand } from './demo.ts';
import { networkCommand } from './network-commands.ts';
import { printError } from './output.ts';
import { ownerCommands } from './owner-commands.ts';
import { personCommands } from './person-commands.ts';
import { serviceCommands } from './service-commands.ts';
import { verifyCommand } from './verify-command.ts';

/** Does what the words after the program's name say; `process.exitCode` tells whether it could. */
export async function runCommandLine(words: readonly string[]): Promise<void> {
  const program = new Command('vouchsafe')
    .description('Vouch for data, share it safely: prove what data satisfies without showing it, and re-encrypt it for who accepts.')
    .version('0.1.0')
    // An option belongs to the command that it follows: `pkg` and `pkg list` both have a passphrase.
    .enablePositionalOptions()
    .showHelpAfterError();

  program.addCommand(demoCommand());
  program.addCommand(networkCommand());
  program.addCommand(verifyCommand());
  program.addCommand(backupCommand());
  for (const command of [...serviceCommands(), ...personCommands(), ...ownerCommands(), ...consumerCommands()]) program.addCommand(command);
  program.commands.find((command) => command.name() === 'identity')?.addCommand(identityRestoreCommand());

  // Whoever read the output is gone (`| head`): end as at a signal, so that what was begun is put away.
  let unread = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!unread) process.kill(process.pid, 'SIGTERM');
    unread = true;
  });

  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    printError(error);
    process.exitCode = 1;
  }
}

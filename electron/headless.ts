/**
 * The app without windows and without a display: `vouchsafe --headless COMMAND ...` is the command line, whose services run
 * in this process. It is what a server runs of a package, since the packaged app does not serve as Node.
 */
import { join } from 'node:path';
import { app } from 'electron';
import { headlessSwitch, proverWord } from '../core/adapters/own-process.ts';

/** Whether the app is to run without windows. */
export function isHeadless(argv: readonly string[]): boolean {
  return argv.includes(headlessSwitch);
}

/** Runs the command after the switch and ends the app. Call it first, and nothing of the app with windows after it. */
export function runHeadless(argv: readonly string[]): void {
  // Before Electron is ready: the display would be asked for then.
  if (process.platform === 'linux') app.commandLine.appendSwitch('ozone-platform', 'headless');
  // Chromium's own remarks (no message bus, no graphics card) are no output of the command; only what is fatal is.
  app.commandLine.appendSwitch('log-level', '3');
  app.disableHardwareAcceleration();
  // Chromium keeps files of its own, which no command needs; those of the app with windows stay untouched.
  app.setPath('userData', join(app.getPath('userData'), 'headless'));

  const words = argv.slice(argv.indexOf(headlessSwitch) + 1).filter((word) => !isChromiumSwitch(word));
  let done = false;
  // Electron answers signals by quitting; the command has to put away what it holds first.
  app.on('before-quit', (event) => {
    if (done) return;
    event.preventDefault();
    process.emit('SIGTERM', 'SIGTERM');
  });
  void app
    .whenReady()
    .then(() => run(words))
    .then((exitCode) => {
      done = true;
      // What was printed may still be on its way, where output is a pipe.
      process.stdout.write('', () => process.stderr.write('', () => app.exit(exitCode)));
    });
}

/** Resolves when the command is done. A prover ends when its parent does. */
async function run(words: readonly string[]): Promise<number> {
  if (words[0] === proverWord) {
    await import('../core/adapters/prover-process.ts');
    return new Promise(() => undefined);
  }
  const { runCommandLine } = await import('../core/cli/command-line.ts');
  await runCommandLine(words);
  return Number(process.exitCode ?? 0);
}

/** Switches for Chromium that may stand among the words; no command has an option of these names. */
function isChromiumSwitch(word: string): boolean {
  return word === '--no-sandbox' || word.startsWith('--ozone-platform=');
}

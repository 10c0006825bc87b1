/**
 * How this program starts another process of itself. On Electron's Node a file is run; a packaged app does not serve as
 * Node (the fuse RunAsNode is off), so there the app itself is started without windows, told by words what it is to be.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The programs that can be started: the command line, and the one that proves. */
const programs = {
  'command-line': '../cli/main.ts',
  prover: './prover-process.ts',
} as const;
export type OwnProgram = keyof typeof programs;

/** Switch of the app that makes it run without windows. */
export const headlessSwitch = '--headless';
/** Word after {@link headlessSwitch} that makes it the prover; any other is a command of the command line. */
export const proverWord = 'prover-process';

/** What Electron adds to Node's process. */
interface ElectronProcess {
  /** `browser` in the app itself; absent on Electron's Node. */
  readonly type?: string;
  /** Whether Electron was told which app to run. */
  readonly defaultApp?: boolean;
}

/** Starts one. `words` are what a user would type after the program's name. */
export function startOwnProcess(program: OwnProgram, words: readonly string[], stdio: StdioOptions): ChildProcess {
  const { type, defaultApp } = process as unknown as ElectronProcess;
  if (type !== 'browser') {
    const file = fileURLToPath(new URL(programs[program], import.meta.url));
    return spawn(process.execPath, [file, ...words], { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, stdio });
  }
  const app = defaultApp ? [fileURLToPath(new URL('../..', import.meta.url))] : [];
  // Whoever may not use Chromium's sandbox says so with this switch, and the child may not either.
  const inherited = process.argv.filter((word) => word === '--no-sandbox');
  const own = program === 'prover' ? [proverWord] : words;
  return spawn(process.execPath, [...inherited, ...app, headlessSwitch, ...own], { stdio });
}

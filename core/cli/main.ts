/** The command line as a program of Electron's Node. */
import { runCommandLine } from './command-line.ts';

await runCommandLine(process.argv.slice(2));

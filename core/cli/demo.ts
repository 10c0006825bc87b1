/**
 * `vouchsafe demo`: the whole story by one command. Makes a network, runs its services as processes of their own,
 * tells the story with the given data, and says what was checked. Exits with an error if any check fails.
 */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { writing } from '../adapters/atomic-file.ts';
import { AppError } from '../base/app-error.ts';
import { english } from '../base/sentence.ts';
import { createNetwork, networkShape } from '../services/network-creation.ts';
import { networkFolders, smallestGroups } from '../services/network-folders.ts';
import { argumentInvalid, wholeNumber } from './arguments.ts';
import { forceRefusals } from './force.ts';
import { chainIdOf } from './network-source.ts';
import { print } from './output.ts';
import { printDryRun } from './owner-commands.ts';
import { ready, spawnService, stopService } from './service-processes.ts';
import { RequirementNotMet, type StoryListener, type StoryPlan, tellStory } from './story.ts';

const SAMPLE = new URL('../../resources/sample/machine-temperature.csv', import.meta.url);
const OWN_CHAIN_ID = 76401;

interface DemoOptions {
  readonly data?: string;
  readonly column?: string;
  readonly between: readonly string[];
  readonly rows?: string;
  readonly chain?: string;
  readonly keep?: string;
  readonly force?: boolean;
}

/** The command. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('tell the whole story: a real file goes from an owner to a consumer through all ten stages')
    .option('--data <file>', 'CSV file; the sample of 22,695 machine temperatures unless given')
    .option('--column <name>', 'which column the requirement asks for')
    .option('--between <bounds...>', 'every value lies between these two', ['0', '110'])
    .option('--rows <number>', 'take only the first rows of the file')
    .option('--chain <url>', 'use an existing EVM chain over JSON-RPC')
    .option('--keep <folder>', 'keep everything in this new folder')
    .option('--force', 'when the data does not meet the requirement: show the circuit and the contract refusing')
    .action(runDemo);
}

async function runDemo(options: DemoOptions): Promise<void> {
  const [low, high, ...more] = options.between;
  if (low === undefined || high === undefined || more.length > 0) throw argumentInvalid('--between takes two numbers');
  const folder = options.keep ?? (await mkdtemp(join(tmpdir(), 'vouchsafe-demo-')));
  await writing(folder, () => mkdir(folder, { recursive: true }));
  // Made for this run alone; with --keep it is shown, so that the homes can be opened again.
  const passphrase = randomBytes(18).toString('base64url');
  const lock = { passphrase };
  const report = new Report();
  const services: ChildProcess[] = [];
  const leave = async () => {
    await Promise.all(services.map(stopService));
    // An interrupted story may still be writing: what it adds while the folder is taken away is taken away as well.
    if (options.keep === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  const interrupted = (signal: NodeJS.Signals) => {
    print(`\nStopped by ${signal}.`);
    void leave().finally(() => process.exit(1));
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    const data = await dataOf(options, folder);
    const networkHome = join(folder, 'network');
    report.stage(0, 'Make the network');
    const chainId = options.chain === undefined ? OWN_CHAIN_ID : await chainIdOf(options.chain);
    await createNetwork({
      home: networkHome,
      lock,
      name: 'Demo network',
      chainId,
      groups: smallestGroups,
      proxies: 3,
      threshold: 2,
      templates: ['range-1x32'],
      firstPort: 0,
      ...(options.chain === undefined ? {} : { externalChain: { rpcUrl: options.chain, confirmations: 0 } }),
      onStep: (step) => report.progress(english(step)),
    });
    await startServices(services, networkHome, passphrase, report);
    const plan: StoryPlan = {
      folder,
      lock,
      data,
      between: [low, high],
      keywords: ['temperature', 'machine'],
      ...(options.column === undefined ? {} : { column: options.column }),
    };
    try {
      await tellStory(plan, report);
    } catch (error) {
      if (!(error instanceof RequirementNotMet)) throw error;
      report.done('dry run: the data does not meet the requirement');
      printDryRun(error.result);
      if (options.force) await forceRefusals(plan, error, report);
      else print('\nStopped before anything was offered. With --force the circuit and the contract are shown refusing.');
      process.exitCode = 1;
      return;
    }
    report.end();
    if (options.keep !== undefined) print(`Everything is in ${folder}; the passphrase of its homes is ${passphrase}`);
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await leave();
  }
}

/** The file to share: as given, or its first rows. */
async function dataOf(options: DemoOptions, folder: string): Promise<string> {
  const source = options.data ?? fileURLToPath(SAMPLE);
  await access(source, constants.R_OK).catch(() => {
    throw argumentInvalid(`the file ${source} cannot be read`);
  });
  if (options.rows === undefined) return source;
  const rows = wholeNumber(options.rows, '--rows');
  if (rows < 1) throw argumentInvalid('--rows takes at least 1');
  const target = join(folder, 'data.csv');
  const output = createWriteStream(target);
  let left = rows + 1; // the header and the rows; a cell with a line break inside ends up as a shorter file, which is still a file
  for await (const line of createInterface({ input: createReadStream(source), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (left-- === 0) break;
    output.write(`${line}\n`);
  }
  await new Promise<void>((resolve, reject) => output.end((error?: Error | null) => (error ? reject(error) : resolve())));
  return target;
}

/** Starts the network's services, each a process; every one that was started is in `services`, also when a later one fails. */
async function startServices(services: ChildProcess[], networkHome: string, passphrase: string, report: Report): Promise<void> {
  const folders = networkFolders(networkHome, await networkShape(networkHome));
  const start = async (kind: string, homes: readonly string[]): Promise<void> => {
    const service = spawnService(kind, homes, passphrase);
    services.push(service);
    await ready(service, kind, homes.length);
  };
  // A process a group: its validators share what they verified.
  await Promise.all(folders.validators.map((group) => start('validator', group)));
  await Promise.all([start('pkg', [folders.pkg]), ...folders.proxies.map((proxy) => start('proxy', [proxy]))]);
  const validators = folders.validators.flat().length;
  const chain = validators > 0 ? `${validators} validators in ${folders.validators.length} groups, ` : '';
  report.done(`${services.length} services run: ${chain}PKG, ${folders.proxies.length} proxies`);
}

/** Prints the story with the time of each stage. */
class Report implements StoryListener {
  readonly #begun = performance.now();
  #stageBegun = performance.now();
  #stage = '';
  #checks = 0;

  stage(number: number, title: string): void {
    this.#close();
    this.#stage = number === 0 ? title : `Stage ${number}: ${title}`;
    this.#stageBegun = performance.now();
    print(`\n${this.#stage}`);
  }

  done(what: string): void {
    print(`  ${what}`);
  }

  check(what: string, holds: boolean): void {
    if (!holds)
      throw new AppError('DEMO_CHECK_FAILED', {
        what: `Check failed: ${what}.`,
        consequence: 'The story was stopped here.',
        remedy: 'This is a fault of the program: please report it with the output above.',
      });
    this.#checks++;
    print(`  checked: ${what}`);
  }

  progress(what: string): void {
    print(`    ${what}`);
  }

  end(): void {
    this.#close();
    print(`\nAll ${this.#checks} checks hold. ${seconds(performance.now() - this.#begun)} in all.`);
  }

  #close(): void {
    if (this.#stage) print(`  (${seconds(performance.now() - this.#stageBegun)})`);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Tells the story once, with everything that leaves a process recorded, and looks for every secret in all of it: logs,
 * data folders, HTTP traffic and core files.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemRandom } from '../../core/adapters/system-random.ts';
import { ready, spawnService } from '../../core/cli/service-processes.ts';
import { createPhrase } from '../../core/crypto/key-derivation.ts';
import { networkFolders } from '../../core/services/network-folders.ts';
import { createParticipant } from '../../core/services/participant.ts';
import { readServiceDescription, writeServiceDescription } from '../../core/services/service-home.ts';
import { createStoryNetwork, freePortsInARow, type ServiceHomes, storyShape, writeSampleRows } from '../story/story-network.ts';
import type { StoryLine } from '../story/story-process.ts';
import { allowedPlaces } from './allowed-places.ts';
import { allowCoreFiles, endWithCore } from './core-files.ts';
import { findSecrets, type SecretsReport } from './findings.ts';
import { grantSecrets, knownSecrets, type Person } from './known-secrets.ts';
import { TrafficRecorder } from './traffic-recorder.ts';

const passphrase = 'planted passphrase 7c1e: whoever reads this found a leak';
const storyProcess = fileURLToPath(new URL('../story/story-process.ts', import.meta.url));
/** At its beginning the owner still holds the shares and the consumer has not yet opened anything. */
const stageOfCore = '9 ';

export interface SecretsOptions {
  readonly rows: number;
  readonly onNote: (text: string) => void;
}

/** Runs it; the folder is kept, and named in a note, when something is wrong. */
export async function checkSecrets(options: SecretsOptions): Promise<SecretsReport> {
  const folder = await mkdtemp(join(tmpdir(), 'vouchsafe-secrets-'));
  const workingFolder = process.cwd();
  const run = new SecretsRun(options, folder);
  let good = false;
  try {
    const report = await run.run();
    good = report.violations.length === 0;
    return report;
  } finally {
    process.chdir(workingFolder);
    await run.end();
    if (good) await rm(folder, { recursive: true });
    else options.onNote(`everything is kept in ${folder}`);
  }
}

class SecretsRun {
  readonly #options: SecretsOptions;
  readonly #folder: string;
  readonly #recorders: TrafficRecorder[] = [];
  readonly #running = new Map<string, ChildProcess>();
  readonly #violations: string[] = [];
  #coresMissing: string | undefined;

  constructor(options: SecretsOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
  }

  async run(): Promise<SecretsReport> {
    const { onNote, rows } = this.#options;
    for (const name of ['logs', 'traffic', 'cores', 'cores/new']) await mkdir(this.#path(name));
    const data = this.#path('data.csv');
    await writeSampleRows(data, rows);
    const { services } = await createStoryNetwork(this.#folder, passphrase);
    const network = networkFolders(this.#path('network'), storyShape);
    const owner = await this.#person('owner', 'Theodora Planted-Suomalainen');
    const consumer = await this.#person('consumer', 'Casimir Planted-Okonkwo');
    await mkdir(this.#path('cache/vouchsafe'), { recursive: true });
    await symlink(network.artifacts, this.#path('cache/vouchsafe/artifacts'));

    this.#coresMissing = allowCoreFiles(this.#path('cores/new'));
    await this.#startRecorded(services);
    onNote('the services run, each behind a recorder');
    const names = [owner.name, consumer.name];
    await this.#tellStory(data, names, stageOfCore);
    const ofGrant = await grantSecrets(owner.home, { passphrase });
    onNote('the story was ended with SIGABRT in stage 9, and is told again');
    await this.#tellStory(data, names);
    for (const [name, service] of this.#running) await this.#endWithCore(name, service);
    await this.end();

    const secrets = [...ofGrant, ...(await knownSecrets({ passphrase, lock: { passphrase }, owner, consumer, network, data }))];
    onNote(`searching for ${new Set(secrets.map(({ name }) => name)).size} secrets`);
    const findings = await findSecrets({ folder: this.#folder, secrets, places: allowedPlaces, leakInto: 'logs/PKG' });
    return { ...findings, violations: [...this.#violations, ...findings.violations], coresMissing: this.#coresMissing };
  }

  /** Ends what still runs. */
  async end(): Promise<void> {
    for (const child of this.#running.values()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    for (const recorder of this.#recorders.splice(0)) {
      if (recorder.connections === 0) this.#violations.push('a recorder saw no connection: traffic went past it');
      await recorder.stop();
    }
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  /** Makes a home with a planted phrase; the story joins with it. */
  async #person(home: string, name: string): Promise<Person> {
    const phrase = createPhrase(systemRandom);
    const networkFile = await readFile(this.#path('network/network.json'), 'utf8');
    const { participant } = await createParticipant({ home: this.#path(home), lock: { passphrase }, networkFile, phrase });
    await participant.close();
    return { name, contact: `${home}@example.org`, home: this.#path(home), phrase };
  }

  /** Moves every service to another port and puts a recorder on the one that the network file names. */
  async #startRecorded(services: readonly ServiceHomes[]): Promise<void> {
    const listening = await Promise.all(
      services.flatMap(({ homes }) => homes.map(async (home) => (await readServiceDescription(home)).listen.port)),
    );
    let target = await freePortsInARow(listening.length, Math.max(...listening) + 100);
    for (const { name, kind, homes } of services) {
      const label = fileName(name);
      for (const [position, home] of homes.entries()) {
        const description = await readServiceDescription(home);
        const { port } = description.listen;
        const listen = { ...description.listen, port: target, publicHosts: [`127.0.0.1:${port}`] };
        await writeServiceDescription(home, { ...description, listen });
        const recorded = homes.length === 1 ? label : `${label}-${position + 1}`;
        this.#recorders.push(await TrafficRecorder.start({ name: recorded, folder: this.#path('traffic'), port, target }));
        target++;
      }
      const service = spawnService(kind, homes, passphrase);
      this.#log(label, service);
      this.#running.set(label, service);
      await ready(service, kind, homes.length);
    }
  }

  /** Tells the story to its end, or to the stage that begins so, where it is ended with a core file. */
  async #tellStory(data: string, names: readonly string[], untilStage?: string): Promise<void> {
    const story = spawn(process.execPath, [storyProcess, this.#folder, data, ...names], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', XDG_CACHE_HOME: this.#path('cache') },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    this.#running.set('story', story);
    this.#log('story', story);
    (story.stdio[3] as NodeJS.WritableStream).end(`${passphrase}\n`);
    const closed = once(story, 'close') as Promise<[number | null, string | null]>;
    let last = '';
    for await (const text of createInterface({ input: story.stdout as NodeJS.ReadableStream })) {
      const line = JSON.parse(text) as StoryLine;
      if (line.kind !== 'ended') last = `${line.kind}: ${line.text}`;
      if (line.kind === 'stage') this.#options.onNote(`stage ${line.text}`);
      if (untilStage !== undefined && line.kind === 'stage' && line.text.startsWith(untilStage)) await this.#endWithCore('story', story);
    }
    const [code, signal] = await closed;
    this.#running.delete('story');
    if (untilStage === undefined ? code !== 0 : signal !== 'SIGABRT')
      throw new Error(`the story ended with ${signal ?? code} after ${last}`);
  }

  async #endWithCore(name: string, child: ChildProcess): Promise<void> {
    const written = await endWithCore(child, this.#path('cores/new'), this.#path(`cores/${name}`));
    if (!written) this.#coresMissing ??= `the kernel wrote none for ${name}`;
  }

  #log(name: string, child: ChildProcess): void {
    const file = createWriteStream(this.#path(`logs/${name}`), { flags: 'a' });
    child.stdout?.on('data', (bytes) => file.write(bytes));
    child.stderr?.on('data', (bytes) => file.write(bytes));
    child.once('close', () => file.end());
  }
}

function fileName(service: string): string {
  return service.replaceAll(' ', '-');
}

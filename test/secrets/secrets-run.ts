/**
 * Tells the story once, with everything that leaves a process recorded, and looks for every secret in all of it: logs,
 * data folders, HTTP traffic and core files.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemRandom } from '../../core/adapters/system-random.ts';
import { ready, spawnService } from '../../core/cli/service-processes.ts';
import { createPhrase } from '../../core/crypto/key-derivation.ts';
import { networkFolders } from '../../core/services/network-creation.ts';
import { createParticipant } from '../../core/services/participant.ts';
import { readServiceDescription, writeServiceDescription } from '../../core/services/service-home.ts';
import { createStoryNetwork, freePortsInARow, proxyCount, type ServiceHome, writeSampleRows } from '../story/story-network.ts';
import type { StoryLine } from '../story/story-process.ts';
import { allowedPlaces, placeOf } from './allowed-places.ts';
import { leaksOf } from './canaries.ts';
import { allowCoreFiles, endWithCore } from './core-files.ts';
import { patternsOf, type Secret } from './encodings.ts';
import { grantSecrets, knownSecrets, type Person } from './known-secrets.ts';
import { chunkBytes, type Hit, Search } from './search.ts';
import { TrafficRecorder } from './traffic-recorder.ts';

const passphrase = 'planted passphrase 7c1e: whoever reads this found a leak';
const storyProcess = fileURLToPath(new URL('../story/story-process.ts', import.meta.url));
/** At its beginning the owner still holds the shares and the consumer has not yet opened anything. */
const stageOfCore = '9 ';

export interface SecretsOptions {
  readonly rows: number;
  readonly onNote: (text: string) => void;
}

export interface SecretsReport {
  readonly secrets: number;
  readonly patterns: number;
  /** Files and bytes that were searched, by the kind of place. */
  readonly searched: ReadonlyMap<string, { files: number; bytes: number }>;
  /** Why there are no core files, if there are none. */
  readonly coresMissing: string | undefined;
  /** Finds in allowed places, by the place's reason: the names of the secrets. */
  readonly expected: ReadonlyMap<string, ReadonlySet<string>>;
  /** Each is a sentence; none is good. */
  readonly violations: readonly string[];
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
    const network = networkFolders(this.#path('network'), proxyCount);
    const owner = await this.#person('owner', 'Theodora Planted-Suomalainen');
    const consumer = await this.#person('consumer', 'Casimir Planted-Okonkwo');
    await mkdir(this.#path('cache/vouchsafe'), { recursive: true });
    await symlink(network.artifacts, this.#path('cache/vouchsafe/artifacts'));

    this.#coresMissing = allowCoreFiles(this.#path('cores/new'));
    await this.#startRecorded(services);
    onNote('the services run, each behind a recorder');
    const names = [owner.name, consumer.name];
    await this.#tellStory(data, names, stageOfCore);
    const ofGrant = await grantSecrets(owner.home, passphrase);
    onNote('the story was ended with SIGABRT in stage 9, and is told again');
    await this.#tellStory(data, names);
    for (const [name, service] of this.#running) await this.#endWithCore(name, service);
    await this.end();

    const secrets = [...ofGrant, ...(await knownSecrets({ passphrase, owner, consumer, network, data }))];
    onNote(`searching for ${new Set(secrets.map(({ name }) => name)).size} secrets`);
    const patterns = secrets.flatMap(patternsOf);
    const search = new Search(patterns);
    await this.#canaries(search, secrets);
    return { ...(await this.#searchAll(search)), secrets: secrets.length, patterns: patterns.length, coresMissing: this.#coresMissing };
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
  async #startRecorded(services: readonly ServiceHome[]): Promise<void> {
    const { listen: named } = await readServiceDescription((services[0] as ServiceHome).home);
    const moved = await freePortsInARow(services.length, named.port + services.length);
    for (const [position, { name, kind, home }] of services.entries()) {
      const description = await readServiceDescription(home);
      const { port } = description.listen;
      const target = moved + position;
      const listen = { ...description.listen, port: target, publicHosts: [`127.0.0.1:${port}`] };
      await writeServiceDescription(home, { ...description, listen });
      const label = fileName(name);
      this.#recorders.push(await TrafficRecorder.start({ name: label, folder: this.#path('traffic'), port, target }));
      const service = spawnService(kind, home, passphrase);
      this.#log(label, service);
      this.#running.set(label, service);
      await ready(service, kind);
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

  /** Leaks every secret into a copy of a log, one file an encoding, and demands that each is found. */
  async #canaries(search: Search, secrets: readonly Secret[]): Promise<void> {
    const log = await readFile(this.#path('logs/PKG'));
    // The first leak lies across the end of what is read at a time.
    const before = Buffer.alloc(chunkBytes - 10, log);
    const leaks = secrets.flatMap((secret) => leaksOf(secret).map(([encoding, leak]) => ({ secret, encoding, leak })));
    for (const [encoding, group] of Map.groupBy(leaks, (leak) => leak.encoding)) {
      const copy = this.#path('canary');
      await writeFile(copy, Buffer.concat([before, ...group.flatMap(({ leak }) => [leak, Buffer.from('\n')])]));
      const found = new Set((await search.file(copy)).map(({ pattern }) => pattern.secret));
      await rm(copy);
      for (const { secret } of group)
        if (!found.has(secret)) this.#violations.push(`the search does not find ${secret.name} as ${encoding}`);
    }
  }

  async #searchAll(search: Search): Promise<Pick<SecretsReport, 'searched' | 'expected' | 'violations'>> {
    const searched = new Map<string, { files: number; bytes: number }>();
    const expected = new Map<string, Set<string>>(allowedPlaces.map(({ reason }) => [reason, new Set()]));
    for (const path of await filesBelow(this.#folder)) {
      const file = relative(this.#folder, path);
      const kind = file.split('/')[0] as string;
      const counted = searched.get(kind) ?? { files: 0, bytes: 0 };
      searched.set(kind, { files: counted.files + 1, bytes: counted.bytes + (await stat(path)).size });
      for (const hit of [...(await search.file(path)), ...search.bytes(Buffer.from(file), `the name ${file}`)])
        this.#judge(hit, file, expected);
      if (kind === 'traffic' && /^content-encoding:/im.test(await readFile(path, 'latin1')))
        this.#violations.push(`${file} is compressed: the search is blind there`);
    }
    return { searched, expected, violations: this.#violations };
  }

  #judge(hit: Hit, file: string, expected: Map<string, Set<string>>): void {
    const allowed = placeOf(hit, file);
    if (allowed === undefined)
      this.#violations.push(`${file} holds ${hit.pattern.secret.name} (${hit.pattern.encoding}) at byte ${hit.offset}`);
    else expected.get(allowed.reason)?.add(hit.pattern.secret.name);
  }
}

/** All files below a folder; links are not followed, what they name is below it as well. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function fileName(service: string): string {
  return service.replaceAll(' ', '-');
}

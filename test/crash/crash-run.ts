/**
 * Tells stories over a network whose processes are killed at random moments, until so many kills have happened and the
 * last story has come to its end; then looks at everything that was left.
 */
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { spawnService } from '../../core/cli/service-processes.ts';
import { createStoryNetwork, writeSampleRows } from '../story/story-network.ts';
import { type Acknowledgement, type Aftermath, examineHomes, examineStories } from './aftermath.ts';
import { killPlan, type PlannedKill } from './kill-plan.ts';
import { ProcessUnderFire } from './process-under-fire.ts';
import { StoryUnderFire } from './story-under-fire.ts';

const passphrase = 'correct horse battery staple';
/** A proof takes the longest of all steps; a workflow killed more often than this in one of them would never end. */
const workflowKillsPerNewsMax = 2;
/** Longest wait for news of the story before a kill that waits for them happens anyway. */
const newsWaitMsMax = 8_000;
/** A story that says nothing for so long hangs. */
const silenceMsMax = 300_000;
/** After the last kill, for so long a step may still have met a service that was down. */
const recoveryMs = 30_000;
const pollMs = 200;

export interface CrashOptions {
  readonly kills: number;
  readonly seed: string;
  /** Rows of the sample that each story shares. */
  readonly rows: number;
  readonly onNote: (text: string) => void;
}

export interface CrashReport {
  readonly kills: number;
  readonly stories: number;
  /** Kills by victim, and by the stage of the story in which they happened. */
  readonly byVictim: ReadonlyMap<string, number>;
  readonly byStage: ReadonlyMap<string, number>;
  /** Kills of a service that had not yet said that it was ready. */
  readonly whileStarting: number;
  /** Steps that found a service down, by their error code. */
  readonly interrupted: ReadonlyMap<string, number>;
  readonly aftermath: Aftermath;
}

/** Runs it; the folder is kept, and named in a note, when something is wrong. */
export async function crash(options: CrashOptions): Promise<CrashReport> {
  const folder = await mkdtemp(join(tmpdir(), 'vouchsafe-crash-'));
  let good = false;
  try {
    const report = await new CrashRun(options, folder).run();
    good = report.aftermath.violations.length === 0;
    return report;
  } finally {
    if (good) await rm(folder, { recursive: true });
    else options.onNote(`everything is kept in ${folder}; the passphrase of its homes is "${passphrase}"`);
  }
}

class CrashRun {
  readonly #options: CrashOptions;
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #services = new Map<string, ProcessUnderFire>();
  readonly #ready = new Set<string>();
  readonly #stories: StoryUnderFire[] = [];
  readonly #storyFolders: string[] = [];
  readonly #acknowledged: Acknowledgement[] = [];
  readonly #byVictim = new Map<string, number>();
  readonly #byStage = new Map<string, number>();
  readonly #found: Aftermath = { violations: [], transactions: 0, identityKeys: 0, ciphertexts: 0, documents: 0, blocks: 0 };
  #kills = 0;
  #whileStarting = 0;
  #lastKillMs = Number.NEGATIVE_INFINITY;

  constructor(options: CrashOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    // Keys are fetched anew, under fire, not taken from the user's cache.
    this.#environment = { ...process.env, ELECTRON_RUN_AS_NODE: '1', XDG_CACHE_HOME: join(folder, 'cache') };
  }

  async run(): Promise<CrashReport> {
    const { kills, seed, rows, onNote } = this.#options;
    const data = join(this.#folder, 'data.csv');
    await writeSampleRows(data, rows);
    const { network, services } = await createStoryNetwork(this.#folder, passphrase);
    onNote(`a network of ${services.length} processes is made`);
    try {
      for (const { name, kind, homes } of services) this.#startService(name, kind, homes);
      await this.#untilReady();
      let story = await this.#tellNextStory(data);
      const plan = killPlan(seed);
      while (this.#kills < kills) {
        if (!story.process.running) story = await this.#tellNextStory(data);
        await this.#perform(plan.next().value, story);
      }
      await this.#untilTold(story);
      await this.#untilReady();
      const traces = await examineStories(network, this.#storyFolders, data, passphrase, this.#found);
      await this.#stopServices();
      await examineHomes(this.#folder, this.#storyFolders, traces, this.#acknowledged, passphrase, this.#found);
    } finally {
      await Promise.all([...this.#services.values(), ...this.#stories.map(({ process }) => process)].map((each) => each.kill()));
    }
    return this.#report();
  }

  #startService(name: string, kind: string, homes: readonly string[]): void {
    let ready = 0;
    const service = new ProcessUnderFire({
      name,
      spawn: () => {
        this.#ready.delete(name);
        ready = 0;
        return spawnService(kind, homes, passphrase);
      },
      onLine: (line) => {
        if (line.startsWith('ready: ') && ++ready === homes.length) this.#ready.add(name);
        const [, event, data] = /^\S+ ([a-z-]+) (\{.*\})$/.exec(line) ?? [];
        if (event !== undefined && data !== undefined) this.#acknowledged.push({ service: name, event, data: JSON.parse(data) });
        if (line.includes('request-failed') || line.includes('was given up')) this.#violation(`${name} says: ${line}`);
      },
      onEnd: (code, signal, tail) => {
        this.#violation(`${name} ended by itself with ${signal ?? code}: ${tail}`);
        return true;
      },
    });
    this.#services.set(name, service);
    service.start();
  }

  /** A folder of its own for each story, all over the one network. */
  async #tellNextStory(data: string): Promise<StoryUnderFire> {
    const number = this.#stories.length + 1;
    const folder = join(this.#folder, `story-${number}`);
    await mkdir(folder);
    await symlink(join(this.#folder, 'network'), join(folder, 'network'));
    const story = new StoryUnderFire({
      folder,
      data,
      passphrase,
      environment: this.#environment,
      underFire: () => performance.now() - this.#lastKillMs < recoveryMs,
      onViolation: (what) => this.#violation(`story ${number}: ${what}`),
      onTold: (text) => this.#options.onNote(`  story ${number}: ${text}`),
    });
    this.#stories.push(story);
    this.#storyFolders.push(folder);
    story.process.start();
    return story;
  }

  async #perform({ victim, after, delayMs }: PlannedKill, story: StoryUnderFire): Promise<void> {
    const wait = (until: Promise<void>, ms: number) => Promise.race([until, patience(ms), story.finished]);
    if (after === 'next-news') await wait(story.nextNews(), newsWaitMsMax);
    await delay(delayMs);
    if (victim === 'workflow') {
      while (story.process.running && story.killsSinceNews >= workflowKillsPerNewsMax)
        await wait(story.nextNews(), this.#patienceLeft(story));
    }
    const target = victim === 'workflow' ? story.process : this.#services.get(victim);
    const { stage } = story;
    const starting = victim !== 'workflow' && !this.#ready.has(victim);
    this.#lastKillMs = performance.now();
    // A story that has just ended cannot be killed: the kill does not count.
    if (!(await target?.strike())) return;
    if (victim === 'workflow') story.countKill();
    if (starting) this.#whileStarting++;
    this.#kills++;
    count(this.#byVictim, victim);
    count(this.#byStage, stage);
    this.#options.onNote(`kill ${this.#kills}: ${victim} in stage ${stage}${starting ? ', as it was starting' : ''}`);
  }

  /** Milliseconds that the story may still be silent. Throws when there are none. */
  #patienceLeft(story: StoryUnderFire): number {
    const left = silenceMsMax - story.silentMs;
    if (left <= 0) throw new Error(`the story hangs in stage ${story.stage}`);
    return left;
  }

  async #untilTold(story: StoryUnderFire): Promise<void> {
    while (story.process.running) await Promise.race([story.finished, patience(this.#patienceLeft(story))]);
  }

  async #untilReady(): Promise<void> {
    while (this.#ready.size < this.#services.size) await delay(pollMs);
  }

  async #stopServices(): Promise<void> {
    for (const service of this.#services.values()) await service.stop();
  }

  #violation(what: string): void {
    this.#found.violations.push(what);
    this.#options.onNote(`WRONG: ${what}`);
  }

  #report(): CrashReport {
    const interrupted = new Map<string, number>();
    for (const story of this.#stories)
      for (const [code, times] of story.interrupted) interrupted.set(code, (interrupted.get(code) ?? 0) + times);
    return {
      kills: this.#kills,
      stories: this.#stories.length,
      byVictim: this.#byVictim,
      byStage: this.#byStage,
      whileStarting: this.#whileStarting,
      interrupted,
      aftermath: this.#found,
    };
  }
}

/** A wait that does not keep the program from ending. */
function patience(ms: number): Promise<void> {
  return delay(ms, undefined, { ref: false });
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/**
 * Uses the app with planted secrets, from the first start over a whole trade to crashes made on purpose, and looks for every
 * secret in what crossed between its processes, in the memory of each of them at three moments, in all that it wrote to
 * disk, in its log, and in what its crashes left. Linux only: elsewhere the memory of another process cannot be read.
 */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';
import { z } from 'zod';
import { systemSealing } from '../../core/adapters/argon2id.ts';
import { systemRandom } from '../../core/adapters/system-random.ts';
import { fromHex, type Hex, toHex, utf8 } from '../../core/base/bytes.ts';
import { createPhrase } from '../../core/crypto/key-derivation.ts';
import { openDocument } from '../../core/crypto/sealed-document.ts';
import { networkFolders } from '../../core/services/network-folders.ts';
import { launch, type RunningApp } from '../e2e/app.ts';
import { ask, until } from '../e2e/bridge.ts';
import { tradeSample } from '../e2e/sample-trade.ts';
import { appPlaces } from './app-places.ts';
import { allowCoreFiles } from './core-files.ts';
import type { Secret } from './encodings.ts';
import { findSecrets, type SecretsReport } from './findings.ts';
import { grantSecrets, knownSecrets } from './known-secrets.ts';
import { copyMemory } from './process-memory.ts';

const passphrase = 'planted passphrase 3b9d: whoever reads this found a leak';
const recordedApp = fileURLToPath(new URL('./recorded-app.ts', import.meta.url));
const rows = 12;
const proxies = 3;
/** How long a step of the window may take on a machine with much to do. */
const patienceMs = 300_000;
const coins = (10n ** 20n).toString();
const names = { owner: 'Theodora Planted-Suomalainen', consumer: 'Casimir Planted-Okonkwo' } as const;

/** Runs it; the folder is kept, and named in a note, when something is wrong. */
export async function checkAppSecrets(onNote: (text: string) => void): Promise<SecretsReport> {
  const folder = await mkdtemp(join(tmpdir(), 'vouchsafe-secrets-app-'));
  const run = new AppRun(folder, onNote);
  let good = false;
  try {
    const findings = await run.run();
    good = findings.violations.length === 0;
    return findings;
  } finally {
    await run.end();
    if (good) await rm(folder, { recursive: true });
    else onNote(`everything is kept in ${folder}`);
  }
}

class AppRun {
  readonly #folder: string;
  readonly #onNote: (text: string) => void;
  /** Names by which files speak of the ids that the app made. */
  readonly #roles = new Map<string, string>();
  #running: RunningApp | undefined;
  #coresMissing: string | undefined;

  constructor(folder: string, onNote: (text: string) => void) {
    this.#folder = folder;
    this.#onNote = onNote;
  }

  async run(): Promise<SecretsReport> {
    for (const name of ['memory', 'crashes', 'user-data', 'log']) await mkdir(this.#path(name));
    await plantedData(this.#path('data.csv'));
    this.#coresMissing = allowCoreFiles(this.#path('crashes'));
    const running = await launch({
      program: recordedApp,
      userData: this.#path('user-data'),
      environment: { VOUCHSAFE_RECORDED: this.#path('recorded') },
      // Chromium forbids every process to read a page's memory; here it is what is searched.
      words: ['--allow-sandbox-debugging'],
    });
    this.#running = running;
    const { window } = running;
    running.app.context().setDefaultTimeout(patienceMs);
    // What must be found again wherever the window's memory is: else the copy of it is not what it is taken for.
    const control = `planted in the page ${toHex(systemRandom.bytes(16))}`;
    await window.evaluate((text) => Reflect.set(globalThis, 'planted', text), control);

    await this.#choosePassphrase();
    const { networkId } = await ask(window, 'ownNetwork.create', { name: 'Planted network', proxies, threshold: 2 });
    this.#roles.set(networkId, 'network');
    this.#onNote('the network runs');
    const owner = await this.#ownerWithNewPhrase(networkId);
    const consumer = await this.#consumerWithTypedPhrase(networkId);
    this.#onNote('two people have joined');
    await this.#import(owner.id);
    const { offerId } = await tradeSample(window, { owner: owner.id, consumer: consumer.id }, rows);
    this.#onNote('the consumer has received the data');
    const homeOf = (id: string) => this.#path(join('user-data', 'profiles', id));
    // The owner keeps the shares only while the grant lives: the sealed documents of now.
    await cp(homeOf(owner.id), this.#path('at-grant'), { recursive: true });
    await this.#copyMemories('nobody looks');
    await window.evaluate((route) => Reflect.set(Reflect.get(globalThis, 'location'), 'hash', route), `/received/${offerId}`);
    await window
      .getByText((await readFile(this.#path('data.csv'), 'utf8')).split('\n')[1]?.split(',')[1] as string)
      .first()
      .waitFor();
    await this.#copyMemories('the data is shown');
    await this.#crash(`vault-${owner.id}`);
    await this.#crash('data');
    await this.#crashPage();
    const key = await this.#sealingKey();
    await this.end();
    await writeFile(this.#path('log/app'), running.output());
    for (const place of ['recorded/ports', ...(await readdir(this.#path('memory'))).map((moment) => join('memory', moment))])
      await this.#nameByRole(this.#path(place));

    const lock = { key };
    const ofGrant = await grantSecrets(this.#path('at-grant'), lock);
    await rm(this.#path('at-grant'), { recursive: true });
    const secrets: Secret[] = [
      ...ofGrant,
      ...(await knownSecrets({
        passphrase,
        lock,
        owner: { name: names.owner, contact: 'owner@example.org', home: homeOf(owner.id), phrase: owner.phrase },
        consumer: { name: names.consumer, contact: 'consumer@example.org', home: homeOf(consumer.id), phrase: consumer.phrase },
        network: networkFolders(this.#path(join('user-data', 'networks', networkId)), { proxies, groups: [3, 3, 3, 3] }),
        data: this.#path('data.csv'),
      })),
      { name: 'the sealing key', bytes: key, form: 'number' },
      { name: 'what was planted in the page', bytes: utf8(control), form: 'text' },
    ];
    this.#onNote(`searching for ${new Set(secrets.map(({ name }) => name)).size} secrets`);
    const findings = await findSecrets({ folder: this.#folder, secrets, places: appPlaces, leakInto: 'memory/nobody looks/main window' });
    return { ...findings, coresMissing: this.#coresMissing };
  }

  /** Ends the app if it runs. */
  async end(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.close();
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  get #app(): RunningApp {
    if (this.#running === undefined) throw new Error('the app does not run');
    return this.#running;
  }

  /** Makes a call that opens the secret window, and answers it there. */
  async #answering<Result>(call: () => Promise<Result>, answer: (secretWindow: Page) => Promise<void>): Promise<Result> {
    const opened = this.#app.app.waitForEvent('window', { timeout: patienceMs });
    const [result] = await Promise.all([call(), opened.then(answer)]);
    return result;
  }

  #choosePassphrase(): Promise<unknown> {
    return this.#answering(
      () => ask(this.#app.window, 'lock.begin', { withPassphrase: true }),
      async (secretWindow) => {
        for (const field of await fieldsOf(secretWindow, 2)) await field.fill(passphrase);
        await submit(secretWindow);
      },
    );
  }

  /** A profile whose phrase the app makes and shows; all memory is copied while it is shown. */
  async #ownerWithNewPhrase(networkId: string) {
    let words: string[] = [];
    const { profileId } = await this.#answering(
      () => ask(this.#app.window, 'profile.create', { ...this.#person('owner', networkId), restore: false }),
      async (secretWindow) => {
        await secretWindow.locator('ol li').nth(23).waitFor();
        words = (await secretWindow.locator('ol li').allTextContents()).map((text) => text.replace(/^\d+/, ''));
        await this.#copyMemories('the phrase is shown');
        await submit(secretWindow);
        for (const field of await fieldsOf(secretWindow, 3)) {
          const place = Number(/\d+/.exec(await labelOf(field))?.[0]);
          await field.fill(words[place - 1] as string);
        }
        await submit(secretWindow);
      },
    );
    this.#roles.set(profileId, 'owner');
    return { id: profileId, phrase: words.join(' ') };
  }

  /** A profile whose phrase is typed, as by somebody who comes back; the PKG's operator lets it in. */
  async #consumerWithTypedPhrase(networkId: string) {
    const { window } = this.#app;
    const phrase = createPhrase(systemRandom);
    const { profileId } = await this.#answering(
      () => ask(window, 'profile.create', { ...this.#person('consumer', networkId), restore: true }),
      async (secretWindow) => {
        const fields = await fieldsOf(secretWindow, 24);
        for (const [place, word] of phrase.split(' ').entries()) await fields[place]?.fill(word);
        await submit(secretWindow);
      },
    );
    this.#roles.set(profileId, 'consumer');
    const applications = await ask(window, 'ownNetwork.applications', { networkId });
    for (const { applicationId, state } of applications)
      if (state === 'pending') await ask(window, 'ownNetwork.decide', { networkId, applicationId, outcome: 'approve', reason: '' });
    const { pseudonyms } = await ask(window, 'identity.enrol', { count: 4 });
    await ask(window, 'ownNetwork.fund', { networkId, address: pseudonyms[0]?.address ?? '', amount: coins });
    return { id: profileId, phrase };
  }

  #person(who: 'owner' | 'consumer', networkId: string) {
    return { name: who, realName: names[who], contact: `${who}@example.org`, roles: [who], network: { own: networkId } };
  }

  /** Imports the data for the owner. The window asks for no look at it: whoever looks has rows in the page's memory. */
  async #import(profileId: string): Promise<void> {
    const { app, window } = this.#app;
    await ask(window, 'profile.switch', { profileId });
    await app.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [path] });
    }, this.#path('data.csv'));
    const file = await ask(window, 'file.choose', { kind: 'data' });
    await ask(window, 'dataset.import', {
      file: file?.token ?? '',
      name: 'Planted readings',
      columns: [
        { source: 0, name: 'timestamp', unit: '', type: 'time', scale: 0, width: 64 },
        { source: 1, name: 'value', unit: '', type: 'number', scale: 6, width: 32 },
      ],
      reading: { delimiter: ',', header: true, decimalMark: '.', time: { format: 'calendar', zoneOffsetMinutes: 0 } },
      keywords: ['temperature'],
      pseudonymIndex: 0,
    });
  }

  /** Copies the memory of every process of the app. */
  async #copyMemories(moment: string): Promise<void> {
    const folder = this.#path(join('memory', moment));
    await mkdir(folder);
    let bytes = 0;
    const processes = await this.#processes();
    for (const { pid, name } of processes) bytes += copyMemory(pid, join(folder, name));
    this.#onNote(`${moment}: the memory of ${processes.length} processes, ${Math.round(bytes / 2 ** 20)} MiB`);
  }

  /** All processes of the app, each named once. Services have the names of their ids, pages those of their windows. */
  async #processes(): Promise<{ readonly pid: number; readonly name: string }[]> {
    const { metrics, pages } = await this.#app.app.evaluate(({ app, webContents }) => ({
      metrics: app.getAppMetrics().map(({ pid, type, name, serviceName }) => ({ pid, type, name, serviceName })),
      pages: webContents.getAllWebContents().map((contents) => ({ pid: contents.getOSProcessId(), url: contents.getURL() })),
    }));
    const named = new Map<string, number>();
    return metrics.map(({ pid, type, name = '' }) => {
      const page = pages.find((each) => each.pid === pid);
      const isSecret = page?.url.includes('/secret.html') === true;
      const service = /^vouchsafe-(.*)$/.exec(name)?.[1];
      const plain =
        page === undefined
          ? (service ?? (type === 'Browser' ? 'main' : `${type} ${name}`.trim()))
          : isSecret
            ? 'secret window'
            : 'main window';
      const times = (named.get(plain) ?? 0) + 1;
      named.set(plain, times);
      return { pid, name: times === 1 ? plain : `${plain} ${times}` };
    });
  }

  /** Crashes a service, keeps what the crash left, and waits until the app has started it again. */
  async #crash(service: string): Promise<void> {
    const { window } = this.#app;
    const before = (await ask(window, 'app.services', {})).find(({ id }) => id === service);
    const found = (await this.#processes()).find(({ name }) => name === service);
    if (found === undefined || before === undefined) throw new Error(`there is no service ${service}`);
    process.kill(found.pid, 'SIGABRT');
    await until(
      `the next start of ${service}`,
      () => ask(window, 'app.services', {}),
      (services) => services.some(({ id, state, restarts }) => id === service && state === 'running' && restarts > before.restarts),
    );
    const name = service.startsWith('vault') ? 'vault' : service;
    if (!(await this.#keepCores(name))) this.#coresMissing ??= `the kernel wrote none for ${name}`;
  }

  /** Crashes the page of the main window. */
  async #crashPage(): Promise<void> {
    const { app } = this.#app;
    const crashed = app.evaluate(
      ({ BrowserWindow }) =>
        new Promise<string>((resolve) => {
          const contents = BrowserWindow.getAllWindows()[0]?.webContents;
          contents?.once('render-process-gone', (_, { reason }) => resolve(reason));
          contents?.forcefullyCrashRenderer();
        }),
    );
    this.#onNote(`the page ended: ${await crashed}`);
    await this.#keepCores('main window');
  }

  /** Core files are written to a process' working folder, which is that of the user's data. */
  async #keepCores(name: string): Promise<boolean> {
    const cores = (await readdir(this.#path('user-data'))).filter((file) => /^core(\.\d+)?$/.test(file));
    for (const core of cores) await packSparse(this.#path('user-data'), core, this.#path(join('crashes', name)));
    this.#onNote(`the crash of ${name} left ${cores.length === 0 ? 'no core file' : 'a core file'}`);
    return cores.length > 0;
  }

  /** Opened as the app opens it: by the system's keychain, which main alone can ask, and by the passphrase. */
  async #sealingKey(): Promise<Uint8Array> {
    const { state } = z
      .object({ state: z.object({ keychain: z.object({ mode: z.literal('keychain-and-passphrase'), sealed: z.string() }) }) })
      .parse(JSON.parse(await readFile(this.#path('user-data/installation.json'), 'utf8')));
    const sealed = await this.#app.app.evaluate(
      ({ safeStorage }, text) => safeStorage.decryptString(Buffer.from(text, 'base64')),
      state.keychain.sealed,
    );
    const opened = (await openDocument(systemSealing, 'sealing-key', { passphrase }, fromHex(sealed as Hex))) as { key: Hex };
    return fromHex(opened.key);
  }

  /** Names with roles in place of ids. */
  #byRole(name: string): string {
    return [...this.#roles].reduce((text, [id, role]) => text.replaceAll(id, role), name);
  }

  async #nameByRole(folder: string): Promise<void> {
    for (const name of await readdir(folder)) await rename(join(folder, name), join(folder, this.#byRole(name)));
  }
}

/** The fields of a page, once there are so many. */
async function fieldsOf(page: Page, count: number) {
  const fields = page.locator('input');
  await fields.nth(count - 1).waitFor();
  return fields.all();
}

/** The label that a field has. */
function labelOf(field: Awaited<ReturnType<typeof fieldsOf>>[number]): Promise<string> {
  return field.evaluate((element) => (element as unknown as { labels: { textContent: string }[] }).labels[0]?.textContent ?? '');
}

function submit(page: Page): Promise<void> {
  return page.locator('button[type=submit]').click();
}

/** Real readings with six decimals each, which is how a table shows them. */
async function plantedData(path: string): Promise<void> {
  const sample = await readFile(new URL('../../resources/sample/machine-temperature.csv', import.meta.url), 'utf8');
  const [header, ...lines] = sample.split('\n', rows + 1);
  const planted = lines.map((line) => {
    const [time, value] = line.split(',');
    // The last digit is no zero, which a table would leave out.
    return `${time},${Number(value).toFixed(5)}7`;
  });
  await writeFile(path, `${[header, ...planted].join('\n')}\n`);
}

/** Packs a file without its holes and takes it away. */
async function packSparse(folder: string, name: string, target: string): Promise<void> {
  execFileSync('tar', ['--create', '--sparse', '--hole-detection=seek', '--file', target, '--directory', folder, name]);
  await rm(join(folder, name));
}

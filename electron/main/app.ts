/** The app, put together: which part of main gives what to which, and nothing else. */
import { setTimeout } from 'node:timers/promises';
import { app, clipboard, dialog, nativeTheme, powerMonitor, session } from 'electron';
import { writeFileAtomically } from '../../core/adapters/atomic-file.ts';
import { assert } from '../../core/base/assert.ts';
import { utf8 } from '../../core/base/bytes.ts';
import { english, type Said } from '../../core/base/sentence.ts';
import { events, type RequestOf } from '../ipc-contract.ts';
import { chosenLanguage, inLanguage } from '../language.ts';
import { answerOf, viewOfError } from '../link.ts';
import type { AppView, ErrorView, SettingsView } from '../views.ts';
import { serveApp } from './app-protocol.ts';
import { AutoLock } from './auto-lock.ts';
import { Backups } from './backups.ts';
import { CallRouting, type MainAnswers, unanswered } from './call-routing.ts';
import { applySessionRules } from './content-rules.ts';
import { routeOfLink } from './deep-links.ts';
import { diagnosticsText, logsText } from './diagnostics.ts';
import { ChosenFiles } from './files.ts';
import { Installation } from './installation.ts';
import { openInstallationFile } from './installation-file.ts';
import { passphraseSealing, systemKeychain } from './keychain.ts';
import { Lock } from './lock.ts';
import { setMenu } from './menu.ts';
import { readNetworkText, viewOfNetworkFile } from './network-files.ts';
import { Networks } from './networks.ts';
import { showNotice } from './notifications.ts';
import { rendererFolder, sampleFile, userPlaces } from './places.ts';
import { Profiles, vaultId } from './profiles.ts';
import { endWithServices } from './quit.ts';
import { answerWindow } from './router.ts';
import { trySample } from './sample.ts';
import { SecretWindow } from './secret-window.ts';
import { utilityProcesses } from './service-forks.ts';
import { ServiceLogs } from './service-logs.ts';
import { Services } from './services.ts';
import { Tasks } from './tasks.ts';
import { showTray } from './tray.ts';
import { clearUnfinished } from './unfinished.ts';
import { checkForUpdate, updatesItself, watchForUpdates } from './updates.ts';
import { windowStateFile } from './window-state-file.ts';
import { MainWindow } from './windows.ts';

/** What the program's start passes on to the app. */
export interface RunningApp {
  followLink(link: string): void;
  showWindow(): void;
}

const topicsEvent = events['data.changed'];
/** Files that the dialog for each kind of choice shows. */
const filtersOf: Record<RequestOf<'file.choose'>['kind'], Electron.FileFilter[]> = {
  data: [
    { name: 'CSV', extensions: ['csv', 'tsv', 'txt'] },
    { name: '*', extensions: ['*'] },
  ],
  network: [{ name: 'JSON', extensions: ['json'] }],
  backup: [{ name: 'Vouchsafe', extensions: ['vouchsafe-backup'] }],
};

/** Puts the app together and opens its window. */
export function startApp(): RunningApp {
  const userData = app.getPath('userData');
  const places = userPlaces(userData);
  applySessionRules(session.defaultSession);
  serveApp(session.defaultSession, rendererFolder);

  const { store, unreadable } = openInstallationFile(userData);
  const language = () => chosenLanguage(installation.state.settings.language, app.getSystemLocale());
  const words = (said: Said) => inLanguage(said, language());
  const window = new MainWindow(windowStateFile(userData), words);
  let updateTray = (): void => undefined;
  const changed = () => {
    window.tell('app.changed', {});
    updateTray();
  };

  const installation = new Installation(store, changed);
  nativeTheme.themeSource = installation.state.settings.theme;
  // Its process starts while the rest is put together; it asks nothing before this function has ended.
  window.show();

  const logs = new ServiceLogs();
  const log = (line: string) => logs.add('main', line);
  const services = new Services(utilityProcesses, logs, () => {
    window.tell('services.changed', {});
    // Networks show the state of their services.
    window.tell('app.changed', {});
  });
  const tasks = new Tasks({
    changed: () => window.tell('tasks.changed', {}),
    progress: (id, progress) => window.tell('task.progress', { id, progress }),
  });
  const files = new ChosenFiles();
  const networkText = (token: string) => files.text(token, readNetworkText);
  const secretWindow = new SecretWindow(
    () => window.window,
    () => installation.state.settings.language,
  );
  const ask: SecretWindow['ask'] = (purpose, accept) => secretWindow.ask(purpose, accept);

  const go = (route: string, confirm = false) => {
    window.show();
    window.tell('app.go', { route, confirm });
  };
  const onEvent = (service: string, event: string, value: unknown) => {
    const profile = installation.state.profiles.find(({ id }) => vaultId(id) === service)?.id;
    if (event === 'ended') tasks.forgetWork(service);
    if (event === 'work') tasks.noteWork(service, value, (id) => void services.call(service, 'cancelWork', { id }).catch(() => undefined)); // it may have ended
    if (event === 'notice' && profile !== undefined)
      showNotice(
        {
          words,
          isWanted: () => installation.state.settings.notifications && !window.isFocused,
          open: (id, route) => {
            if (installation.state.activeProfile !== id) installation.update({ activeProfile: id });
            go(route);
          },
        },
        profile,
        value,
      );
    if (event !== 'changed' && event !== 'data.changed') return;
    const told = topicsEvent.safeParse(value).data;
    if (told !== undefined && (profile === undefined || profile === installation.state.activeProfile)) window.tell('data.changed', told);
  };

  const lock = new Lock(installation, {
    system: systemKeychain,
    sealing: passphraseSealing,
    ask,
    unlocked: () => {
      services.resume('LOCKED');
      networks.startWanted();
      void profiles.startVaults();
    },
    dismiss: () => secretWindow.dismiss(),
    locking: async () => {
      tasks.cancelOfMain();
      await services.stopKinds(['vault', 'operator', 'data', 'prover']);
      files.clear();
      tasks.forgetEnded();
    },
    leaving: () => services.stopKinds(['proxy', 'pkg', 'validator']),
    changed,
    wait: (ms) => setTimeout(ms),
  });
  const key = () => lock.key();
  const networks = new Networks({ services, installation, places, key, onEvent });
  const profiles = new Profiles({
    services,
    installation,
    networks,
    places,
    key,
    ask,
    onEvent,
    networkText,
    log,
  });
  const lockNow = () => void lock.lock().catch((error: unknown) => log(`locking failed: ${english(viewOfError(error).what)}`));
  new AutoLock({
    idleSeconds: () => powerMonitor.getSystemIdleTime(),
    minutes: () => installation.state.settings.autoLockMinutes,
    lock: lockNow,
  }).watch(powerMonitor);

  const view = (): AppView => {
    const { keychain, profiles: known, activeProfile, settings } = installation.state;
    const { backend, available } = systemKeychain();
    return {
      version: app.getVersion(),
      platform: process.platform,
      updatesItself: updatesItself(),
      systemLanguage: app.getSystemLocale(),
      lock: lock.state,
      keychain: { mode: keychain.mode, backend, available },
      profiles: known.map(({ lastBackupAtMs: _, ...profile }) => profile),
      activeProfile,
      networks: networks.views(),
      settings,
      lastBackupAtMs: known.find(({ id }) => id === activeProfile)?.lastBackupAtMs ?? null,
      setAside: unreadable,
    };
  };
  const parented = async <Result>(dialogOn: (parent: Electron.BaseWindow) => Promise<Result>): Promise<Result> => {
    window.show();
    return dialogOn(window.window as Electron.BaseWindow);
  };
  const askWhereToSave = async (defaultPath: string): Promise<string | null> => {
    const { canceled, filePath } = await parented((parent) => dialog.showSaveDialog(parent, { defaultPath }));
    return canceled || filePath === '' ? null : filePath;
  };

  const backups = new Backups({ services, installation, networks, profiles, places, key, ask, askWhereToSave, log });
  const answers: MainAnswers = {
    'app.get': () => {
      window.pageIsThere();
      return view();
    },
    'app.settings': (change) => {
      const settings = { ...installation.state.settings, ...definedOf(change) };
      installation.update({ settings });
      nativeTheme.themeSource = settings.theme;
      if (change.language !== undefined) updateMenu();
      return view();
    },
    'app.services': () => services.views(),
    'app.restartService': async ({ id }) => {
      await services.restart(id);
      return {};
    },
    'app.logs': ({ service }) => logs.lines(service),
    // What a task was about is locked away with the rest.
    'app.tasks': () => (lock.state === 'locked' ? [] : tasks.views()),
    'app.cancelTask': ({ id }) => {
      tasks.cancel(id);
      return {};
    },
    'app.copy': ({ text }) => {
      clipboard.writeText(text);
      return {};
    },
    'app.diagnostics': async () => {
      const path = await askWhereToSave('vouchsafe-diagnostics.json');
      if (path !== null) await writeFileAtomically(path, utf8(diagnosticsText(diagnosticsInput())));
      return { path };
    },
    'app.checkForUpdate': () => checkForUpdate(),
    'lock.begin': async ({ withPassphrase }) => {
      await lock.begin(withPassphrase);
      return view();
    },
    'lock.lock': async () => {
      await lock.lock();
      return {};
    },
    'lock.unlock': async () => {
      await lock.unlock();
      return view();
    },
    'lock.startOver': async () => ({ keptAs: await lock.startOver() }),
    'lock.changePassphrase': async () => ({ changed: await lock.changePassphrase() }),
    'lock.removePassphrase': async () => ({ changed: await lock.removePassphrase() }),
    'profile.create': (request, context) => profiles.create(request, context),
    'profile.switch': async ({ profileId }) => {
      await profiles.switch(profileId);
      return view();
    },
    'profile.rename': ({ profileId, name }) => {
      installation.profile(profileId);
      installation.updateProfile(profileId, { name });
      return view();
    },
    'profile.showPhrase': async () => {
      await profiles.showPhrase();
      return {};
    },
    'profile.rehearsePhrase': async () => ({ correct: await profiles.rehearsePhrase() }),
    'profile.trySample': (_, context) => trySample({ services, installation, networks, profiles, places }, context),
    'backup.save': (_, context) => backups.save(context),
    'backup.restore': ({ file }, context) => backups.restore(files.get(file).path, context),
    'file.choose': async ({ kind }) => {
      const { canceled, filePaths } = await parented((parent) =>
        dialog.showOpenDialog(parent, { properties: ['openFile'], filters: filtersOf[kind] }),
      );
      const [path] = filePaths;
      return canceled || path === undefined ? null : files.add(path);
    },
    'file.dropped': ({ path }) => files.add(path),
    'file.sample': () => files.add(sampleFile),
    'file.readNetwork': async ({ file }) => viewOfNetworkFile(await networkText(file)),
    'ownNetwork.create': async (plan, context) => ({ networkId: await networks.create(plan, context) }),
    'ownNetwork.start': async ({ networkId }, context) => {
      await networks.start(networkId, context);
      return {};
    },
    'ownNetwork.stop': async ({ networkId }) => {
      await networks.stop(networkId);
      return {};
    },
    'ownNetwork.startGroup': async ({ networkId, group }) => {
      await networks.startGroup(networkId, group);
      return {};
    },
    'ownNetwork.stopGroup': async ({ networkId, group }) => {
      await networks.stopGroup(networkId, group);
      return {};
    },
    'ownNetwork.saveLogs': async ({ networkId }) => {
      const own = new Set(networks.servicesOf(networkId));
      const path = await askWhereToSave('vouchsafe-network.log');
      if (path !== null) await writeFileAtomically(path, utf8(logsText(logs.lines().filter(({ service }) => own.has(service)))));
      return { path };
    },
    'ownNetwork.saveFile': async ({ networkId }) => {
      const path = await askWhereToSave(`${networks.nameOf(networkId).replaceAll(/[^\p{L}\p{N} _-]/gu, '')}.json`);
      if (path !== null) await networks.saveFile(networkId, path);
      return { path };
    },
  };
  assert(unanswered(answers).length === 0, 'main answers every channel that is its own');
  const routing = new CallRouting(
    answers,
    {
      ask: (service, method, value, context) => services.call(service, method, value, context),
      requireUnlocked: () => void key(),
      serviceFor: (kind) => (kind === 'vault' ? profiles.vault() : profiles.dataService()),
      operatorOf: (networkId) => networks.operatorOf(networkId),
      activeHome: () => profiles.activeHome(),
      fileOf: (token) => files.get(token),
      askWhereToSave,
      log,
    },
    tasks,
  );
  answerWindow(
    'call',
    'index',
    () => window.window,
    (channel, value, id) => routing.perform(id, channel, value),
  );

  function activeRoles() {
    const { profiles: known, activeProfile } = installation.state;
    return known.find(({ id }) => id === activeProfile)?.roles ?? null;
  }
  function diagnosticsInput() {
    const { keychain, profiles: known, networks: own, settings } = installation.state;
    return {
      versions: { vouchsafe: app.getVersion(), ...(process.versions as Record<string, string>) },
      packaged: app.isPackaged,
      keychain: { mode: keychain.mode, backend: systemKeychain().backend },
      settings,
      services: services.views(),
      profiles: known.length,
      networks: own.length,
      logs: logs.lines(),
    };
  }

  const updateMenu = setMenu({
    words,
    go,
    command: (command) => {
      window.show();
      window.tell('app.command', { command });
    },
    lock: lockNow,
  });
  updateTray = showTray({
    words,
    isUnlocked: () => lock.state === 'unlocked',
    open: () => window.show(),
    lock: lockNow,
    quit: () => app.quit(),
  });
  endWithServices(services);
  watchForUpdates(() => installation.state.settings.updates, log);
  app.on('activate', () => window.show());
  const stillThere = (error: unknown) => log(`what was interrupted has left something: ${english(viewOfError(error).what)}`);
  backups.clearInterrupted().catch(stillThere);
  // What this installation knows must be known to tell what it does not know.
  if (unreadable === null) {
    const idsOf = (records: readonly { readonly id: string }[]) => records.map(({ id }) => id);
    clearUnfinished(places.profiles, idsOf(installation.state.profiles)).catch(stillThere);
    clearUnfinished(places.networks, idsOf(installation.state.networks)).catch(stillThere);
  }

  return {
    followLink: (link) => {
      void answerOf(async () => routeOfLink(link, activeRoles())).then((answer) => {
        if (answer.ok) go(answer.value, true);
        else tellOfLink(answer.error, words);
      });
    },
    showWindow: () => window.show(),
  };
}

/** A change without the fields that it leaves as they are. */
function definedOf(change: RequestOf<'app.settings'>): Partial<SettingsView> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

let isTellingOfLink = false;

/** A link that leads nowhere is answered for, since whoever opened it waits for something to happen; many at once, once. */
function tellOfLink({ code, what, consequence, remedy }: ErrorView, words: (said: Said) => string): void {
  if (isTellingOfLink) return;
  isTellingOfLink = true;
  const box = {
    type: 'warning',
    title: 'Vouchsafe',
    message: words(what),
    detail: `${words(consequence)} ${words(remedy)}\n\n${code}`,
  } as const;
  void dialog.showMessageBox(box).finally(() => {
    isTellingOfLink = false;
  });
}

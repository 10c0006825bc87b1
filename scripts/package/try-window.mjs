/**
 * Opens the installed app as its user, from outside: over the debugging port that Chromium offers, since a package takes no
 * words for Node. Looks at the window, at the sandbox of its page, and has a network made by the services in the archive.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from '@playwright/test';

const [command] = process.argv.slice(2);
const startSecondsMax = 60;
const endSecondsMax = 30;

/** What must hold; the first that does not ends the program. */
function check(text, holds) {
  if (!holds) throw new Error(`not so: ${text}`);
  console.log(`  checked: ${text}`);
}

/** The port that Chromium chose; it writes it into the folder of the user's data. */
async function portOf(userData) {
  const file = path.join(userData, 'DevToolsActivePort');
  for (let tries = 0; tries < startSecondsMax * 10; tries++) {
    if (existsSync(file)) {
      const [port] = readFileSync(file, 'utf8').split('\n');
      if (port) return port;
    }
    await delay(100);
  }
  throw new Error(`the app has not opened within ${startSecondsMax} s`);
}

/** Processes whose words name the folder of the user's data, by /proc. */
function processesOf(userData) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return text.includes(userData) ? [{ pid, text, status: readFileSync(`/proc/${pid}/status`, 'utf8') }] : [];
      } catch {
        return []; // the process has ended meanwhile, or is another user's
      }
    });
}

/** Waits until the window has its page: a connection that is made earlier may never hear of it. */
async function pageIsThere(port) {
  for (let tries = 0; tries < startSecondsMax * 10; tries++) {
    const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
    if (targets.some(({ type, url }) => type === 'page' && url.startsWith('app://'))) return;
    await delay(100);
  }
  throw new Error(`the app has not loaded its page within ${startSecondsMax} s`);
}

async function tryWindow(page) {
  await page.waitForLoadState('domcontentloaded');
  check(`the window shows its own page (${page.url().split('?')[0]})`, page.url().startsWith('app://'));
  const heading = await page.getByRole('heading').first().textContent({ timeout: 30_000 });
  check(`the window says "${heading}"`, heading !== '');
  const call = async (channel, value = {}) => {
    const answer = await page.evaluate(([name, request]) => globalThis.vouchsafe.call(name, request), [channel, value]);
    if (!answer.ok) throw new Error(`${channel}: ${answer.error.code}: ${answer.error.what}`);
    return answer.value;
  };
  const before = await call('app.get');
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  check(`it is version ${before.version}`, before.version === version);
  check(`its key can be kept by the system's keychain (${before.keychain.backend})`, before.keychain.backend === 'gnome_libsecret');
  await call('lock.begin', { withPassphrase: false });
  const started = performance.now();
  const { networkId } = await call('ownNetwork.create', { name: 'Installed', proxies: 3, threshold: 2 });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const { networks } = await call('app.get');
  const network = networks.find(({ id }) => id === networkId);
  check(`a network was made and runs, ${seconds} s after it was asked for`, network?.state === 'running');
  const blocks = await call('ownNetwork.blocks', { networkId, before: null });
  check(`its chain has ${blocks.length} blocks`, blocks.length > 0);
  const proxies = await call('ownNetwork.proxies', { networkId });
  check('its three proxies answer', proxies.length === 3 && proxies.every(({ reachable }) => reachable));
}

const userData = mkdtempSync(path.join(os.homedir() || os.tmpdir(), 'user-data-'));
const words = [`--user-data-dir=${userData}`, '--password-store=gnome-libsecret', '--remote-debugging-port=0'];
const app = spawn(command, words, { stdio: ['ignore', 'ignore', 'pipe'] });
let messages = '';
app.stderr.setEncoding('utf8').on('data', (text) => {
  messages = (messages + text).slice(-4000);
});
try {
  const ended = new Promise((_, reject) => app.once('exit', (code) => reject(new Error(`the app ended with code ${code}:\n${messages}`))));
  const port = await Promise.race([portOf(userData), ended]);
  await Promise.race([pageIsThere(port), ended]);
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const [context] = browser.contexts();
  const page = context.pages()[0] ?? (await context.waitForEvent('page'));
  await Promise.race([tryWindow(page), ended]);
  const processes = processesOf(userData);
  const [main] = processes.filter(({ pid }) => pid === String(app.pid));
  check('it was started with its sandbox', main !== undefined && !main.text.includes('--no-sandbox'));
  const renderers = processes.filter(({ text }) => text.includes('--type=renderer'));
  // Renderers are filtered by seccomp in a process tree that can gain no rights.
  const isConfined = ({ status }) => /^Seccomp:\s+2$/m.test(status) && /^NoNewPrivs:\s+1$/m.test(status);
  check(`its ${renderers.length} page processes are confined by the kernel`, renderers.length > 0 && renderers.every(isConfined));
  await browser.close();
  app.removeAllListeners('exit');
  const gone = new Promise((resolve) => app.once('exit', resolve));
  app.kill('SIGTERM');
  check('it ends when it is told to', (await Promise.race([gone, delay(endSecondsMax * 1000, 'late')])) !== 'late');
} finally {
  app.kill('SIGKILL');
}
process.exit(0);

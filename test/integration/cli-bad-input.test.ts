/**
 * What the command line says to bad input and to services that are not there: the code, exit code 1, nothing lost, and the same command again
 * goes on when the cause is gone. One network; every test has homes of its own and leaves the services running.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readNetworkFile } from '../../core/sharing/network-file.ts';
import { type Service, serve, vouchsafe } from './command-line.ts';

const operator = { passphrase: 'the operator of the network' };
const passphrase = 'the passphrase of a person';

describe('the command line', () => {
  let folder: string;
  let homes: string;
  const group = (number: number) => [1, 2, 3].map((member) => `validator-${number}-${member}`);
  /** Homes by process. */
  const kinds = { validators: [1, 2, 3, 4].map(group), pkg: [['pkg']], proxies: [['proxy-1'], ['proxy-2'], ['proxy-3']] };
  type Kind = keyof typeof kinds;
  const running = new Map<Kind, Service[]>();
  const network = () => join(folder, 'network');
  const file = () => join(network(), 'network.json');

  const start = async (kind: Kind) => {
    const services: Service[] = [];
    running.set(kind, services);
    await Promise.all(
      kinds[kind].map(async (homes) => {
        const [name] = (homes[0] as string).split('-');
        services.push(await serve([name as string, '--home', ...homes.map((home) => join(network(), home))], homes.length, operator));
      }),
    );
  };
  const stop = async (kind: Kind) => {
    for (const service of running.get(kind) ?? []) await service.stop();
    running.delete(kind);
  };
  /** Runs `work` while services of this kind are not running. */
  const without = async (kind: Kind, work: () => Promise<void>) => {
    await stop(kind);
    try {
      await work();
    } finally {
      await start(kind);
    }
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bad-input-'));
    const { code, errors } = await vouchsafe(['network', 'create', '--home', network(), '--first-port', '0'], operator);
    expect(errors).toBe('');
    expect(code).toBe(0);
    for (const kind of ['validators', 'pkg', 'proxies'] as const) await start(kind);
    address = await enrolled(person(), ['owner', 'consumer']);
    expect((await vouchsafe(['network', 'fund', address, '20', '--home', network()], operator)).code).toBe(0);
  });
  afterAll(async () => {
    for (const kind of [...running.keys()].reverse()) await stop(kind);
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    homes = mkdtempSync(join(folder, 'homes-'));
    cpSync(person(), home(), { recursive: true });
  });
  afterEach(() => rmSync(homes, { recursive: true, force: true }));

  const run = (words: string, secret = passphrase) => vouchsafe(words.split(' '), { passphrase: secret });
  async function does(words: string): Promise<string> {
    const { code, output, errors } = await run(words);
    expect(errors, words).toBe('');
    expect(code, words).toBe(0);
    return output;
  }
  async function isRefused(words: string, error: string, secret = passphrase): Promise<string> {
    const { code, errors } = await run(words, secret);
    expect(errors, words).toContain(`\n${error}\n`);
    expect(code, words).toBe(1);
    return errors;
  }
  const home = () => join(homes, 'home');
  /** A person who has joined, is approved and enrolled: every test has a copy of this home. */
  const person = () => join(folder, 'person');
  /** Makes a home whose pseudonym 0 is enrolled with these roles, and gives its address. */
  async function enrolled(folder: string, roles: readonly string[]): Promise<string> {
    const joined = await does(`join --home ${folder} --network ${file()} --name Somebody --roles ${roles.join(' ')}`);
    const id = /application (0x[0-9a-f]{32})/.exec(joined)?.[1] as string;
    expect((await vouchsafe(['pkg', 'approve', id, '--network-home', network()], operator)).code).toBe(0);
    return /(0x[0-9a-f]{40})/.exec(await does(`identity enrol --count 1 --home ${folder}`))?.[1] as string;
  }
  let address: string;
  const csv = (text: string) => {
    const path = join(homes, 'data.csv');
    writeFileSync(path, text);
    return path;
  };
  const rows = 'time,value\n2024-01-01T00:00:00Z,1.5\n2024-01-01T00:05:00Z,2.5\n';

  test('PKG not running: joining keeps the home and its phrase, and applying goes on when it is back', async () => {
    const newcomer = join(homes, 'newcomer');
    await without('pkg', async () => {
      const { code, output, errors } = await run(`join --home ${newcomer} --network ${file()} --name Somebody`);
      expect(output).toContain('Write these 24 words down');
      expect(errors).toContain('SERVICE_UNREACHABLE\n  The PKG at http://127.0.0.1:');
      expect(code).toBe(1);
      await isRefused(`identity show --home ${newcomer}`, 'IDENTITY_NOT_APPLIED');
    });
    expect(await does(`identity apply --name Somebody --home ${newcomer}`)).toContain('is pending');
  });

  test('proxies not running: publishing names the proxy, keeps what is encrypted, and goes on when they are back', async () => {
    const dataset = /dataset (0x[0-9a-f]{64})/.exec(await does(`dataset import ${csv(rows)} --home ${home()}`))?.[1];
    await without('proxies', async () => {
      const errors = await isRefused(`dataset publish ${dataset} --home ${home()}`, 'SERVICE_UNREACHABLE');
      expect(errors).toContain('The proxy 1 at ');
      expect(await does(`dataset list --home ${home()}`)).toContain('encrypted');
    });
    const output = await does(`dataset publish ${dataset} --home ${home()}`);
    expect(output.startsWith('uploaded\nrecorded\nready\n')).toBe(true);
  });

  test('ledger not running: every step that needs it says so, and goes on when it is back', async () => {
    const dataset = /dataset (0x[0-9a-f]{64})/.exec(await does(`dataset import ${csv(rows)} --home ${home()}`))?.[1];
    await without('validators', async () => {
      await isRefused(`requirement open --home ${home()}`, 'CHAIN_UNREACHABLE');
      // The proxies look the signer up on the chain, so they are the first to miss it.
      await isRefused(`dataset publish ${dataset} --home ${home()}`, 'CHAIN_UNREACHABLE');
    });
    expect(await does(`dataset publish ${dataset} --home ${home()}`)).toContain('ready');
  });

  test('a transaction that the contract would reject is not sent; its reason is told', async () => {
    const published = await does(`requirement publish --column value --between 0 3 --price 5 --home ${home()}`);
    const requirement = /requirement (0x[0-9a-f]{64})/.exec(published)?.[1];
    // Its deadline is a week ahead.
    const errors = await isRefused(`requirement reclaim ${requirement} --home ${home()}`, 'CHAIN_TRANSACTION_REJECTED');
    expect(errors).toContain('The contract would refuse reclaim: ');
    expect(await does(`identity show --home ${home()}`)).toContain(`${address}  15 coins, 0 to withdraw`);
  });

  test('a step that the role of the pseudonym does not allow is refused before anything is proved', async () => {
    const ownerOnly = join(homes, 'owner-only');
    await enrolled(ownerOnly, ['owner']);
    await isRefused(`requirement publish --column value --between 0 3 --price 5 --home ${ownerOnly}`, 'IDENTITY_NOT_LIVE');
    expect(await does(`requirement list --home ${ownerOnly}`)).toContain('No requirement yet');
  });

  test('ports taken: the service names the port, stops what it began, and starts when the port is free', async () => {
    const { network: content } = readNetworkFile(readFileSync(file(), 'utf8'));
    for (const kind of ['proxies', 'pkg', 'validators'] as const) await stop(kind);
    const port = Number(new URL(content.pkg.url).port);
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    try {
      const { code, output, errors } = await vouchsafe(['network', 'start', '--home', network()], operator);
      expect(output).toContain('ready: validator');
      expect(errors).toContain('SERVICE_PORT_TAKEN');
      expect(errors).toContain(String(port));
      expect(code).toBe(1);
    } finally {
      await new Promise((resolve) => other.close(resolve));
      for (const kind of ['validators', 'pkg', 'proxies'] as const) await start(kind);
    }
  });

  test('wrong passphrase: says so and changes nothing', async () => {
    await isRefused(`dataset list --home ${home()}`, 'SEALED_WRONG_PASSPHRASE', 'another passphrase');
    await does(`dataset list --home ${home()}`);
  });

  test('corrupt sealed file: names the document', async () => {
    const path = join(home(), 'identity.sealed');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect(await isRefused(`dataset list --home ${home()}`, 'SEALED_DAMAGED')).toContain('identity');
  });

  test('a network file of another signer, put into the home later, is not used', async () => {
    const text = readFileSync(file(), 'utf8').replace(/"signer": "0x[0-9a-f]{4}/, '"signer": "0xabcd');
    writeFileSync(join(home(), 'network.json'), text);
    await isRefused(`dataset list --home ${home()}`, 'NETWORK_FILE_SIGNATURE_INVALID');
  });

  test.each([
    [
      'malformed CSV names its line',
      'time,value\n2024-01-01T00:00:00Z,1\n2024-01-01T00:05:00Z,"2\n',
      '',
      'DATASET_CSV_MALFORMED',
      'Line 3',
    ],
    [
      'a column that is not numeric',
      `${rows}2024-01-01T00:10:00Z,much\n`,
      '--unit value=C',
      'ARGUMENT_INVALID',
      'no number column "value"',
    ],
    ['a value outside its width', `${rows}2024-01-01T00:10:00Z,99999\n`, '--width value=16', 'DATASET_CELL_REFUSED', 'ine 4'],
    ['a file without rows', 'time,value\n', '', 'DATASET_EMPTY', ''],
  ])('%s: nothing is imported', async (_, text, options, code, part) => {
    const errors = await isRefused(`dataset import ${csv(text)} --home ${home()}${options ? ` ${options}` : ''}`, code);
    expect(errors).toContain(part);
    expect(await does(`dataset list --home ${home()}`)).toContain('No dataset yet');
  });

  test('arguments that name nothing are refused in words', async () => {
    await isRefused(`activity 5x --home ${home()}`, 'ARGUMENT_INVALID');
    await isRefused(`offer revoke 0x5 --home ${home()}`, 'ARGUMENT_INVALID');
    await isRefused(`purchase fetch 5 --home ${home()}`, 'OFFER_UNKNOWN');
    await isRefused(`requirement offers 0x${'5'.repeat(64)} --home ${home()}`, 'REQUIREMENT_UNKNOWN');
    await isRefused(`identity enrol --count 33 --home ${home()}`, 'IDENTITY_BATCH_INVALID');
    await isRefused(`identity withdraw --to 0x12 --home ${home()}`, 'ARGUMENT_INVALID');
    await isRefused(`requirement publish --column x --between 5 3 --price 1 --home ${home()}`, 'REQUIREMENT_INVALID');
  });

  test('joining into a folder with other files, such as a network: it stays as it was', async () => {
    const before = readFileSync(file());
    const names = readdirSync(network());
    await isRefused(`join --home ${network()} --network ${file()} --name Somebody`, 'HOME_FOLDER_OCCUPIED');
    expect(readFileSync(file())).toEqual(before);
    expect(readdirSync(network())).toEqual(names);
    await isRefused(`join --home ${home()} --network ${file()} --name Somebody`, 'HOME_EXISTS');
    // What a joining leaves that was killed before its key was whole is no obstacle.
    const begun = join(homes, 'begun');
    mkdirSync(begun);
    writeFileSync(join(begun, 'home.lock'), '');
    writeFileSync(join(begun, '.home-key.sealed.0011223344556677.partial'), 'half');
    expect(await does(`join --home ${begun} --network ${file()} --name Somebody`)).toContain('is pending');
  });

  test('a name that the PKG would not take is refused before a home is made', async () => {
    const newcomer = join(homes, 'newcomer');
    const { code, output, errors } = await vouchsafe(['join', '--home', newcomer, '--network', file(), '--name', ''], { passphrase });
    expect(errors).toContain('ARGUMENT_INVALID\n  --name takes');
    expect(output).toBe('');
    expect(code).toBe(1);
    expect(existsSync(newcomer)).toBe(false);
  });

  test('a command that is printed for a home with spaces can be typed as it stands', async () => {
    const spaced = join(homes, "Ada's home");
    cpSync(person(), spaced, { recursive: true });
    const { output } = await vouchsafe(['dataset', 'list', '--home', spaced], { passphrase });
    expect(output).toContain(`--home '${homes}/Ada'\\''s home'`);
  });

  test('a network that cannot be: nothing is made', async () => {
    const place = join(homes, 'another-network');
    const creating = (options: string) => `network create --home ${place} ${options}`;
    await isRefused(creating('--first-port 65533'), 'NETWORK_PLAN_INVALID');
    await isRefused(creating('--first-port 0 --chain-id 0'), 'NETWORK_PLAN_INVALID');
    await isRefused(creating('--first-port 0 --threshold 4'), 'NETWORK_PLAN_INVALID');
    expect(existsSync(place)).toBe(false);
    await isRefused(`network create --home ${csv(rows)} --first-port 0`, 'DISK_NOT_WRITABLE');
  });

  test('an operator names a folder without a network, or sends more coins than there are', async () => {
    await isRefused(`pkg list --network-home ${homes}`, 'FILE_NOT_READABLE', operator.passphrase);
    await isRefused(`network fund ${address} 5 --home ${homes}`, 'FILE_NOT_READABLE', operator.passphrase);
    await isRefused(`network fund ${address} 9999999999999 --home ${network()}`, 'CHAIN_INSUFFICIENT_FUNDS', operator.passphrase);
  });

  test('a network file that is newer, changed, no network file or not there', async () => {
    const content = JSON.parse(readFileSync(file(), 'utf8'));
    const given = (change: unknown) => csv(typeof change === 'string' ? change : JSON.stringify(change));
    const newcomer = join(homes, 'newcomer');
    const joining = (path: string) => `join --home ${newcomer} --network ${path} --name Somebody`;
    await isRefused(joining(given({ ...content, network: { ...content.network, version: 2 } })), 'NETWORK_FILE_NEWER_VERSION');
    await isRefused(joining(given({ ...content, network: { ...content.network, name: 'Mine' } })), 'NETWORK_FILE_SIGNATURE_INVALID');
    await isRefused(joining(given('time,value\n')), 'NETWORK_FILE_MALFORMED');
    await isRefused(joining(`${homes}/none.json`), 'FILE_NOT_READABLE');
    // Nothing was made by any of them.
    expect(existsSync(newcomer)).toBe(false);
  });
});

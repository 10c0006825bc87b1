/**
 * Two people with two homes share a file by hand, through the command line alone. The second knows nothing but the network file: circuits and
 * proving keys come from the proxies. On the way two proxies change what they hold, and the services go away and come back.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Service, serve, vouchsafe } from './command-line.ts';

/** Twelve validators, the PKG and three proxies. */
const SERVICES = 16;

describe('two people with two homes', () => {
  let folder: string;
  let services: Service | undefined;
  const at = (...names: string[]) => join(folder, ...names);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'two-people-'));
  });
  afterEach(async () => {
    await services?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A person's computer: its own cache, and a passphrase. */
  function person(name: string, passphrase: string) {
    const environment = { XDG_CACHE_HOME: at(`${name}-cache`) };
    const run = (words: string, phrase?: string) =>
      vouchsafe([...words.split(' '), '--home', at(name)], { passphrase, environment, ...(phrase === undefined ? {} : { phrase }) });
    return {
      run,
      /** Runs a command that must succeed; gives what it printed. */
      async does(words: string): Promise<string> {
        const { code, output, errors } = await run(words);
        expect(errors, words).toBe('');
        expect(code, words).toBe(0);
        return output;
      },
      /** Runs a command that must be refused with this code. */
      async isRefused(words: string, error: string): Promise<string> {
        const { code, errors } = await run(words);
        expect(errors, words).toContain(`\n${error}\n`);
        expect(code, words).toBe(1);
        return errors;
      },
    };
  }

  test('share a file by hand: every step names the next one, changed headers and ciphertexts name their proxy, and a pause loses nothing', async () => {
    const operator = { passphrase: 'the operator of the network' };
    const network = (words: string) => vouchsafe(words.split(' '), operator);
    const startServices = () => serve(['network', 'start', '--home', at('network')], SERVICES, operator);
    expect((await network(`network create --home ${at('network')} --first-port 0`)).code).toBe(0);
    services = await startServices();
    mkdirSync(at('elsewhere'));
    cpSync(at('network', 'network.json'), at('elsewhere', 'network.json'));
    const sample = readFileSync(new URL('../../resources/sample/machine-temperature.csv', import.meta.url), 'utf8');
    const data = sample.split('\n').slice(0, 301).join('\n');
    writeFileSync(at('data.csv'), data);

    const [ada, carl] = [person('ada', 'a passphrase of Ada'), person('carl', 'a passphrase of Carl')];
    const file = `--network ${at('elsewhere', 'network.json')}`;
    expect(await ada.does(`join ${file} --name Ada --roles owner`)).toMatch(/Write these 24 words down/);
    await carl.does(`join ${file} --name Carl --roles consumer`);
    await carl.isRefused('identity enrol', 'PKG_NOT_APPROVED');
    const applications = (await network(`pkg list --network-home ${at('network')}`)).output;
    for (const name of ['Ada', 'Carl']) {
      const id = new RegExp(`^(0x[0-9a-f]{32})  pending .*${name}`, 'm').exec(applications)?.[1];
      expect((await network(`pkg approve ${id} --network-home ${at('network')}`)).output).toContain('is approved');
    }
    const addresses: string[] = [];
    for (const someone of [ada, carl]) {
      const address = /pseudonym 0 {2}(0x[0-9a-f]{40})/.exec(await someone.does('identity enrol --count 1'))?.[1] as string;
      expect((await network(`network fund ${address} 20 --home ${at('network')}`)).code).toBe(0);
      addresses.push(address);
    }

    await carl.isRefused('requirement publish --column value --between 0 110 --price 5 --bond 6', 'TERMS_INVALID');
    await carl.isRefused('requirement publish --column value --between 0 110 --price 500', 'CHAIN_INSUFFICIENT_FUNDS');
    const published = await carl.does(
      'requirement publish --column value --unit F --scale 2 --between -5 110 --min-rows 300 --keyword temperature --price 5',
    );
    const requirement = /^requirement (0x[0-9a-f]{64})$/m.exec(published)?.[1] as string;
    const seen = await ada.does('requirement open');
    expect(seen).toContain('every value (F), to 2 decimal places, between -5 and 110, at least 300 rows, about temperature');
    expect(seen).toContain(`vouchsafe dataset import FILE --for ${requirement} --home ${at('ada')}`);
    await ada.isRefused('requirement publish --column value --between 0 110 --price 5', 'IDENTITY_NOT_LIVE');
    expect(await carl.does(`requirement fund ${requirement} 1`)).toContain('1 coins added to the escrow, final in block');
    expect(await carl.isRefused(`requirement reclaim ${requirement}`, 'CHAIN_TRANSACTION_REJECTED')).toContain('TooEarly');

    const imported = await ada.does(`dataset import ${at('data.csv')} --for ${requirement} --keyword temperature`);
    const dataset = /^dataset (0x[0-9a-f]{64})$/m.exec(imported)?.[1] as string;
    await ada.isRefused(`offer make ${requirement} ${dataset}`, 'DATASET_NOT_READY');
    expect(await ada.does(`dataset publish ${dataset}`)).toContain('recorded in block');
    expect(await ada.does(`offer check ${requirement} ${dataset}`)).toContain('The data meets the requirement.');
    const made = await ada.does(`offer make ${requirement} ${dataset}`);
    const offer = /^offer (\d+)$/m.exec(made)?.[1] as string;
    expect(made).toContain("Verified by the contract. The consumer's turn to accept");
    // Neither has shared a cache with the operator: what proved these statements came from the proxies, by its hash.
    for (const name of ['ada', 'carl']) expect(readdirSync(at(`${name}-cache`, 'vouchsafe', 'artifacts')).length).toBeGreaterThan(0);

    await services.stop();
    changeHeader(at('network', 'proxy-1'));
    changeCiphertext(at('network', 'proxy-2'));
    await carl.isRefused(`purchase fetch ${offer}`, 'CHAIN_UNREACHABLE');
    services = await startServices();

    expect(await carl.does(`requirement offers ${requirement}`)).toContain(`${offer}  verified, 300 rows proved by ${addresses[0]}`);
    const fetched = await carl.does(`purchase fetch ${offer}`);
    expect(fetched).toContain('Proxy 1 gave something wrong');
    expect(fetched).toContain('Proxy 2 gave something wrong');
    expect(fetched).toContain(`vouchsafe purchase accept ${offer} --home ${at('carl')}`);
    // To receive is not to accept: no price is locked by the wrong word.
    expect(await carl.does(`purchase confirm ${offer}`)).toContain('nothing is paid');
    expect(await carl.does('identity show')).toContain(`${addresses[1]}  14 coins`);

    expect(await carl.does(`purchase accept ${offer}`)).toContain("The price is locked. The owner's turn to grant");
    expect(await carl.isRefused(`purchase refund ${offer}`, 'OFFER_TOO_EARLY')).toContain('still has time until');
    await carl.isRefused(`purchase save ${offer} ${at('received.csv')}`, 'PURCHASE_NOT_RECEIVED');
    expect(await ada.does('offer list')).toContain('Your turn');
    expect(await ada.does(`offer continue ${offer}`)).toContain('Granted.');
    expect(await carl.does(`purchase receive ${offer}`)).toContain(`vouchsafe purchase confirm ${offer}`);
    expect(await carl.does(`purchase confirm ${offer}`)).toContain('The trade is over: paid.');
    const saved = await carl.does(`purchase save ${offer} ${at('received.csv')}`);
    expect(saved).toContain(createHash('sha256').update(data).digest('hex'));
    expect(readFileSync(at('received.csv'), 'utf8')).toBe(data);
    await carl.isRefused(`purchase save ${offer} ${at('received.csv')}`, 'FILE_EXISTS');

    await ada.isRefused(`offer claim ${offer}`, 'OFFER_WRONG_STATE');
    expect(await ada.does(`offer continue ${offer}`)).toContain('Paid.');
    expect(await ada.does(`identity withdraw --to ${addresses[0]}`)).toContain('5.01 coins paid');
    expect(await ada.does(`identity withdraw --to ${addresses[0]}`)).toContain('The market holds nothing');
    const activity = await carl.does(`activity ${offer}`);
    for (const event of ['RequirementPublished', 'DataRecorded', 'OfferMade', 'SegmentProved', 'OfferVerified', 'OfferConfirmed'])
      expect(activity).toContain(event);

    // The phrase alone restores the pseudonym on another computer; enrolling it again changes nothing.
    const words = (await ada.does('identity phrase')).trim();
    const again = person('ada-again', 'another passphrase of Ada');
    expect((await again.run(`join ${file} --name Ada --roles owner`, words)).output).toContain('is approved');
    expect(await again.does('identity enrol --count 1')).toContain(addresses[0] as string);
  });

  /** A proxy that hands out another header than it was given. */
  function changeHeader(home: string): void {
    const database = new DatabaseSync(join(home, 'proxy.sqlite'));
    const [row] = database.prepare('SELECT header FROM header').all() as { header: Uint8Array }[];
    const header = Uint8Array.from(row?.header ?? []);
    // Another element of the group in C1: its inverse, the conjugate.
    header[header.length - 1] = (header.at(-1) ?? 0) ^ 1;
    database.prepare('UPDATE header SET header = ?').run(header);
    database.close();
  }

  /** A proxy that hands out a ciphertext with one bit of a chunk flipped. */
  function changeCiphertext(home: string): void {
    const [name] = readdirSync(join(home, 'ciphertexts')).filter((entry) => /^[0-9a-f]{64}$/.test(entry));
    const path = join(home, 'ciphertexts', name as string);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  }
});

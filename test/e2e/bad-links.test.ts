/** Links from outside, good and bad, and a second start of the app on the same data: nothing happens without a yes, and nothing gets lost. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alertOf } from './alert.ts';
import { launch, picture, type RunningApp, startBare } from './app.ts';
import { ask, until } from './bridge.ts';
import { drop } from './drop.ts';
import { readMessageBoxes } from './message-boxes.ts';
import { publishRequirement, type Sample, trySample } from './sample-trade.ts';

const id = `0x${'ab'.repeat(32)}`;
const nonsense: readonly (readonly [string, string])[] = [
  ['an unknown thing', 'vouchsafe://wallet/1'],
  ['a step in place of a thing', `vouchsafe://requirement/${id}/pay`],
  ['a malformed id', 'vouchsafe://requirement/0x12'],
  ['digits of another script', 'vouchsafe://offer/٣'],
  ['a name that looks like another', 'vouchsafe://оffer/1'],
  ['a character that turns the text around', 'vouchsafe://offer/1\u202e'],
  ['a zero byte, escaped', 'vouchsafe://offer/1%00'],
  ['a way out of its path', 'vouchsafe://offer/../../settings'],
  ['a host of the web', 'vouchsafe://example.org/offer/1'],
  ['somebody before the host', 'vouchsafe://someone:secret@offer/1'],
  ['a port', 'vouchsafe://offer:80/1'],
  ['a fragment with a route', 'vouchsafe://offer/1#/settings'],
  ['no host', 'vouchsafe:'],
  ['a script', 'vouchsafe:javascript:alert(1)'],
  ['a network without a signer', 'vouchsafe://network?name=x'],
  ['a network with a file', `vouchsafe://network?signer=${id}&file=/etc/passwd`],
  ['a hundred thousand characters', `vouchsafe://offer/${'1'.repeat(100_000)}`],
];

let running: RunningApp;
let boxes: () => Promise<string[]>;
beforeAll(async () => {
  running = await launch({ words: [`vouchsafe://network?signer=${id}&name=Harbour%20data`] });
  running.window.setDefaultTimeout(30_000);
  boxes = await readMessageBoxes(running.app);
});
afterAll(() => running.close());

const question = () => running.window.getByRole('dialog').filter({ hasText: 'Open this link?' });
const route = () => running.window.evaluate(() => location.hash);

/** Opens a link as the system does: by a second start, which hands it over and leaves. */
async function openLink(link: string): Promise<void> {
  const second = startBare(running.userData, { words: [link] });
  expect(await second.ended, second.output()).toBe(0);
}

/** What the box says that a refused link brings. */
async function refusal(): Promise<string> {
  const [said, ...more] = await until('a box', boxes, (texts) => texts.length > 0, 30_000);
  expect(more).toEqual([]);
  return said as string;
}

describe('before there is a profile', () => {
  test('the link that started the app is asked about, and an invitation leads to joining', async () => {
    const { window } = running;
    await question().waitFor();
    expect(await question().textContent()).toMatch(/Harbour data.*changes nothing/);
    await picture(running.app, 'link-invitation');
    await question().getByRole('button', { name: 'Open it' }).click();
    await window.getByRole('heading', { name: 'Join a network' }).waitFor();
  });

  test('a link to a thing says that a profile comes first', async () => {
    await openLink('vouchsafe://offer/17');
    expect(await refusal()).toMatch(/no profile here yet.*nothing was changed.*Join the network.*LINK_NEEDS_PROFILE/s);
    expect(await question().count()).toBe(0);
  });
});

describe('with a profile', () => {
  let sample: Sample;
  let requestId: string;
  beforeAll(async () => {
    const { window } = running;
    sample = await trySample(window);
    requestId = await publishRequirement(window, sample);
    await ask(window, 'profile.switch', { profileId: sample.owner });
    // The first start was left in its middle, where the invitation had led.
    await window.reload();
    await window.getByRole('navigation').waitFor();
  });

  test.each(nonsense)('%s is refused in words, and leads nowhere', async (_, link) => {
    const before = await route();
    await openLink(link);
    expect(await refusal()).toMatch(/none that Vouchsafe knows.*not followed, and nothing was changed.*a new one.*LINK_INVALID/s);
    expect(await question().count()).toBe(0);
    expect(await route()).toBe(before);
  });

  test('a good one is followed after a yes, and not after a no', async () => {
    const { window } = running;
    const before = await route();
    await openLink(`vouchsafe://requirement/${requestId}`);
    await question().waitFor();
    expect(await route()).toBe(before);
    await picture(running.app, 'link-question');
    await question().getByRole('button', { name: 'Cancel' }).click();
    await question().waitFor({ state: 'detached' });
    expect(await route()).toBe(before);
    await openLink(`vouchsafe://requirement/${requestId}`);
    await question().getByRole('button', { name: 'Open it' }).click();
    await window.getByText('At least 0 and at most 110', { exact: false }).or(window.getByText('value')).first().waitFor();
    expect(await route()).toBe(`#/open-requirements/${requestId}`);
  });

  test.each([
    ['requirement', () => `vouchsafe://requirement/${id}`, 'REQUIREMENT_UNKNOWN'],
    ['trade', () => 'vouchsafe://offer/987654321', 'OFFER_UNKNOWN'],
  ])('a well-formed one to a %s that does not exist says so', async (_, link, code) => {
    const { window } = running;
    await openLink(link());
    await question().getByRole('button', { name: 'Open it' }).click();
    await alertOf(window, code);
    await picture(running.app, `link-${code.toLowerCase()}`);
    await window.getByRole('navigation').getByRole('link', { name: 'Datasets', exact: true }).click();
    await window.getByRole('row', { name: /Machine temperature/ }).waitFor();
  });

  test('an invitation takes no file but that of its signer', async () => {
    const { window } = running;
    const [network] = (await ask(window, 'app.get', {})).networks;
    const path = join(running.userData, 'networks', network?.id ?? '', 'network.json');
    const { signer } = JSON.parse(readFileSync(path, 'utf8')) as { signer: string };
    const stranger = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');
    for (const [invited, isTaken] of [
      [`0x${stranger}`, false],
      [signer, true],
    ] as const) {
      await openLink(`vouchsafe://network?signer=${invited}&name=Harbour`);
      await question().getByRole('button', { name: 'Open it' }).click();
      await drop(window, 'Drop the network’s file here', path);
      const join = window.getByRole('button', { name: 'Join this network' });
      await join.waitFor();
      expect(await join.isEnabled()).toBe(isTaken);
      expect(await window.getByText('This is not the file that the link was about').count()).toBe(isTaken ? 0 : 1);
      if (!isTaken) await picture(running.app, 'link-other-signer');
      await window.getByRole('button', { name: 'Choose another file' }).click();
    }
    await window.getByRole('navigation').getByRole('link', { name: 'Home', exact: true }).click();
  });

  test('one that comes while locked waits for the unlock', async () => {
    const { window } = running;
    await ask(window, 'lock.lock', {});
    await window.getByRole('heading', { name: 'Vouchsafe is locked' }).waitFor();
    await openLink(`vouchsafe://requirement/${requestId}`);
    expect(await question().count()).toBe(0);
    await window.getByRole('button', { name: 'Unlock' }).click();
    await question().getByRole('button', { name: 'Cancel' }).click();
    await window.getByRole('navigation').waitFor();
  });

  test('a second start brings the first to the front, and leaves', async () => {
    await running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide());
    const second = startBare(running.userData);
    expect(await second.ended, second.output()).toBe(0);
    await until(
      'the first window',
      () => running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.isVisible())),
      (visible) => visible.length === 1 && visible[0] === true,
      30_000,
    );
    expect((await ask(running.window, 'app.get', {})).activeProfile).toBe(sample.owner);
    expect(await boxes()).toEqual([]);
  });
});

/** Text and figures that others choose, on their way into a window. */
import { describe, expect, test } from 'vitest';
import { contract } from '../../electron/ipc-contract.ts';
import { secondsView } from '../../electron/services/vault-context.ts';
import { offerView, personView, seconds } from '../../electron/views.ts';
import { visibleText } from '../../electron/visible-text.ts';

describe('text', () => {
  test.each([
    ['a mark that turns the direction', 'pay\u202e001 \u202c', 'pay\ufffd001 \ufffd'],
    ['an isolate', '\u2066left\u2069', '\ufffdleft\ufffd'],
    ['a space without width', 'Press\u200bure', 'Press\ufffdure'],
    ['a soft hyphen and a byte-order mark', '\ufeffPress\u00adure', '\ufffdPress\ufffdure'],
    ['a code of a terminal', '\u001b[31mred', '\ufffd[31mred'],
    ['a character of private use', 'x\ue000\u{f0000}', 'x\ufffd\ufffd'],
    ['a separator of lines that no editor shows', 'one\u2028two', 'one\ufffdtwo'],
    ['half a character', 'x\ud800y', 'x\ufffdy'],
    ['a letter that is drawn as nothing', '\u3164', '\ufffd'],
    ['letters behind the alphabet, as flags have them', '\u{1f3f4}\u{e0067}', '\u{1f3f4}\ufffd'],
  ])('with %s shows that there is something', (_, text, shown) => {
    expect(visibleText(text)).toBe(shown);
    expect(visibleText(shown)).toBe(shown);
    expect(shown.length).toBeLessThanOrEqual(text.length);
  });

  test.each(['Drück (bar)', 'قیمت\u200cها', '👩\u200d🔬', 'ספיקה', '流量', 'a\tb\nc', 'naïve', '°C µm ₂'])(
    'as it is written stays: %s',
    (text) => {
      expect(visibleText(text)).toBe(text);
    },
  );

  test('is made visible on the way in and on the way out', () => {
    const person = { address: `0x${'11'.repeat(20)}`, mine: false, roles: [], trades: 0 };
    expect(personView.parse({ ...person, name: 'Ada\u202e' }).name).toBe('Ada\ufffd');
    expect(contract['person.name'].request.parse({ address: person.address, name: ' Ada\u200b ' }).name).toBe('Ada\ufffd');
  });
});

test('a time that an owner made up is shown as the last that there is, so that the rest of the trade is still shown', () => {
  // A grant may name any second below 2^64.
  const liveUntil = secondsView(2n ** 64n - 1n);
  expect(
    offerView.shape.grant.parse({ grantHash: `0x${'22'.repeat(32)}`, threshold: 1, proxies: 1, liveUntil, revoked: false }),
  ).toMatchObject({
    liveUntil,
  });
  expect(new Date(liveUntil * 1000).getTime()).toBe(liveUntil * 1000);
  expect(seconds.safeParse(liveUntil + 1).success).toBe(false);
  expect(secondsView(1_800_000_000n)).toBe(1_800_000_000);
});

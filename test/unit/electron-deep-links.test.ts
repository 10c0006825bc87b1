/** Links of the scheme vouchsafe:, good and bad. */
import { describe, expect, test } from 'vitest';
import { events } from '../../electron/ipc-contract.ts';
import { routeOfLink } from '../../electron/main/deep-links.ts';
import { linkAmong, wordsWithoutLongLink } from '../../electron/main/link-scheme.ts';

const id = `0x${'ab'.repeat(32)}`;

describe('a link', () => {
  test('leads to the screen of its thing for the side of the profile', () => {
    expect(routeOfLink(`vouchsafe://requirement/${id}`, ['owner'])).toBe(`/open-requirements/${id}`);
    expect(routeOfLink(`vouchsafe://requirement/${id}`, ['consumer'])).toBe(`/requirements/${id}`);
    expect(routeOfLink('vouchsafe://offer/17', ['owner', 'consumer'])).toBe('/grants/17');
    expect(routeOfLink('vouchsafe://offer/17/', [])).toBe('/received/17');
  });

  test('of a network leads to joining it, with nothing but its signer and name', () => {
    expect(routeOfLink(`vouchsafe://network?signer=${id}&name=Harbour%20data`, [])).toBe(`/welcome?signer=${id}&name=Harbour+data`);
    expect(routeOfLink(`vouchsafe://network?signer=${id}`, [])).toBe(`/welcome?signer=${id}`);
  });

  test('with the longest name in any script leads to a route that the window takes', () => {
    const route = routeOfLink(`vouchsafe://network?signer=${id}&name=${'港'.repeat(80)}`, []);
    expect(route).toContain('%E6%B8%AF');
    expect(events['app.go'].parse({ route, confirm: true })).toEqual({ route, confirm: true });
  });

  test('has its name shown with every character in it', () => {
    const route = routeOfLink(`vouchsafe://network?signer=${id}&name=${encodeURIComponent('Harbour\u202e')}`, []);
    expect(new URLSearchParams(route.split('?')[1]).get('name')).toBe('Harbour\ufffd');
  });

  test.each([
    ['another scheme', `https://requirement/${id}`],
    ['no address', 'vouchsafe'],
    ['an unknown thing', 'vouchsafe://wallet/1'],
    ['a thing without an id', 'vouchsafe://requirement/'],
    ['a malformed id', 'vouchsafe://requirement/0x12'],
    ['an id in capitals', `vouchsafe://requirement/${id.toUpperCase()}`],
    ['a negative offer', 'vouchsafe://offer/-1'],
    ['an offer with zeros before it', 'vouchsafe://offer/007'],
    ['a longer path', `vouchsafe://requirement/${id}/pay`],
    ['a way out of its path', 'vouchsafe://offer/../../settings'],
    ['a query where none belongs', 'vouchsafe://offer/1?pay=now'],
    ['a fragment', 'vouchsafe://offer/1#/settings'],
    ['a user name', 'vouchsafe://someone@offer/1'],
    ['a port', 'vouchsafe://offer:80/1'],
    ['a network without a signer', 'vouchsafe://network?name=x'],
    ['a network with further fields', `vouchsafe://network?signer=${id}&file=/etc/passwd`],
    ['a network with a field twice', `vouchsafe://network?signer=${id}&signer=${id}`],
    ['a network with an overlong name', `vouchsafe://network?signer=${id}&name=${'x'.repeat(81)}`],
    ['far too many characters', `vouchsafe://offer/${'1'.repeat(2000)}`],
  ])('with %s is refused in words', (_, link) => {
    expect(() => routeOfLink(link, ['owner'])).toThrow(expect.objectContaining({ code: 'LINK_INVALID' }));
  });
});

test('a link to a thing is not followed where no profile could see it, one to a network is', () => {
  const needsProfile = expect.objectContaining({ code: 'LINK_NEEDS_PROFILE' });
  expect(() => routeOfLink('vouchsafe://offer/17', null)).toThrow(needsProfile);
  expect(() => routeOfLink(`vouchsafe://requirement/${id}`, null)).toThrow(needsProfile);
  expect(routeOfLink(`vouchsafe://network?signer=${id}`, null)).toBe(`/welcome?signer=${id}`);
});

test('a link that is too long to be handed to a running app is cut off, and nothing else', () => {
  const long = `vouchsafe://offer/${'1'.repeat(50_000)}`;
  expect(wordsWithoutLongLink(['/usr/bin/vouchsafe', '--flag', long])).toEqual(['/usr/bin/vouchsafe', '--flag', 'vouchsafe:']);
  expect(wordsWithoutLongLink(['/usr/bin/vouchsafe', `--flag=${'1'.repeat(2000)}`, 'vouchsafe://offer/1'])).toBeNull();
  expect(linkAmong(['vouchsafe:'])).toBe('vouchsafe:');
  expect(() => routeOfLink('vouchsafe:', ['owner'])).toThrow(expect.objectContaining({ code: 'LINK_INVALID' }));
});

test('the link is found among the arguments of a start', () => {
  expect(linkAmong(['/usr/bin/vouchsafe', '--flag', 'vouchsafe://offer/1'])).toBe('vouchsafe://offer/1');
  expect(linkAmong(['/usr/bin/vouchsafe', '/home/someone/vouchsafe'])).toBeUndefined();
});

/** The diagnostics bundle: it helps, and tells nobody who the user is. */
import { expect, test } from 'vitest';
import { type DiagnosticsInput, diagnosticsText, logsText } from '../../electron/main/diagnostics.ts';
import { emptyInstallation } from '../../electron/main/installation.ts';

const home = '/home/ada.lovelace';
const address = `0x${'ab'.repeat(20)}`;
const input: DiagnosticsInput = {
  versions: { vouchsafe: '0.1.0', electron: '42.0.0' },
  packaged: false,
  keychain: { mode: 'passphrase', backend: 'basic_text' },
  settings: emptyInstallation.settings,
  services: [
    { id: 'vault-0123456789abcdef0123', kind: 'vault', state: 'failing', belongsTo: '0123456789abcdef0123', restarts: 4, error: null },
  ],
  profiles: 2,
  networks: 1,
  logs: [
    { atMs: 0, service: 'data', text: `cannot read ${home}/measurements/pump.csv` },
    { atMs: 1, service: 'vault', text: `sent by ${address} for offer 123456789012345678901234567890` },
    { atMs: 2, service: 'vault', text: `phrase: ${'abandon '.repeat(23)}art` },
    { atMs: 3, service: 'main', text: 'user ada.lovelace started' },
  ],
};

test('versions, states and lines are in it', () => {
  const bundle = JSON.parse(diagnosticsText(input, home));
  expect(bundle).toMatchObject({ versions: { vouchsafe: '0.1.0' }, services: [{ kind: 'vault', state: 'failing', restarts: 4 }] });
  expect(bundle.logs[0]).toBe('1970-01-01T00:00:00.000Z data: cannot read <home>/measurements/pump.csv');
});

test('neither the user, nor addresses, ids or words of a phrase are', () => {
  const text = diagnosticsText(input, home);
  for (const secret of ['ada', address.slice(2), '0123456789abcdef0123', 'abandon', '123456789012345678901234567890'])
    expect(text).not.toContain(secret);
});

test('a log that is passed on holds its lines, and as little of whom they are about', () => {
  const text = logsText(input.logs, home);
  expect(text.split('\n')).toHaveLength(input.logs.length + 1);
  expect(text).toContain('1970-01-01T00:00:00.000Z data: cannot read <home>/measurements/pump.csv\n');
  for (const secret of ['ada', address.slice(2), 'abandon', '123456789012345678901234567890']) expect(text).not.toContain(secret);
});

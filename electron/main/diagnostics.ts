/**
 * The bundle that a user may send with a report: versions, states, settings and log lines, without what tells who the user
 * is or what the data is.
 *
 * Invariant: no address, id, hash, phrase or path of the home folder is in it; each is replaced by a mark of its kind.
 */
import { homedir, release, totalmem } from 'node:os';
import type { ServiceView, SettingsView } from '../views.ts';
import type { LogLine } from './service-logs.ts';

/** What goes into a bundle. */
export interface DiagnosticsInput {
  readonly versions: Readonly<Record<string, string>>;
  readonly packaged: boolean;
  readonly keychain: { readonly mode: string; readonly backend: string };
  readonly settings: SettingsView;
  readonly services: readonly ServiceView[];
  readonly profiles: number;
  readonly networks: number;
  readonly logs: readonly LogLine[];
}

/** The bundle's text. `home` is the folder whose name tells who the user is. */
export function diagnosticsText(input: DiagnosticsInput, home = homedir()): string {
  const bundle = {
    format: 'vouchsafe-diagnostics',
    version: 1,
    system: { platform: process.platform, arch: process.arch, release: release(), memoryBytes: totalmem() },
    ...input,
    logs: input.logs.map(written),
  };
  return `${redact(JSON.stringify(bundle, null, 2), home)}\n`;
}

/** Log lines as a text to pass on, redacted like a bundle. */
export function logsText(lines: readonly LogLine[], home = homedir()): string {
  return redact(lines.map((line) => `${written(line)}\n`).join(''), home);
}

function written({ atMs, service, text }: LogLine): string {
  return `${new Date(atMs).toISOString()} ${service}: ${text}`;
}

/** Replaces what could tell who someone is. */
export function redact(text: string, home: string): string {
  const userName = home.split(/[\\/]/).at(-1) ?? '';
  const inJson = JSON.stringify(home).slice(1, -1);
  return [home, inJson]
    .filter((path) => path.length > 1)
    .reduce((rest, path) => rest.replaceAll(path, '<home>'), text)
    .replace(/0x[0-9a-fA-F]{16,}/g, '<hex>')
    .replace(/\b[0-9a-f]{20,}\b/g, '<id>')
    .replace(/\b\d{20,}\b/g, '<number>')
    .replace(/(?:[a-z]{3,8} ){11,}[a-z]{3,8}/g, '<words>')
    .replaceAll(userName.length > 3 ? userName : '\0', '<user>');
}

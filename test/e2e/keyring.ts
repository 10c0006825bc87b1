/** The session's keyring, spoken to as any program of the desktop does: over D-Bus. */
import { execFileSync } from 'node:child_process';

const service = 'org.freedesktop.secrets';

function send(object: string, method: string, ...values: string[]): string {
  return execFileSync('dbus-send', ['--session', '--print-reply', `--dest=${service}`, object, method, ...values], { encoding: 'utf8' });
}

/** Takes every entry out of the keyring, as a reset does. Gives how many there were. */
export function resetKeyring(): number {
  const found = send('/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.SearchItems', 'dict:string:string:');
  const items = [...found.matchAll(/object path "([^"]+)"/g)].map(([, path]) => path as string);
  for (const item of items) send(item, 'org.freedesktop.Secret.Item.Delete');
  return items.length;
}

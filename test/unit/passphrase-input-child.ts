/** Asks for a passphrase at the terminal and says what it got without repeating it. */
import { readPassphrase } from '../../core/adapters/passphrase-input.ts';
import { isAppError } from '../../core/base/app-error.ts';

const expected = 'correct hörse';

try {
  const passphrase = await readPassphrase({ prompt: 'Secret: ' });
  process.stdout.write(`length ${passphrase.length}, digest ${passphrase === expected ? 'equal' : 'different'}\n`);
} catch (error) {
  if (!isAppError(error)) throw error;
  process.stdout.write(`${error.code}\n`);
}

/** Options that every command about a home shares, and how it is unlocked. */
import { readPassphrase } from '../adapters/passphrase-input.ts';
import type { DocumentLock } from '../crypto/sealed-document.ts';
import { openParticipant, type Participant } from '../services/participant.ts';
import { argumentInvalid } from './arguments.ts';

/** Options of a command about a home. */
export interface HomeOptions {
  readonly home: string;
  readonly passphraseFd?: string;
}

let read: Promise<string> | undefined;

/** The passphrase of the command, asked or read once. */
export async function lockOf(options: Pick<HomeOptions, 'passphraseFd'>, prompt = 'Passphrase: '): Promise<DocumentLock> {
  const { passphraseFd } = options;
  if (passphraseFd !== undefined && !/^\d{1,4}$/.test(passphraseFd))
    throw argumentInvalid('--passphrase-fd takes the number of a file descriptor');
  read ??= readPassphrase(passphraseFd === undefined ? { prompt } : { fd: Number(passphraseFd) });
  return { passphrase: await read };
}

/** Opens the home, does the work, and closes it whatever happens. */
export async function withParticipant<Result>(options: HomeOptions, work: (participant: Participant) => Promise<Result>): Promise<Result> {
  const participant = await openParticipant({ home: options.home, lock: await lockOf(options) });
  try {
    return await work(participant);
  } finally {
    await participant.close();
  }
}

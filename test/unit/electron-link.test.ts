/** Calls over a port: whatever the answerer's error says, whoever asked hears of it. */
import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { AppError } from '../../core/base/app-error.ts';
import { Link, type Port } from '../../electron/link.ts';
import { sentenceLengthMax } from '../../electron/views.ts';

/** The two ends of a channel. */
function channel(): readonly [Port, Port] {
  const ends = [new EventEmitter(), new EventEmitter()] as const;
  const port = (own: EventEmitter, other: EventEmitter): Port => ({
    postMessage: (message) => queueMicrotask(() => other.emit('message', structuredClone(message))),
    on: (event, listener) => own.on(event, listener),
  });
  return [port(ends[0], ends[1]), port(ends[1], ends[0])];
}

test('an error that quotes a text of any length arrives, shortened', async () => {
  const [one, other] = channel();
  const long = 'a'.repeat(1_000_000);
  new Link(other, {
    ask: () => {
      throw new AppError('CHAIN_TRANSACTION_REJECTED', { what: long, consequence: long, remedy: long });
    },
  });
  const error = await new Link(one).call('ask', {}).catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code: 'CHAIN_TRANSACTION_REJECTED', text: { what: 'a'.repeat(sentenceLengthMax) } });
});

/** Asks the app through its own bridge, for what a test needs but does not test. */
import type { Page } from '@playwright/test';
import { english } from '../../core/base/sentence.ts';
import type { Answer, ChannelName, RequestOf, ResponseOf } from '../../electron/ipc-contract.ts';

/** Calls a channel as the window does; an error fails the test with its code and its words. */
export async function ask<Name extends ChannelName>(window: Page, channel: Name, request: RequestOf<Name>): Promise<ResponseOf<Name>> {
  const answer = await window.evaluate(
    ([name, value]) => {
      const bridge = Reflect.get(window, 'vouchsafe') as { call(channel: string, value: unknown): Promise<unknown> };
      return bridge.call(name as string, value);
    },
    [channel, request] as const,
  );
  const checked = answer as Answer<ResponseOf<Name>>;
  if (checked.ok) return checked.value;
  // Where a fault of the program happened stands in the log, not in the answer.
  const log = checked.error.code === 'PROGRAM_FAULT' ? (await ask(window, 'app.logs', { service: null })).slice(-10) : [];
  const lines = log.map(({ service, text }) => `\n  ${service}: ${text}`).join('');
  throw new Error(`${channel}: ${checked.error.code}: ${english(checked.error.what)} ${english(checked.error.remedy)}${lines}`);
}

/** Asks again and again until the answer satisfies `wanted`, and gives it. */
export async function until<Value>(
  what: string,
  question: () => Promise<Value>,
  wanted: (value: Value) => boolean,
  msMax = 900_000,
): Promise<Value> {
  const end = performance.now() + msMax;
  for (;;) {
    const value = await question();
    if (wanted(value)) return value;
    if (performance.now() > end) throw new Error(`${what} did not happen; last: ${JSON.stringify(value).slice(0, 1500)}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

/**
 * Writes down every message of the app as it crosses from one process to another: the bridge of both windows, and the ports
 * between main and a service and between two services. Imported before the app's own start (recorded-app.ts), it stands
 * between main and Electron; main and the services run as they are.
 *
 * Messages are written as structured clones, the form in which they cross: bytes as bytes, text as text. Each kind of
 * message has a file of its own below the folder that VOUCHSAFE_RECORDED names:
 * `bridge/<call|secret>/<channel>/<request|answer>`, `bridge/event/<name>`, `ports/<one>--<other>/<method>/<request|answer|progress|event>`.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { serialize } from 'node:v8';
import { app, ipcMain, MessageChannelMain, type MessagePortMain, utilityProcess } from 'electron';

const folder = process.env.VOUCHSAFE_RECORDED;
if (folder === undefined) throw new Error('VOUCHSAFE_RECORDED names no folder');

function record(place: string, value: unknown): void {
  const file = join(folder as string, place);
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, serialize(value));
}

/** A name that a process gave, as a file's name. */
const fileName = (name: unknown) => String(name).replaceAll(/[^A-Za-z0-9.-]/g, '_');

interface LinkMessage {
  readonly kind?: 'call' | 'cancel' | 'progress' | 'answer' | 'event';
  readonly id?: number;
  readonly name?: string;
}

/** Both directions of one link; an answer belongs to the call of the same number from the other end. */
function linkRecorder(place: string) {
  const called = { one: new Map<number, string>(), other: new Map<number, string>() };
  return (from: 'one' | 'other', message: unknown): void => {
    const { kind, id = -1, name } = (message ?? {}) as LinkMessage;
    if (kind === 'call') called[from].set(id, fileName(name));
    const caller = kind === 'call' || kind === 'cancel' ? from : from === 'one' ? 'other' : 'one';
    const method = kind === 'event' ? fileName(name) : (called[caller].get(id) ?? 'unknown');
    record(`ports/${place}/${method}/${kind === 'call' ? 'request' : (kind ?? 'unknown')}`, message);
  };
}

const handle = ipcMain.handle.bind(ipcMain);
ipcMain.handle = (ipc, listener) =>
  handle(ipc, async (event, channel, value) => {
    const place = `bridge/${ipc}/${fileName(channel)}`;
    record(`${place}/request`, value);
    const answer = await listener(event, channel, value);
    record(`${place}/answer`, answer);
    return answer;
  });

app.on('web-contents-created', (_, contents) => {
  const send = contents.send.bind(contents);
  contents.send = (ipc, ...values) => {
    record(`bridge/event/${fileName(values[0])}`, values);
    send(ipc, ...values);
  };
});

const fork = utilityProcess.fork.bind(utilityProcess);
utilityProcess.fork = (path, words, options) => {
  const child = fork(path, words, options);
  const service = fileName(options?.serviceName).replace(/^vouchsafe-/, '');
  const hear = linkRecorder(`main--${service}`);
  const post = child.postMessage.bind(child);
  child.postMessage = (message, ports = []) => {
    const { connect } = (message ?? {}) as { readonly connect?: unknown };
    if (connect === undefined) hear('one', message);
    post(
      message,
      ports.map((port) => relayed(port, linkRecorder(`${service}--${fileName(connect)}`))),
    );
  };
  child.on('message', (message) => hear('other', message));
  return child;
};

/** An end of a new channel to give away in place of `port`; what passes goes through main and is written down. */
function relayed(port: MessagePortMain, hear: ReturnType<typeof linkRecorder>): MessagePortMain {
  const { port1, port2 } = new MessageChannelMain();
  const pass = (from: MessagePortMain, to: MessagePortMain, name: 'one' | 'other') => {
    from.on('message', ({ data }) => {
      hear(name, data);
      to.postMessage(data);
    });
    from.on('close', () => to.close());
    from.start();
  };
  pass(port1, port, 'one');
  pass(port, port1, 'other');
  return port2;
}

/** The routing of windows' calls: what passes, to whom, with what added, and what a window is told of the rest. */
import { expect, test } from 'vitest';
import { AppError } from '../../core/base/app-error.ts';
import { contract } from '../../electron/ipc-contract.ts';
import { CallRouting, type MainAnswers, type RoutingPorts } from '../../electron/main/call-routing.ts';
import { Tasks } from '../../electron/main/tasks.ts';

const id = `0x${'11'.repeat(32)}`;
const networkId = 'network1';
const file = { token: 'token001', name: 'pump.csv', path: '/data/pump.csv', bytes: 5 };

function routing(
  answers: MainAnswers,
  answer: (service: string, method: string, value: unknown) => unknown = () => ({}),
  requireUnlocked = (): void => undefined,
) {
  const asked: unknown[] = [];
  const lines: string[] = [];
  const ports: RoutingPorts = {
    ask: async (service, method, value) => {
      asked.push({ service, method, value });
      return answer(service, method, value);
    },
    requireUnlocked,
    serviceFor: async (kind) => `the-${kind}`,
    operatorOf: async (network) => `operator-${network}`,
    activeHome: () => '/homes/ada',
    fileOf: () => file,
    askWhereToSave: async (suggestion) => `/saved/${suggestion}`,
    log: (line) => lines.push(line),
  };
  const tasks = new Tasks({ changed: () => undefined, progress: () => undefined });
  const calls = new CallRouting(answers, ports, tasks);
  return { asked, lines, tasks, perform: (channel: unknown, value: unknown, window = '1') => calls.perform(window, channel, value) };
}

test('a call of main is answered by main', async () => {
  const { perform } = routing({ 'app.copy': ({ text }) => (text === 'hello' ? {} : Promise.reject(new TypeError('other text'))) });
  expect(await perform('app.copy', { text: 'hello' })).toEqual({ ok: true, value: {} });
});

test('while locked, only the installation and its lock answer', async () => {
  const locked = () => {
    throw new AppError('LOCKED', { what: 'Vouchsafe is locked.', consequence: 'Nothing was done.', remedy: 'Unlock it.' });
  };
  const { perform, asked } = routing({ 'app.copy': () => ({}), 'lock.lock': () => ({}), 'file.sample': () => file }, undefined, locked);
  for (const [channel, request] of [
    ['app.copy', { text: 'hello' }],
    ['lock.lock', {}],
  ] as const)
    expect(await perform(channel, request)).toEqual({ ok: true, value: {} });
  for (const [channel, request] of [
    ['file.sample', {}],
    ['dataset.list', {}],
    ['ownNetwork.blocks', { networkId, before: null }],
  ] as const)
    expect(await perform(channel, request)).toMatchObject({ ok: false, error: { code: 'LOCKED' } });
  expect(asked).toEqual([]);
});

test.each([
  ['a channel that does not exist', 'app.erase', {}],
  ['a name from the prototype', 'toString', {}],
  ['no name at all', 7, {}],
])('%s is refused', async (_, channel, value) => {
  expect(await routing({}).perform(channel, value)).toMatchObject({ ok: false, error: { code: 'REQUEST_REFUSED' } });
});

test.each([
  ['a field of another type', { id: 5 }],
  ['a field more', { id: 'task0001', force: true }],
  ['a field less', {}],
  ['nothing', undefined],
])('a request with %s reaches nobody', async (_, value) => {
  const { perform, asked } = routing({ 'app.cancelTask': () => ({}) });
  expect(await perform('app.cancelTask', value)).toMatchObject({ ok: false, error: { code: 'REQUEST_INVALID' } });
  expect(asked).toEqual([]);
});

test('a request that is too large, or is no JSON, is refused before it is looked at', async () => {
  const { perform } = routing({ 'app.copy': () => ({}) });
  expect(await perform('app.copy', { text: 'x'.repeat(2 << 20) })).toMatchObject({ ok: false, error: { code: 'REQUEST_REFUSED' } });
  const circle: Record<string, unknown> = {};
  circle.itself = circle;
  expect(await perform('app.copy', circle)).toMatchObject({ ok: false, error: { code: 'REQUEST_REFUSED' } });
});

test('a file goes to the service as its path, and comes back as the token that the window knows', async () => {
  const reading = { delimiter: ',', header: true, decimalMark: '.', time: { format: 'calendar', zoneOffsetMinutes: 0 } };
  const inspection = { reading, rows: 1, columns: [], firstRows: [], obstacles: [], report: [] };
  const { perform, asked, tasks } = routing({}, () => inspection);
  expect(await perform('file.inspect', { file: file.token, reading: {} })).toEqual({ ok: true, value: { ...inspection, file } });
  expect(asked).toEqual([{ service: 'the-data', method: 'file.inspect', value: { path: file.path, reading: {} } }]);
  expect(tasks.views()).toMatchObject([{ kind: 'file.inspect', subject: 'pump.csv', state: 'done' }]);
});

test('a page of a table is asked for in the home of the active profile', async () => {
  const table = { totalRows: 0, columns: [], offset: 0, rows: [] };
  const { perform, asked } = routing({}, () => table);
  const request = { place: { kind: 'own', datasetId: id }, offset: 0, count: 10 };
  expect(await perform('table.rows', request)).toMatchObject({ ok: true });
  expect(asked).toEqual([{ service: 'the-data', method: 'table.rows', value: { ...request, home: '/homes/ada' } }]);
});

test('where to save is asked before the vault is', async () => {
  const { perform, asked } = routing({}, (_, method, value) =>
    method === 'received.list' ? [] : { path: (value as { path: string }).path },
  );
  expect(await perform('received.save', { offerId: '3' })).toEqual({ ok: true, value: { path: '/saved/received.csv' } });
  expect(asked.at(-1)).toMatchObject({
    service: 'the-vault',
    method: 'received.save',
    value: { offerId: '3', path: '/saved/received.csv' },
  });
});

test.each([
  ['pump.csv', 'pump.csv'],
  ['Pump.TXT', 'Pump.TXT'],
  ['.bash_aliases', 'bash_aliases.csv'],
  ['..csv', 'csv.csv'],
  ['readings.bat', 'readings.bat.csv'],
  ['report', 'report.csv'],
])('a received file that its owner called %s is proposed as %s', async (fileName, proposed) => {
  const received = {
    offerId: '3',
    requestId: id,
    datasetId: id,
    fileName,
    fileBytes: 1,
    fileSha256: id,
    rows: 1,
    columns: [],
    owner: `0x${'22'.repeat(20)}`,
    state: 'received',
  };
  const { perform } = routing({}, (_, method, value) =>
    method === 'received.list' ? [received] : { path: Reflect.get(value as object, 'path') },
  );
  expect(await perform('received.save', { offerId: '3' })).toEqual({ ok: true, value: { path: `/saved/${proposed}` } });
});

test("a call about an own network goes to that network's operator", async () => {
  const { perform, asked } = routing({}, () => []);
  await perform('ownNetwork.applications', { networkId });
  expect(asked).toMatchObject([{ service: `operator-${networkId}`, method: 'ownNetwork.applications' }]);
});

test('an answer of another shape does not pass; its fault is noted, its content is not', async () => {
  const { perform, lines } = routing({}, () => ({ blockNumber: 'secret text' }));
  expect(await perform('requirement.reclaim', { requestId: id })).toMatchObject({ ok: false, error: { code: 'PROGRAM_FAULT' } });
  expect(lines.join()).toContain('blockNumber');
  expect(lines.join()).not.toContain('secret text');
});

test('an error of a service reaches the window in its words, and its task', async () => {
  const locked = new AppError('LOCKED', { what: 'Locked.', consequence: 'None.', remedy: 'Unlock.' });
  const { perform, tasks } = routing({}, () => Promise.reject(locked));
  expect(await perform('requirement.reclaim', { requestId: id })).toMatchObject({ ok: false, error: { code: 'LOCKED', what: 'Locked.' } });
  expect(tasks.views()).toMatchObject([{ state: 'failed', route: `/requirements/${id}`, error: { code: 'LOCKED' } }]);
});

test('a window that asks without end is told to wait, and another one is not', async () => {
  const { perform } = routing({ 'app.tasks': () => [] });
  const answers = await Promise.all(Array.from({ length: 1000 }, () => perform('app.tasks', {})));
  expect(answers.filter(({ ok }) => ok).length).toBeGreaterThan(100);
  expect(answers.at(-1)).toMatchObject({ ok: false, error: { code: 'REQUESTS_TOO_MANY' } });
  expect(await perform('app.tasks', {}, '2')).toMatchObject({ ok: true });
});

test('every channel has an answerer that there is', () => {
  expect([...new Set(Object.values(contract).map(({ answeredBy }) => answeredBy))].sort()).toEqual(['data', 'main', 'operator', 'vault']);
});

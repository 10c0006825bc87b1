/** What the owner's screens decide apart from any page: steps, columns, matches, turns, and the words of a dry run. */
import { readFileSync } from 'node:fs';
import { createInstance } from 'i18next';
import { describe, expect, test } from 'vitest';
import { storedBytes, viewOf, writeStored } from '../../core/dataset/canonical-column.ts';
import { encodeCell } from '../../core/dataset/cell.ts';
import { type PromisedColumn, parseSchema } from '../../core/dataset/schema.ts';
import { dryRun } from '../../core/proofs/dry-run.ts';
import { requirementFields } from '../../core/proofs/requirement-document.ts';
import type {
  ColumnView,
  ErrorView,
  InspectionView,
  MatchView,
  OfferView,
  RequirementDocumentView,
  RequirementView,
} from '../../electron/views.ts';
import {
  columnProblems,
  fits,
  keywordsOf,
  keywordsProblem,
  planProblem,
  prepareFor,
  reportKey,
  withType,
} from '../../renderer/features/datasets/column-plan.ts';
import { datasetSteps, goesOnByItself, isRemovable, nextAction } from '../../renderer/features/datasets/dataset-progress.ts';
import { canContinue, isMyTurn, listedOffers, stagesOf, stepKey, turnKey } from '../../renderer/features/grants/offer-turn.ts';
import { predicateWords } from '../../renderer/features/open-requirements/dry-run-words.ts';
import {
  bestFit,
  closedBecause,
  fitOf,
  hasShortWindows,
  listed,
  rankedMatches,
} from '../../renderer/features/open-requirements/matching.ts';

const obstacle = (code: string): ErrorView => ({ code, what: 'w', consequence: 'c', remedy: 'r', data: {} });
const away = obstacle('SERVICE_UNREACHABLE');
const refused = obstacle('PKG_REFUSED');
const id32 = (digit: string) => `0x${digit.repeat(64)}`;
const address = (digit: string) => `0x${digit.repeat(40)}`;

describe('the steps of a dataset', () => {
  const states = (...dataset: Parameters<typeof datasetSteps>) => datasetSteps(...dataset).map(({ state }) => state);

  test('are done up to its state, and the next one runs while it goes on', () => {
    expect(states({ state: 'encrypted', publishing: true, obstacle: null })).toEqual([
      'done',
      'done',
      'done',
      'running',
      'waiting',
      'waiting',
    ]);
    expect(states({ state: 'encrypted', publishing: false, obstacle: null })[3]).toBe('waiting');
  });

  test('wait where the network is away, and fail where time mends nothing', () => {
    expect(states({ state: 'encrypted', publishing: true, obstacle: away })[3]).toBe('waiting');
    expect(states({ state: 'encrypted', publishing: true, obstacle: refused })[3]).toBe('failed');
    expect(goesOnByItself({ publishing: false, obstacle: away })).toBe(false);
  });

  test('lead to one next action', () => {
    expect(nextAction({ state: 'imported', publishing: false, obstacle: null })).toBe('publish');
    expect(nextAction({ state: 'committed', publishing: true, obstacle: null })).toBeNull();
    expect(nextAction({ state: 'committed', publishing: true, obstacle: away })).toBe('continue');
    expect(nextAction({ state: 'ready', publishing: false, obstacle: null })).toBe('offer');
  });

  test('end the time in which the files may be deleted', () => {
    expect(isRemovable({ state: 'uploaded' })).toBe(true);
    expect(isRemovable({ state: 'recorded' })).toBe(false);
  });
});

const pressure: ColumnView = { source: 1, name: 'pressure', unit: '', type: 'number', scale: 3, width: 32 };
const time: ColumnView = { source: 0, name: 'time', unit: 'ms', type: 'time', scale: 0, width: 64 };
const note: ColumnView = { source: 2, name: 'note', unit: '', type: 'text', scale: 0, width: 64 };
const asked: RequirementDocumentView = {
  version: 1,
  width: 16,
  columns: [{ type: 'number', name: 'Pressure', unit: 'bar', scale: 2, between: ['0', '3.5'] }],
  minRows: 10,
  keywords: [],
};
const noObstacles: InspectionView['obstacles'] = [0, 1, 2].map(() => ({ notNumber: null, notTime: null }));

describe('the columns of a file', () => {
  const problems = (columns: readonly ColumnView[], maximum: string | null = null) =>
    columnProblems(columns, () => ({ minimum: null, maximum })).map(({ source, key }) => [source, key]);

  test('need names of their own, and one time at most', () => {
    expect(problems([time, pressure, note])).toEqual([]);
    expect(problems([{ ...pressure, name: '  ' }])).toEqual([[1, 'name-empty']]);
    expect(problems([{ ...pressure, name: 'time' }])).toEqual([[1, 'name-time']]);
    expect(problems([pressure, { ...pressure, source: 2 }])).toEqual([[2, 'name-taken']]);
    expect(problems([pressure, { ...pressure, source: 2, unit: 'bar' }])).toEqual([]);
    expect(problems([time, { ...time, source: 2 }])).toEqual([[2, 'second-time']]);
  });

  test('tell early which values their width cannot hold', () => {
    expect(problems([{ ...pressure, width: 16, scale: 2 }], '400')).toEqual([[1, 'too-wide']]);
    expect(problems([{ ...pressure, width: 16, scale: 2 }], '327.67')).toEqual([]);
  });

  test.each([16, 32, 64] as const)('fit %i bits exactly where the commitment can store them', (width) => {
    const column: PromisedColumn = { source: 0, name: 'x', unit: '', type: 'number', scale: 2, width };
    const half = 1n << BigInt(width - 1);
    for (const integer of [half - 1n, half, -half, 1n - half, 2n - half, 3n - half, 0n]) {
      const digits = (integer < 0n ? -integer : integer).toString().padStart(3, '0');
      const text = `${integer < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
      const reading = { decimalMark: '.', time: { format: 'calendar', zoneOffsetMinutes: 0 } } as const;
      expect([text, fits(text, 2, width)]).toEqual([text, encodeCell(column, text, reading).ok]);
    }
  });

  test('promise at least one column and at most sixteen', () => {
    expect(planProblem([note])).toBe('nothing-promised');
    expect(planProblem(Array.from({ length: 17 }, (_, source) => ({ ...pressure, source })))).toBe('too-many-promised');
    expect(planProblem([time, note])).toBeNull();
  });

  test('take what a type fixes, in a form that the schema accepts', () => {
    for (const type of ['number', 'time', 'category'] as const)
      expect(() => parseSchema({ columns: [withType(note, type, 'note')] })).not.toThrow();
    expect(withType(time, 'category', 'stamp')).toEqual({ source: 0, name: 'stamp', unit: '', type: 'category', scale: 0, width: 64 });
  });

  test('are measured anew for what changes the stored values alone', () => {
    expect(reportKey({ ...pressure, name: 'p', unit: 'bar' })).toBe(reportKey(pressure));
    expect(reportKey({ ...pressure, scale: 1 })).not.toBe(reportKey(pressure));
  });
});

describe('preparing a file for a requirement', () => {
  test('gives columns the names, units, decimals and width that are asked for', () => {
    const { columns, mismatches } = prepareFor(asked, { columns: [time, pressure], rows: 10, obstacles: noObstacles });
    expect(columns[1]).toEqual({ source: 1, name: 'Pressure', unit: 'bar', type: 'number', scale: 2, width: 16 });
    expect(mismatches).toEqual([{ column: 'Pressure', key: 'rounding', values: { has: 3, count: 2 } }]);
  });

  test('says what the file lacks', () => {
    const document: RequirementDocumentView = {
      ...asked,
      columns: [...asked.columns, { type: 'number', name: 'note', unit: '', scale: 0, between: ['0', '1'] }],
      time: { from: '2026-01-01', to: '2026-02-01', minSpanMs: 0 },
    };
    const obstacles = noObstacles.with(2, { notNumber: { line: 7, text: 'n/a' }, notTime: null });
    const { mismatches } = prepareFor(document, { columns: [note], rows: 3, obstacles });
    expect(mismatches.map(({ column, key }) => [column, key])).toEqual([
      ['Pressure', 'no-column'],
      ['note', 'not-number'],
      ['time', 'no-time'],
      ['', 'few-rows'],
    ]);
    expect(mismatches[1]?.values).toEqual({ line: 7, text: 'n/a' });
  });
});

describe('keywords', () => {
  test('are taken as the commitment takes them, each once', () => {
    expect(keywordsOf(' Pump, steel ;PUMP,, ')).toEqual(['pump', 'steel']);
  });

  test('have limits', () => {
    expect(keywordsProblem(Array.from({ length: 17 }, (_, index) => `k${index}`))).toBe('too-many-keywords');
    expect(keywordsProblem(['x'.repeat(65)])).toBe('keyword-too-long');
    expect(keywordsProblem(['pump'])).toBeNull();
  });
});

const match = (over: Partial<MatchView> = {}): MatchView => ({
  datasetId: id32('1'),
  datasetName: 'A',
  columns: 'all',
  enoughRows: true,
  keywords: true,
  ready: true,
  ...over,
});
const requirement = (over: Partial<RequirementView> = {}): RequirementView => ({
  requestId: id32('5'),
  state: 'open',
  mine: false,
  publisher: address('b'),
  document: asked,
  terms: { price: '5', bond: '1', deadline: 1000, grantWindow: 7200, deliverWindow: 7200, confirmWindow: 7200 },
  escrow: '5',
  requirementHash: null,
  publishedInBlock: 1,
  offers: 0,
  obstacle: null,
  ...over,
});

describe('open requirements', () => {
  test('are met as far as columns, rows and keywords say', () => {
    expect(fitOf(match())).toBe('fits');
    expect(fitOf(match({ ready: false }))).toBe('not-ready');
    expect(fitOf(match({ enoughRows: false }))).toBe('partly');
    expect(fitOf(match({ columns: 'none' }))).toBe('no');
    expect(bestFit([])).toBe('no');
    expect(
      rankedMatches([match({ columns: 'some' }), match({ datasetName: 'B' }), match()]).map(({ datasetName, fit }) => [datasetName, fit]),
    ).toEqual([
      ['A', 'fits'],
      ['B', 'fits'],
      ['A', 'partly'],
    ]);
  });

  test('are listed with those that can be met first, then by their end', () => {
    const all = [
      { requirement: requirement({ requestId: id32('7'), terms: { ...requirement().terms, deadline: 10 } }), matches: [] },
      { requirement: requirement({ requestId: id32('8') }), matches: [match()] },
      { requirement: requirement({ requestId: id32('9'), terms: { ...requirement().terms, deadline: 20 } }), matches: [match()] },
    ];
    const ids = (filter: Parameters<typeof listed>[1]) =>
      listed(all, filter, new Set([id32('7')])).map((entry) => entry.requirement.requestId.at(-1));
    expect(ids('all')).toEqual(['9', '8', '7']);
    expect(ids('can-meet')).toEqual(['9', '8']);
    expect(ids('offered')).toEqual(['7']);
  });

  test('say why nothing can be offered', () => {
    expect(closedBecause(requirement(), 999)).toBeNull();
    expect(closedBecause(requirement({ mine: true }), 999)).toBe('mine');
    expect(closedBecause(requirement({ state: 'closed' }), 999)).toBe('closed');
    expect(closedBecause(requirement(), 1000)).toBe('over');
    expect(closedBecause(requirement({ escrow: '4' }), 999)).toBe('escrow');
    expect(closedBecause(requirement({ document: null }), 999)).toBe('no-words');
    expect(hasShortWindows({ ...requirement().terms, grantWindow: 3599 })).toBe(true);
    expect(hasShortWindows(requirement().terms)).toBe(false);
  });
});

const offer = (over: Partial<OfferView> = {}): OfferView => ({
  offerId: '1',
  side: 'owner',
  requestId: id32('5'),
  datasetId: id32('1'),
  datasetName: 'A',
  workState: 'verified',
  chainState: 'verified',
  waitsFor: 'consumer',
  dueAt: 100,
  owner: address('a'),
  consumer: address('b'),
  price: '5',
  ownerBond: '1',
  provedSegments: 3,
  segmentCount: 3,
  provedRows: 3000,
  document: null,
  grant: null,
  faultyProxies: [],
  outcome: null,
  possibleSteps: ['revoke'],
  obstacle: null,
  received: false,
  ...over,
});
const grant = { grantHash: id32('9'), threshold: 2, proxies: 3, liveUntil: 9, revoked: true };

describe('an offer of the owner', () => {
  const stages = (over: Partial<OfferView>) => stagesOf(offer(over)).map(({ state }) => state);

  test('shows how far the trade is', () => {
    expect(stages({ chainState: 'none' })[0]).toBe('running');
    expect(stages({ chainState: 'accepted' })).toEqual(['done', 'done', 'done', 'running', 'waiting', 'waiting']);
    expect(stages({ chainState: 'paid', grant })).toEqual(Array.from({ length: 6 }, () => 'done'));
  });

  test('shows at which stage an ended trade stopped', () => {
    expect(stages({ chainState: 'expired', provedSegments: 1 })).toEqual(['done', 'failed', 'waiting', 'waiting', 'waiting', 'waiting']);
    expect(stages({ chainState: 'expired' })[2]).toBe('failed');
    expect(stages({ chainState: 'revoked', grant })[4]).toBe('failed');
    expect(stages({ chainState: 'refunded' })[3]).toBe('failed');
  });

  test('says whose turn it is', () => {
    expect(turnKey(offer())).toBe('verified');
    expect(turnKey(offer({ possibleSteps: ['expire'] }))).toBe('verified.over');
    expect(turnKey(offer({ chainState: 'delivered', possibleSteps: ['claim', 'revoke'] }))).toBe('delivered.over');
    expect(turnKey(offer({ chainState: 'granted', workState: 'grant-recorded' }))).toBe('granted.delivering-shares');
    expect(isMyTurn(offer())).toBe(false);
    expect(isMyTurn(offer({ chainState: 'accepted', waitsFor: 'me' }))).toBe(true);
    expect(isMyTurn(offer({ possibleSteps: ['expire'] }))).toBe(true);
    expect(isMyTurn(offer({ chainState: 'paid', waitsFor: 'nobody' }))).toBe(false);
  });

  test('goes on only where this installation has work to do', () => {
    expect(canContinue(offer({ chainState: 'accepted', waitsFor: 'me' }))).toBe(true);
    expect(canContinue(offer())).toBe(false);
    expect(canContinue(offer({ workState: null, chainState: 'accepted', waitsFor: 'me' }))).toBe(false);
    expect(canContinue(offer({ chainState: 'paid', waitsFor: 'nobody' }))).toBe(false);
  });

  test('is revoked with what that means in its phase', () => {
    expect(
      ['verified', 'accepted', 'granted', 'delivered', 'paid'].map((chainState) => stepKey('revoke', { chainState } as OfferView)),
    ).toEqual(['revoke.offer', 'revoke.promised', 'revoke.promised', 'revoke.grant', 'revoke.grant']);
  });

  test('is listed after those that wait for the owner', () => {
    const all = [
      offer({ offerId: '1', chainState: 'paid', dueAt: null, waitsFor: 'nobody' }),
      offer({ offerId: '2', dueAt: 5 }),
      offer({ offerId: '3', chainState: 'accepted', waitsFor: 'me', dueAt: 50 }),
      offer({ offerId: '4', side: 'consumer' }),
    ];
    const ids = (filter: Parameters<typeof listedOffers>[1]) => listedOffers(all, filter).map(({ offerId }) => offerId);
    expect(ids('all')).toEqual(['3', '2', '1']);
    expect(ids('my-turn')).toEqual(['3']);
    expect(ids('running')).toEqual(['3', '2']);
    expect(ids('ended')).toEqual(['1']);
  });
});

describe('the words of a dry run', () => {
  const schema = parseSchema({ columns: [time, { ...pressure, name: 'Pressure', unit: 'bar' }] });
  const document: RequirementDocumentView = {
    version: 1,
    width: 32,
    columns: [
      { type: 'number', name: 'Pressure', unit: 'bar', scale: 3, between: ['0', '3.5'], mean: ['1', '2'] },
      { type: 'number', name: 'Flow', unit: '', scale: 0, between: ['0', '1'] },
    ],
    minRows: 2,
    time: { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z', minSpanMs: 86_400_000 },
    keywords: ['pump'],
  };
  const columns: Record<number, { readonly width: 32 | 64; readonly cells: readonly string[] }> = {
    0: { width: 64, cells: ['2026-01-02 00:00', '2026-01-05 12:00', '2026-01-04 00:00'] },
    1: { width: 32, cells: ['1.25', '', '4'] },
  };
  const reader = {
    read: async (position: number, firstRow: number, rows: number) => {
      const { width, cells } = columns[position]!;
      const column = schema.columns[position] as PromisedColumn;
      const bytes = new Uint8Array(rows * storedBytes(width));
      for (let row = 0; row < rows; row++) {
        const cell = encodeCell(column, cells[firstRow + row]!, { decimalMark: '.', time: { format: 'calendar', zoneOffsetMinutes: 0 } });
        if (!cell.ok) throw new TypeError(cell.problem);
        writeStored(viewOf(bytes), width, row, cell.stored);
      }
      return bytes;
    },
  };

  test('say in German all that the service says in English', async () => {
    const i18n = createInstance();
    const file = new URL('../../renderer/texts/de/open-requirements.json', import.meta.url);
    await i18n.init({
      lng: 'de',
      keySeparator: false,
      resources: { de: { 'open-requirements': JSON.parse(readFileSync(file, 'utf8')) } },
      interpolation: { escapeValue: false },
    });
    const run = await dryRun(requirementFields(document), { segmentCount: 1, totalRows: 3, tags: [], schema }, reader);
    const words = run.predicates.map(({ predicate, holds, asked: wish, found, failingCount, failingRows }) => {
      const slot = 'slot' in predicate ? (document.columns[predicate.slot]?.name ?? null) : null;
      const view = { kind: predicate.kind, column: slot, keyword: predicate.kind === 'keyword' ? 'pump' : null, holds };
      const shown = { ...view, asked: wish, found, failingCount, failingRows: [...failingRows] };
      const { title, asked: verlangt, found: gefunden } = predicateWords(shown, (key, values) => i18n.t(key, values ?? {}), 'de');
      return `${title} | ${verlangt} | ${gefunden}`.replace(/[\u00a0\u202f]/g, ' ');
    });
    expect(words).toEqual([
      'Größe für einen Beweis | eine Größe, für die das Netz einen Beweis hat | 1 Teil zu 1.008 Zeilen',
      'Anzahl der Zeilen | mindestens 2 Zeilen | 3 Zeilen',
      'Schlagwort „pump“ | dass der Datensatz es hat | er hat es nicht',
      'Werte von Pressure | jeder zwischen 0 und 3,5 | 1,25 bis 4, und 1 fehlt',
      expect.stringMatching(/^Mittelwert von Pressure \| zwischen 1 und 2 \| etwa −[\d.,]+$/),
      'Spalte Flow | eine Spalte mit diesem Namen, dieser Einheit, Stellenzahl und Breite | keine solche Spalte',
      'Reihenfolge der Zeiten | jede später als die davor, um weniger als 34 Jahre | nicht in Reihenfolge',
      'Beginn | erste Zeile nicht vor 01.01.2026, 00:00 UTC | 02.01.2026, 00:00 UTC',
      'Ende | letzte Zeile nicht nach 01.02.2026, 00:00 UTC | 04.01.2026, 00:00 UTC',
      'Abgedeckte Zeit | mindestens 1 Tag | 2 Tage',
    ]);
  });
});

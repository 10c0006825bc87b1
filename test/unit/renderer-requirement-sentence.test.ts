/** A requirement in words, and the figures in it, in both languages. */
import { readFileSync } from 'node:fs';
import { createInstance } from 'i18next';
import { describe, expect, test } from 'vitest';
import { type RequirementDocumentView, requirementDocumentView } from '../../electron/views.ts';
import { localDecimal, localDuration, utcTime } from '../../renderer/model/figures.ts';
import { isolated } from '../../renderer/model/isolated.ts';
import { requirementSentence, sentencePieces, sentenceText, type Translate } from '../../renderer/model/requirement-sentence.ts';

const whole: RequirementDocumentView = {
  version: 1,
  width: 64,
  columns: [
    { type: 'number', name: 'Pressure', unit: 'bar', scale: 2, between: ['-0.50', '3.5'], mean: ['1', '2'] },
    { type: 'category', name: 'Site', equals: 'North' },
  ],
  minRows: 12000,
  time: { from: '2026-01-01T00:00:00Z', to: '2026-02-01 00:00', minSpanMs: 26 * 3_600_000 },
  keywords: ['pump', 'steel'],
};

async function translator(language: 'en' | 'de'): Promise<Translate> {
  const file = new URL(`../../renderer/texts/${language}/open-requirements.json`, import.meta.url);
  const i18n = createInstance();
  await i18n.init({
    lng: language,
    resources: { [language]: { 'open-requirements': JSON.parse(readFileSync(file, 'utf8')) } },
    keySeparator: false,
    interpolation: { escapeValue: true, escape: isolated },
  });
  return (key, values) => i18n.t(key, values ?? {});
}

/** Spaces that do not break are spaces to a reader. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

describe('the sentence of a requirement', () => {
  test('says every predicate in English', async () => {
    const parts = requirementSentence(whole, await translator('en'), 'en');
    expect(plain(sentenceText(parts, 'en'))).toBe(
      'Every Pressure (bar) between −0.50 and 3.5, the mean of Pressure between 1 and 2, every Site equal to “North”, ' +
        'at least 12,000 rows, times in order from 1 Jan 2026, 00:00 UTC to 1 Feb 2026, 00:00 UTC, ' +
        'covering at least 1 day 2 hours, with the keywords “pump” and “steel”.',
    );
  });

  test('says every predicate in German, with its decimal comma', async () => {
    const parts = requirementSentence(whole, await translator('de'), 'de');
    expect(plain(sentenceText(parts, 'de'))).toBe(
      'Jeder Wert von Pressure (bar) zwischen −0,50 und 3,5, der Mittelwert von Pressure zwischen 1 und 2, ' +
        'jeder Wert von Site gleich „North“, mindestens 12.000 Zeilen, ' +
        'aufsteigende Zeiten von 01.01.2026, 00:00 UTC bis 01.02.2026, 00:00 UTC, ' +
        'über mindestens 1 Tag 2 Stunden, mit den Schlagwörtern „pump“ und „steel“.',
    );
  });

  test('points from each clause to the column that it is about', async () => {
    const parts = requirementSentence(whole, await translator('en'));
    expect(parts.map(({ about, column }) => [about, column])).toEqual([
      ['column', 0],
      ['mean', 0],
      ['column', 1],
      ['rows', undefined],
      ['times', undefined],
      ['span', undefined],
      ['keywords', undefined],
    ]);
  });

  test("sets the author's choices off from the words around them", async () => {
    const parts = requirementSentence(whole, await translator('en'));
    expect(parts[0]?.pieces).toEqual([
      { text: 'every ', slot: false },
      { text: 'Pressure (bar)', slot: true },
      { text: ' between ', slot: false },
      { text: '−0.50', slot: true },
      { text: ' and ', slot: false },
      { text: '3.5', slot: true },
    ]);
    expect(
      sentencePieces(parts)
        .map(({ text }) => text)
        .join(''),
    ).toBe(sentenceText(parts));
  });

  test('lets no name speak in the words around it, or turn them around', async () => {
    const translate = await translator('en');
    const said = (name: string) => {
      const column = { type: 'number', name, unit: '', scale: 0, between: ['0', '35'] };
      const { columns: _, time: __, ...rest } = whole;
      // As the window gets it: through the contract.
      return requirementSentence(requirementDocumentView.parse({ ...rest, columns: [column], keywords: [] }), translate)[0];
    };
    // The marks of the sentence itself: what stands between them would look like the program's own words.
    expect(said('x\ue001 is never looked at and \ue000y')?.pieces).toEqual([
      { text: 'every ', slot: false },
      { text: 'x\ufffd is never looked at and \ufffdy', slot: true },
      { text: ' between ', slot: false },
      { text: '0', slot: true },
      { text: ' and ', slot: false },
      { text: '35', slot: true },
    ]);
    expect(said('Flow\u202e')?.text).toBe('every Flow\ufffd between 0 and 35');
    expect(said('ספיקה')?.text).toBe('every \u2068ספיקה\u2069 between 0 and 35');
  });

  test('leaves out what is not asked', async () => {
    const { time: _, ...rest } = whole;
    const [column] = whole.columns;
    const parts = requirementSentence(
      { ...rest, columns: [{ ...column!, mean: undefined } as never], minRows: 1, keywords: [] },
      await translator('en'),
    );
    expect(sentenceText(parts)).toBe('Every Pressure (bar) between −0.50 and 3.5, at least 1 row.');
  });
});

describe('figures', () => {
  test('keep every digit of a decimal', () => {
    expect(localDecimal('123456789012345678901.000000000000000001', 'en')).toBe('123,456,789,012,345,678,901.000000000000000001');
    expect(localDecimal('not a number', 'en')).toBe('not a number');
  });

  test('name the two largest units of a duration', () => {
    expect(plain(localDuration(90_061_000, 'en'))).toBe('1 day 1 hour');
    expect(plain(localDuration(7 * 86_400_000, 'de'))).toBe('7 Tage');
    expect(plain(localDuration(0, 'en'))).toBe('0 milliseconds');
  });

  test('say all of a time, as it is asked for', () => {
    expect(utcTime('2026-01-01T00:00:59Z', 'en')).toBe('1 Jan 2026, 00:00:59 UTC');
    expect(utcTime('2026-01-01T00:00:00.001Z', 'en')).toBe('2026-01-01T00:00:00.001Z');
  });

  test('leave a time that cannot be read as it is', () => {
    expect(utcTime('soon', 'en')).toBe('soon');
  });
});

/** A requirement as a sentence a person reads: "every Pressure (bar) between 0 and 3.5, at least 1,000 rows, ...". Pure: no page is needed. */
import type { RequirementDocumentView } from '../../electron/views.ts';
import { localDecimal, localDuration, localInteger, utcTime } from './figures.ts';

/** Looks up a text: i18next's `t`, or a stand-in. Keys name their catalogue. */
export type Translate = (key: string, values?: Record<string, string | number>) => string;

/** One clause. `column` is the index in the document's columns, for clauses about one. */
export interface SentencePart {
  readonly about: 'column' | 'mean' | 'rows' | 'times' | 'span' | 'keywords';
  readonly column?: number;
  readonly text: string;
}

const catalogue = 'open-requirements:sentence';

/** The clauses of a requirement in the order of its document. `language` decides how numbers and times are written. */
export function requirementSentence(document: RequirementDocumentView, translate: Translate, language = 'en'): readonly SentencePart[] {
  const say = (key: string, values: Record<string, string | number>) => translate(`${catalogue}.${key}`, values);
  const parts: SentencePart[] = document.columns.flatMap((asked, column): SentencePart[] => {
    if (asked.type === 'category') return [{ about: 'column', column, text: say('category', { column: asked.name, value: asked.equals }) }];
    const named = asked.unit === '' ? asked.name : say('columnWithUnit', { column: asked.name, unit: asked.unit });
    const range = say('range', {
      column: named,
      low: localDecimal(asked.between[0], language),
      high: localDecimal(asked.between[1], language),
    });
    if (asked.mean === undefined) return [{ about: 'column', column, text: range }];
    const [low, high] = asked.mean;
    const mean = say('mean', { column: asked.name, low: localDecimal(low, language), high: localDecimal(high, language) });
    return [
      { about: 'column', column, text: range },
      { about: 'mean', column, text: mean },
    ];
  });
  parts.push({ about: 'rows', text: say('rows', { count: document.minRows, rows: localInteger(document.minRows, language) }) });
  if (document.time !== undefined) {
    const { from, to, minSpanMs } = document.time;
    parts.push({ about: 'times', text: say('times', { from: utcTime(from, language), to: utcTime(to, language) }) });
    if (minSpanMs > 0) parts.push({ about: 'span', text: say('span', { span: localDuration(minSpanMs, language) }) });
  }
  if (document.keywords.length > 0) {
    const quoted = document.keywords.map((keyword) => say('quoted', { text: keyword }));
    const keywords = new Intl.ListFormat(language, { type: 'conjunction' }).format(quoted);
    parts.push({ about: 'keywords', text: say('keywords', { count: quoted.length, keywords }) });
  }
  return parts;
}

/** The clauses as one sentence with a capital at its beginning and a full stop. */
export function sentenceText(parts: readonly SentencePart[], language = 'en'): string {
  const joined = parts.map(({ text }) => text).join(', ');
  return joined === '' ? '' : `${joined.charAt(0).toLocaleUpperCase(language)}${joined.slice(1)}.`;
}

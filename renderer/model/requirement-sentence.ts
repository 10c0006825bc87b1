/** A requirement as a sentence a person reads: "every Pressure (bar) between 0 and 3.5, at least 1,000 rows, ...". Pure: no page is needed. */
import type { RequirementDocumentView } from '../../electron/views.ts';
import { localDecimal, localDuration, localInteger, utcTime } from './figures.ts';

/** Looks up a text: i18next's `t` of any area, or a stand-in. Keys name their catalogue. */
export type Translate = (key: string, values?: Record<string, string | number>) => string;

/** Words of a clause: those of the language, or (`slot`) what the author chose. */
export interface SentencePiece {
  readonly text: string;
  readonly slot: boolean;
}

/** One clause. `column` is the index in the document's columns, for clauses about one. */
export interface SentencePart {
  readonly about: 'column' | 'mean' | 'rows' | 'times' | 'span' | 'keywords';
  readonly column?: number;
  readonly text: string;
  /** The same words, cut where the author's choices begin and end. */
  readonly pieces: readonly SentencePiece[];
}

const catalogue = 'open-requirements:sentence';
// Marks for the translated text, from the private use area: no text that a window gets has its characters (electron/visible-text.ts).
const open = '\ue000';
const close = '\ue001';

/** The clauses of a requirement in the order of its document. `language` decides how numbers and times are written. */
export function requirementSentence(document: RequirementDocumentView, translate: Translate, language = 'en'): readonly SentencePart[] {
  const clause = (about: SentencePart['about'], key: string, values: Record<string, string>, column?: number, count?: number) => {
    const marked = Object.entries(values).map(([name, value]) => [name, `${open}${value}${close}`] as const);
    const said = translate(`${catalogue}.${key}`, { ...Object.fromEntries(marked), ...(count === undefined ? {} : { count }) });
    const pieces = cut(said);
    const text = pieces.map((piece) => piece.text).join('');
    return column === undefined ? { about, text, pieces } : { about, column, text, pieces };
  };
  const parts: SentencePart[] = document.columns.flatMap((asked, column): SentencePart[] => {
    if (asked.type === 'category') return [clause('column', 'category', { column: asked.name, value: asked.equals }, column)];
    const bounds = ([low, high]: readonly [string, string]) => ({ low: localDecimal(low, language), high: localDecimal(high, language) });
    const named = asked.unit === '' ? asked.name : translate(`${catalogue}.columnWithUnit`, { column: asked.name, unit: asked.unit });
    const range = clause('column', 'range', { column: named, ...bounds(asked.between) }, column);
    return asked.mean === undefined ? [range] : [range, clause('mean', 'mean', { column: asked.name, ...bounds(asked.mean) }, column)];
  });
  parts.push(clause('rows', 'rows', { rows: localInteger(document.minRows, language) }, undefined, document.minRows));
  if (document.time !== undefined) {
    const { from, to, minSpanMs } = document.time;
    parts.push(clause('times', 'times', { from: utcTime(from, language), to: utcTime(to, language) }));
    if (minSpanMs > 0) parts.push(clause('span', 'span', { span: localDuration(minSpanMs, language) }));
  }
  if (document.keywords.length > 0) {
    const quoted = document.keywords.map((keyword) => translate(`${catalogue}.quoted`, { text: keyword }));
    const keywords = new Intl.ListFormat(language, { type: 'conjunction' }).format(quoted);
    parts.push(clause('keywords', 'keywords', { keywords }, undefined, quoted.length));
  }
  return parts;
}

/** The clauses as one sentence with a capital at its beginning and a full stop. */
export function sentenceText(parts: readonly SentencePart[], language = 'en'): string {
  const joined = parts.map(({ text }) => text).join(', ');
  return joined === '' ? '' : `${joined.charAt(0).toLocaleUpperCase(language)}${joined.slice(1)}.`;
}

/** The pieces of {@link sentenceText}, to be shown with the author's choices set off. */
export function sentencePieces(parts: readonly SentencePart[], language = 'en'): readonly SentencePiece[] {
  const pieces = parts.flatMap((part, index) => (index === 0 ? part.pieces : [{ text: ', ', slot: false }, ...part.pieces]));
  const [first, ...rest] = pieces;
  if (first === undefined) return [];
  const begun = { ...first, text: `${first.text.charAt(0).toLocaleUpperCase(language)}${first.text.slice(1)}` };
  return [begun, ...rest, { text: '.', slot: false }];
}

function cut(marked: string): readonly SentencePiece[] {
  return marked
    .split(open)
    .flatMap((run, index): SentencePiece[] => {
      if (index === 0) return [{ text: run, slot: false }];
      const [slot = '', after = ''] = run.split(close);
      return [
        { text: slot, slot: true },
        { text: after, slot: false },
      ];
    })
    .filter(({ text }) => text !== '');
}

/**
 * What a dry run found, in the words of a language. The service says it in English, in few fixed forms
 * (core/proofs/dry-run.ts); a form that is not known here is shown as it is. Pure.
 */
import type { DryRunView } from '../../../electron/views.ts';
import { localDecimal, localDuration, localInteger, utcTime } from '../../model/figures.ts';
import type { Translate } from '../../model/requirement-sentence.ts';

export type Predicate = DryRunView['predicates'][number];

/** The title, what is asked and what was found. */
export interface PredicateWords {
  readonly title: string;
  readonly asked: string;
  readonly found: string;
}

type Value = (match: RegExpExecArray, language: string) => Record<string, string | number>;
type Form = readonly [pattern: RegExp, key: string, values: Value];

const none: Value = () => ({});
const number = '(-?\\d+(?:\\.\\d+)?)';
const figure: (text: string | undefined, language: string) => string = (text = '', language) =>
  /^\d{4}-/.test(text) ? utcTime(text, language) : localDecimal(text, language);
const count = (text: string | undefined): number => Number(text ?? 0);

const forms: readonly Form[] = [
  [/^at least (\d+) rows$/, 'at-least-rows', ([, rows], language) => ({ count: count(rows), rows: localInteger(count(rows), language) })],
  [/^(\d+) rows$/, 'rows', ([, rows], language) => ({ count: count(rows), rows: localInteger(count(rows), language) })],
  [
    /^(\d+) segments of (\d+) rows$/,
    'segments',
    ([, segments, rows], language) => ({ count: count(segments), rows: localInteger(count(rows), language) }),
  ],
  [/^a dataset that a circuit holds$/, 'circuit', none],
  [/^the keyword$/, 'keyword', none],
  [/^among the keywords$/, 'keyword-present', none],
  [/^not among the keywords$/, 'keyword-absent', none],
  [/^a column of this name, unit, type, scale and width$/, 'column', none],
  [/^no such column$/, 'no-column', none],
  [/^a time column$/, 'time-column', none],
  [/^none$/, 'none', none],
  [/^no value$/, 'no-value', none],
  [/^in order$/, 'in-order', none],
  [/^out of order$/, 'out-of-order', none],
  [/^times that ascend, rows less than 34 years apart$/, 'ascending', none],
  [
    new RegExp(`^every .+ between ${number} and ${number}$`),
    'between',
    ([, low, high], language) => ({ low: figure(low, language), high: figure(high, language) }),
  ],
  [
    new RegExp(`^a mean between ${number} and ${number}$`),
    'mean-between',
    ([, low, high], language) => ({ low: figure(low, language), high: figure(high, language) }),
  ],
  [
    new RegExp(`^${number} to ${number}, (\\d+) missing$`),
    'range-missing',
    ([, low, high, missing], language) => ({ low: figure(low, language), high: figure(high, language), count: count(missing) }),
  ],
  [
    new RegExp(`^${number} to ${number}$`),
    'range',
    ([, low, high], language) => ({ low: figure(low, language), high: figure(high, language) }),
  ],
  [new RegExp(`^about ${number}$`), 'about', ([, mean], language) => ({ mean: figure(mean, language) })],
  [/^first row not before (.+)$/, 'not-before', ([, time], language) => ({ time: figure(time, language) })],
  [/^last row not after (.+)$/, 'not-after', ([, time], language) => ({ time: figure(time, language) })],
  [/^at least (\d+) ms from first to last row$/, 'at-least-span', ([, span], language) => ({ span: localDuration(count(span), language) })],
  [/^(\d+) ms$/, 'span', ([, span], language) => ({ span: localDuration(count(span), language) })],
  [/^(\d{4}-\d\d-\d\dT\S+)$/, 'time', ([, time], language) => ({ time: figure(time, language) })],
];

/** A predicate's words. */
export function predicateWords(predicate: Predicate, translate: Translate, language: string): PredicateWords {
  const said = (text: string): string => {
    for (const [pattern, key, values] of forms) {
      const match = pattern.exec(text);
      if (match !== null) return translate(`open-requirements:said.${key}`, values(match, language));
    }
    return text;
  };
  return {
    title: translate(`open-requirements:predicate.${predicate.kind}`, {
      column: predicate.column ?? '',
      keyword: predicate.keyword ?? '',
      defaultValue: predicate.kind,
    }),
    asked: said(predicate.asked),
    found: said(predicate.found),
  };
}

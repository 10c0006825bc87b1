/**
 * Sentences as data: a template in English, which is its name in every other language's catalogue, and the values that stand
 * in it. The command line and the logs fill the template as it is; a window fills the user's.
 */
import { z } from 'zod';

/** A point in time, in Unix milliseconds. */
export interface Moment {
  readonly atMs: number;
}

/**
 * What stands in a sentence: text that stays as it is, a number or a moment, which each language writes in its own way, or words
 * that it translates.
 */
export type SentenceValue = string | number | Moment | Sentence;

/** A sentence, or a part of one, with the places of its values as `{0}`, `{1}` and so on. */
export interface Sentence {
  readonly template: string;
  readonly values: readonly SentenceValue[];
}

/** Plain text is a sentence without values. */
export type Said = string | Sentence;

/** The sentence that is written behind it: say`There is no file ${path}.` */
export function say(parts: TemplateStringsArray, ...values: readonly (SentenceValue | bigint | Date)[]): Sentence {
  return {
    template: parts.reduce((text, part, index) => `${text}{${index - 1}}${part}`),
    values: values.map((value) => {
      if (value instanceof Date) return { atMs: value.getTime() };
      return typeof value === 'bigint' ? String(value) : value;
    }),
  };
}

/** What was said, to stand in another sentence: plain text, too, is translated there. */
export function sentenceOf(said: Said): Sentence {
  return typeof said === 'string' ? { template: said, values: [] } : said;
}

/** A sentence as it travels: as plain text where it has no values. */
export function plainly(sentence: Sentence): Said {
  return sentence.values.length === 0 ? sentence.template : sentence;
}

/** Words of others, which stay as they are. */
export function verbatim(text: string): Sentence {
  return { template: '{0}', values: [text] };
}

/** The parts one after another. */
export function listed(parts: readonly Sentence[], separator: string): Sentence {
  return { template: parts.map((_, index) => `{${index}}`).join(separator), values: parts };
}

/** How a language writes what it does not merely repeat. */
export interface Speech {
  /** Its template for the English one. */
  readonly template: (english: string) => string;
  readonly number: (value: number) => string;
  readonly moment: (moment: Moment) => string;
}

const englishAsWritten: Speech = {
  template: (template) => template,
  number: String,
  moment: ({ atMs }) => new Date(atMs).toISOString(),
};

/** What was said, in a language. */
export function spoken(said: Said, speech: Speech): string {
  if (typeof said === 'string') return speech.template(said);
  const written = said.values.map((value) => {
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return speech.number(value);
    return 'atMs' in value ? speech.moment(value) : spoken(value, speech);
  });
  return speech.template(said.template).replaceAll(/\{(\d+)\}/g, (place, index: string) => written[Number(index)] ?? place);
}

/** What was said, in English, as programs and the command line quote it. */
export function english(said: Said): string {
  return spoken(said, englishAsWritten);
}

/** The shape of what was said elsewhere: `text` is that of every piece, and sentences stand in sentences `depth` deep at most. */
export function saidShape(text: z.ZodType<string>, depth: number): z.ZodType<Said> {
  return depth === 0 ? text : z.union([text, sentenceShape(text, depth)]);
}

function sentenceShape(text: z.ZodType<string>, depth: number): z.ZodType<Sentence> {
  const plain = z.union([text, z.number(), z.strictObject({ atMs: z.number() })]);
  const value: z.ZodType<SentenceValue> = depth === 1 ? plain : z.union([plain, sentenceShape(text, depth - 1)]);
  return z.strictObject({ template: text, values: z.array(value) });
}

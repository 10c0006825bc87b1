/**
 * Operating errors: things that go wrong although the program is right. Each says what happened,
 * what that means for the user's data, and what to do next. Programmer errors are assertions
 * (assert.ts); untrusted input that may be wrong yields a verdict, not an exception.
 */
import { english, type Said, type Sentence, sentenceOf } from './sentence.ts';

/** Facts that help to act on an error (a line, a size, a path). Never a secret. */
export type ErrorData = Readonly<Record<string, string | number | boolean | null>>;

/** The three sentences that a user reads. */
export interface ErrorText<Text extends Said = string> {
  /** What happened. */
  readonly what: Text;
  /** What it means for the data, the keys or the money. */
  readonly consequence: Text;
  /** What to do next. */
  readonly remedy: Text;
}

/**
 * An operating error with a stable code (`AREA_REASON`). `text` is its `sentences` in English, and
 * `message` is all three of them, so that an uncaught one still reads well.
 */
export class AppError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly sentences: ErrorText<Sentence>;
  readonly text: ErrorText;
  readonly data: ErrorData;

  constructor(code: Code, { what, consequence, remedy }: ErrorText<Said>, options: { data?: ErrorData; cause?: unknown } = {}) {
    const text = { what: english(what), consequence: english(consequence), remedy: english(remedy) };
    super(`${text.what} ${text.consequence} ${text.remedy}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.sentences = { what: sentenceOf(what), consequence: sentenceOf(consequence), remedy: sentenceOf(remedy) };
    this.text = text;
    this.data = options.data ?? {};
  }
}

/** Whether `error` is an operating error, optionally one of the given code. */
export function isAppError(error: unknown, code?: string): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

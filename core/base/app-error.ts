/**
 * Operating errors: things that go wrong although the program is right. Each says what happened,
 * what that means for the user's data, and what to do next. Programmer errors are assertions
 * (assert.ts); untrusted input that may be wrong yields a verdict, not an exception.
 */

/** Facts that help to act on an error (a line, a size, a path). Never a secret. */
export type ErrorData = Readonly<Record<string, string | number | boolean | null>>;

/** The three sentences that a user reads. */
export interface ErrorText {
  /** What happened. */
  readonly what: string;
  /** What it means for the data, the keys or the money. */
  readonly consequence: string;
  /** What to do next. */
  readonly remedy: string;
}

/**
 * An operating error with a stable code (`AREA_REASON`). `message` is the three sentences of
 * `text`, so that an uncaught one still reads well.
 */
export class AppError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly text: ErrorText;
  readonly data: ErrorData;

  constructor(code: Code, text: ErrorText, options: { data?: ErrorData; cause?: unknown } = {}) {
    super(`${text.what} ${text.consequence} ${text.remedy}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.text = text;
    this.data = options.data ?? {};
  }
}

/** Whether `error` is an operating error, optionally one of the given code. */
export function isAppError(error: unknown, code?: string): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

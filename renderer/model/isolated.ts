/** Foreign words in a sentence of ours. Pure: no page is needed. */

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const isolate = { open: '\u2068', close: '\u2069' } as const;

/** The text, set off where it runs from right to left: there a name would turn around the numbers that follow it. */
export function isolated(text: string): string {
  return rightToLeft.test(text) ? `${isolate.open}${text}${isolate.close}` : text;
}

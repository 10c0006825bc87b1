/** The scheme of Vouchsafe's links, for the program's start; what a link says is read by deep-links.ts. */

/** The scheme, as the system knows it. */
export const linkScheme = 'vouchsafe';
/** Characters of a link; none that is good has so many. */
export const linkLengthMax = 1000;

/** The link among the arguments that the system starts a program with. */
export function linkAmong(argv: readonly string[]): string | undefined {
  return argv.find((argument) => argument.startsWith(`${linkScheme}:`));
}

/**
 * The words of a start without a link that is too long, or null when there is none. A second start hands its words to the
 * first, and Chromium ends a first that does not take them, which it does not when they are very long.
 */
export function wordsWithoutLongLink(argv: readonly string[]): string[] | null {
  const isLong = (word: string) => word.length > linkLengthMax && word.toLowerCase().startsWith(`${linkScheme}:`);
  // What is left of it is refused in words by whoever gets it.
  return argv.some(isLong) ? argv.map((word) => (isLong(word) ? `${linkScheme}:` : word)) : null;
}

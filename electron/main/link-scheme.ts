/** The scheme of Vouchsafe's links, for the program's start; what a link says is read by deep-links.ts. */

/** The scheme, as the system knows it. */
export const linkScheme = 'vouchsafe';

/** The link among the arguments that the system starts a program with. */
export function linkAmong(argv: readonly string[]): string | undefined {
  return argv.find((argument) => argument.startsWith(`${linkScheme}:`));
}

/**
 * Text as a window may show it. Much of it is chosen by others: names of columns and networks, keywords, words of a PKG's
 * operator. A character that nobody sees can turn a sentence around, end a part of it early, or make one name look like another.
 */

/**
 * Control characters other than tabs and line breaks, marks of writing direction and other invisible ones, those of private
 * use, and halves of characters. The joiners that some scripts are written with, and signs that are seen, are none of these.
 */
const invisible =
  /(?![\t\n\r\u200c-\u200d\u0600-\u0605\u06dd\u070f\u08e2])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

/** The text with a mark in the place of every invisible character. Doing it twice changes nothing; nothing gets longer. */
export function visibleText(text: string): string {
  return text.replace(invisible, '\ufffd');
}

/**
 * A hint at the strength of a passphrase. It knows lengths and kinds of characters, no dictionary: a hint for who types,
 * not a rule. What is refused is decided where it is sealed.
 */

/** 1 is weak, 4 is strong. */
export function strengthOf(text: string): 1 | 2 | 3 | 4 {
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(text)).length;
  const alphabet = [0, 26, 40, 60, 80][kinds] ?? 26;
  // Repeated characters add little: the number of different ones bounds what the length is worth.
  const worth = Math.min(text.length, new Set(text).size * 2);
  const bits = worth * Math.log2(Math.max(2, alphabet));
  if (bits < 50) return 1;
  if (bits < 75) return 2;
  if (bits < 100) return 3;
  return 4;
}

/**
 * Every form in which a secret could stand in a file: raw bytes in both orders (integers in memory are little-endian),
 * hexadecimal in both cases, base64 and base64url at all three alignments, decimal for numbers, and for text also
 * as JSON escapes it and two bytes a letter, as JavaScript keeps some strings.
 */

/** A value that must not be found. */
export interface Secret {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What the bytes are: text has no byte order, and only a number (big-endian) has a decimal form. */
  readonly form: 'text' | 'bytes' | 'number';
}

/** One byte string to look for. */
export interface Pattern {
  readonly secret: Secret;
  readonly encoding: string;
  readonly bytes: Buffer;
}

/** All patterns of a secret. */
export function patternsOf(secret: Secret): Pattern[] {
  const { bytes, form } = secret;
  const raw = Buffer.from(bytes);
  const found: [string, Buffer][] = [
    ['raw', raw],
    ['hexadecimal', Buffer.from(raw.toString('hex'))],
    ['HEXADECIMAL', Buffer.from(raw.toString('hex').toUpperCase())],
  ];
  if (form !== 'text') found.push(['raw, reversed', Buffer.from(raw).reverse()]);
  if (form === 'text') found.push(['JSON', Buffer.from(JSON.stringify(raw.toString('utf8')).slice(1, -1))]);
  if (form === 'text') found.push(['two bytes a letter', Buffer.from(raw.toString('utf8'), 'utf16le')]);
  if (form === 'number') found.push(['decimal', Buffer.from(BigInt(`0x${raw.toString('hex')}`).toString())]);
  for (const encoding of ['base64', 'base64url'] as const) {
    for (const before of [0, 1, 2]) found.push([`${encoding} after ${before} bytes`, Buffer.from(innerBase64(raw, before, encoding))]);
  }
  const distinct = new Map(found.map(([encoding, pattern]) => [pattern.toString('latin1'), { secret, encoding, bytes: pattern }]));
  return [...distinct.values()];
}

/** The digits that depend on nothing but the secret, when `before` bytes of something else stand before it. */
function innerBase64(bytes: Buffer, before: number, encoding: 'base64' | 'base64url'): string {
  const digits = Buffer.concat([Buffer.alloc(before), bytes])
    .toString(encoding)
    .replaceAll('=', '');
  const first = Math.ceil((before * 8) / 6);
  const last = Math.floor(((before + bytes.length) * 8) / 6);
  return digits.slice(first, last);
}

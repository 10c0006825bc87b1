/** Leaks made on purpose, by plain means that share no code with the search: each must be found. */
import type { Secret } from './encodings.ts';

/** The secret in each form in which a careless program would let it out, with its description. */
export function leaksOf({ bytes, form }: Secret): [string, Buffer][] {
  const raw = Buffer.from(bytes);
  const leaks: [string, Buffer][] = [
    ['raw bytes', raw],
    ['hexadecimal', Buffer.from(`0x${[...raw].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`)],
    [
      'capital hexadecimal',
      Buffer.from(
        [...raw]
          .map((byte) => byte.toString(16).padStart(2, '0').toUpperCase())
          .join(':')
          .replaceAll(':', ''),
      ),
    ],
  ];
  for (const before of ['', 'x', 'xy', 'xyz']) {
    const surrounded = Buffer.concat([Buffer.from(before), raw, Buffer.from('suffix')]);
    leaks.push([`base64 after ${before.length} bytes`, Buffer.from(surrounded.toString('base64'))]);
    leaks.push([`base64url after ${before.length} bytes`, Buffer.from(surrounded.toString('base64url'))]);
  }
  if (form === 'text') leaks.push(['JSON', Buffer.from(JSON.stringify({ value: raw.toString('utf8') }))]);
  if (form === 'text') leaks.push(['UTF-16', Buffer.from(raw.toString('utf8'), 'utf16le')]);
  if (form !== 'text') leaks.push(['little-endian bytes', Buffer.from(raw.toReversed())]);
  if (form === 'number')
    leaks.push(['decimal', Buffer.from([...raw].reduce((value, byte) => value * 256n + BigInt(byte), 0n).toString(10))]);
  return leaks;
}

/** A blob as an HTTP answer: whole, or one range of it (RFC 9110, section 14), so that a download can be resumed. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../base/app-error.ts';
import { type Hex, isHex } from '../base/bytes.ts';
import type { BlobStore, ByteRange } from './blob-store.ts';

/** The SHA-256 in an address, 64 digits without prefix. Refuses by `NOT_FOUND`. */
export function blobNameOf(text: string): Hex {
  const name = `0x${text}`;
  if (!isHex(name) || name.length !== 66) throw blobMissing();
  return name;
}

function blobMissing(): AppError {
  return new AppError('NOT_FOUND', {
    what: 'There is no file with this hash here.',
    consequence: 'Nothing was changed.',
    remedy: 'Ask another proxy of the network, or the one who was to upload it.',
  });
}

/** Answers a GET or HEAD for a blob. */
export async function sendBlob(request: FastifyRequest, reply: FastifyReply, blobs: BlobStore, sha256: Hex): Promise<FastifyReply> {
  const size = await blobs.size(sha256);
  if (size === null) throw blobMissing();
  reply
    .header('accept-ranges', 'bytes')
    .header('etag', `"${sha256.slice(2)}"`)
    .type('application/octet-stream');
  const range = rangeOf(request.headers.range, size);
  if (range !== null) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${size}`);
  reply.header('content-length', range === null ? size : range.end - range.start + 1);
  // An empty stream would lose the content-length of a HEAD answer; the header alone is what was asked for.
  if (request.method === 'HEAD') return reply.send();
  return reply.send(blobs.read(sha256, range ?? undefined));
}

function rangeOf(field: string | undefined, size: number): ByteRange | null {
  if (field === undefined) return null;
  const match = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(field);
  const start = Number(match?.[1] ?? Number.NaN);
  const end = match?.[2] ? Math.min(Number(match[2]), size - 1) : size - 1;
  if (match === null || start > end)
    throw new AppError('REQUEST_RANGE_REFUSED', {
      what: 'The range that was asked for lies outside the file, or is not one range of bytes.',
      consequence: 'Nothing was sent.',
      remedy: 'Ask for one range within the file.',
    });
  return { start, end };
}

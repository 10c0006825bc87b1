/**
 * Uploads a ciphertext by tus 1.0.0 with tus-js-client, each request signed. The upload's address follows
 * from its owner and hash, so a new process goes on where a crashed one stopped without having kept anything.
 */
import type { FileHandle } from 'node:fs/promises';
import { DetailedError, type HttpRequest, type HttpResponse, type HttpStack, Upload } from 'tus-js-client';
import { AppError } from '../base/app-error.ts';
import type { Hex } from '../base/bytes.ts';
import { english, say } from '../base/sentence.ts';
import { openForReading } from './encrypted-file.ts';
import type { RequestSigner } from './request-signature.ts';
import type { ServiceAnswer, ServiceConnection } from './service-connection.ts';

const chunkBytes = 4 * 2 ** 20;
/** Waits before a request is repeated that found no service or a busy one. */
const retryDelaysMs = [100, 500];

export interface FileUpload {
  readonly file: string;
  readonly sha256: Hex;
  readonly bytes: number;
  /** Id of the upload at the proxy. */
  readonly uploadId: string;
  readonly signer: RequestSigner;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
}

/** @throws AppError `FILE_NOT_READABLE`, of the proxy, or of {@link ServiceConnection} */
export async function uploadFile(connection: ServiceConnection, upload: FileUpload): Promise<void> {
  const handle = await openForReading(upload.file);
  try {
    await run(connection, upload, handle);
  } finally {
    await handle.close();
  }
}

function run(connection: ServiceConnection, upload: FileUpload, handle: FileHandle): Promise<void> {
  upload.signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    /** Why the last request failed; tus-js-client would only keep its message. */
    let failure: unknown;
    const tus = new Upload(Buffer.alloc(0), {
      endpoint: connection.addressOf('/v1/uploads'),
      uploadUrl: connection.addressOf(`/v1/uploads/${upload.uploadId}`),
      uploadSize: upload.bytes,
      chunkSize: chunkBytes,
      metadata: { sha256: upload.sha256 },
      storeFingerprintForResuming: false,
      retryDelays: retryDelaysMs,
      fileReader: { openFile: async () => fileSource(handle, upload.bytes) },
      httpStack: signedHttpStack(connection, upload, (error) => {
        failure = error;
      }),
      onShouldRetry: (error) => isWorthRepeating(error, failure),
      onProgress: (sent, total) => upload.onProgress?.(sent, total),
      onSuccess: () => finish(resolve),
      onError: (error) => finish(() => reject(failure ?? uploadFailed(connection, error))),
    });
    const abort = () => void tus.abort().then(() => finish(() => reject(upload.signal?.reason)));
    const finish = (settle: () => void) => {
      upload.signal?.removeEventListener('abort', abort);
      settle();
    };
    upload.signal?.addEventListener('abort', abort, { once: true });
    tus.start();
  });
}

/** A failure that no answer explains: above all, a file that became shorter while it was sent. */
function uploadFailed(connection: ServiceConnection, cause: Error): AppError {
  return new AppError(
    'UPLOAD_FAILED',
    {
      what: say`The upload to ${connection.serviceName} stopped: ${cause.message}.`,
      consequence: 'What was uploaded before is kept; the file is not complete there.',
      remedy: 'Check that the encrypted file is still whole, then repeat the step.',
    },
    { data: { service: english(connection.serviceName) }, cause },
  );
}

function isWorthRepeating(error: Error, failure: unknown): boolean {
  if (failure instanceof AppError && failure.code === 'SERVICE_UNREACHABLE') return true;
  const status = error instanceof DetailedError ? error.originalResponse?.getStatus() : undefined;
  return status !== undefined && [409, 423, 429, 503].includes(status);
}

/** A part of the file as tus-js-client passes it from the source to the request; it looks at `size`. */
interface FilePart {
  readonly bytes: Uint8Array;
  readonly size: number;
}

function fileSource(handle: FileHandle, bytes: number) {
  return {
    size: bytes,
    async slice(start: number, end: number) {
      const length = Math.min(end, bytes) - start;
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
      return {
        value: { bytes: buffer.subarray(0, bytesRead), size: bytesRead } satisfies FilePart,
        done: bytesRead < length || end >= bytes,
      };
    },
    close() {
      // The handle belongs to uploadFile.
    },
  };
}

/** tus-js-client's requests over the signed connection; a signature covers the chunk, which onBeforeRequest does not see. */
function signedHttpStack(connection: ServiceConnection, upload: FileUpload, onFailure: (error: unknown) => void): HttpStack {
  return {
    getName: () => 'signed',
    createRequest: (method, url) => signedRequest(connection, upload, onFailure, method, url),
  };
}

function signedRequest(
  connection: ServiceConnection,
  upload: FileUpload,
  onFailure: (error: unknown) => void,
  method: string,
  url: string,
): HttpRequest {
  const headers: Record<string, string> = {};
  const aborter = new AbortController();
  return {
    getMethod: () => method,
    getURL: () => url,
    setHeader(name, value) {
      headers[name.toLowerCase()] = value;
    },
    getHeader: (name) => headers[name.toLowerCase()],
    setProgressHandler: () => undefined,
    async send(part: FilePart | null) {
      onFailure(undefined);
      try {
        const path = new URL(url).pathname;
        if (connection.addressOf(path) !== url) throw connection.malformed(say`it leads the upload to another address`);
        const answer = await connection.exchange({
          method,
          path,
          headers,
          ...(part === null ? {} : { body: part.bytes }),
          signer: upload.signer,
          signal: aborter.signal,
        });
        if (answer.status >= 400 && method !== 'HEAD') onFailure(connection.refusalOf(answer));
        return answerOf(answer);
      } catch (error) {
        onFailure(error);
        throw error;
      }
    },
    async abort() {
      aborter.abort();
    },
    getUnderlyingObject: () => undefined,
  };
}

function answerOf(answer: ServiceAnswer): HttpResponse {
  return {
    getStatus: () => answer.status,
    getHeader: (name) => answer.headers.get(name) ?? undefined,
    getBody: () => new TextDecoder().decode(answer.body),
    getUnderlyingObject: () => undefined,
  };
}

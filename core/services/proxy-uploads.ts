/**
 * Ciphertexts at a proxy: resumable upload (tus 1.0.0), quotas, and the check against the announced hash.
 *
 * Invariants: the id of an upload follows from its owner and hash, so either side may crash and go on
 * without having remembered anything; a chunk is written only after its signed digest was checked; a file
 * gets its place among the ciphertexts only after all of it hashed to its name.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream/promises';
import { type Configstore, FileStore } from '@tus/file-store';
import { Server as TusServer } from '@tus/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { blobNameOf, sendBlob } from '../adapters/blob-answer.ts';
import type { BlobStore } from '../adapters/blob-store.ts';
import { bodyBytes, type ServiceLog } from '../adapters/http-service.ts';
import { inTransaction } from '../adapters/service-database.ts';
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { type Hex, isHex } from '../base/bytes.ts';
import type { Clock } from '../base/ports.ts';
import { type Sentence, say } from '../base/sentence.ts';
import type { ChainEntity } from '../sharing/chain-reader.ts';
import { uploadChunkBytesMax, uploadIdOf } from '../sharing/proxy-messages.ts';
import { requireSignedBody } from './request-authentication.ts';

export interface UploadLimits {
  /** Bytes of one ciphertext. */
  readonly ciphertextBytesMax: number;
  /** Bytes of one pseudonym, unfinished uploads at their full size. */
  readonly ownerBytesMax: number;
  /** Bytes of all pseudonyms together. */
  readonly totalBytesMax: number;
  /** Unfinished uploads of one pseudonym. */
  readonly ownerUploadsMax: number;
  /** Bytes of the disk that stay free. */
  readonly freeBytesMin: number;
  /** An upload that is not finished by then is dropped. */
  readonly uploadLifetimeMs: number;
  /** An upload of which nothing has arrived by then is dropped: announcing costs nothing, and reserves room. */
  readonly uploadStartMs: number;
}

export interface UploadsOptions {
  readonly folder: string;
  readonly database: DatabaseSync;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly limits: UploadLimits;
  readonly log: ServiceLog;
  /** The live owner who signed the request. */
  readonly authenticateOwner: (request: FastifyRequest) => Promise<ChainEntity>;
  /** The same before the body is read; {@link requireSignedBody} follows. */
  readonly authenticateUploader: (request: FastifyRequest) => Promise<ChainEntity>;
  /** Any enrolled pseudonym that signed the request. */
  readonly authenticateReader: (request: FastifyRequest) => Promise<ChainEntity>;
}

/** Ciphertexts and unfinished uploads of a proxy, and the room that its disk has left. */
export interface UploadStorage {
  readonly ciphertexts: number;
  readonly ciphertextBytes: number;
  readonly uploads: number;
  readonly uploadBytes: number;
  readonly freeBytes: number;
}

interface UploadRow {
  readonly id: string;
  readonly owner: Hex;
  readonly sha256: Hex;
  readonly size: number;
}

const uploadPath = '/v1/uploads';
const idHeader = 'vouchsafe-upload-id';
/** The fields of a request that tus reads. */
const tusFields = ['tus-resumable', 'upload-offset', 'upload-length', 'upload-metadata', 'content-type'];
/** The fields of an answer of tus that are ours to give. */
const tusAnswerFields = ['tus-resumable', 'upload-offset', 'upload-length', 'location'];

export class ProxyUploads {
  readonly #options: UploadsOptions;
  readonly #store: FileStore;
  readonly #tus: TusServer;
  /** Uploads whose hash is being checked. */
  readonly #finishing = new Map<string, Promise<void>>();
  /** Uploads of which a chunk is being written, one entry a chunk. */
  readonly #writing = new Set<UploadRow>();

  private constructor(options: UploadsOptions) {
    this.#options = options;
    this.#store = new FileStore({ directory: options.folder, configstore: uploadStates(options.database) });
    this.#tus = new TusServer({
      path: uploadPath,
      datastore: this.#store,
      relativeLocation: true,
      maxSize: options.limits.ciphertextBytesMax,
      allowedOrigins: () => false,
      namingFunction: (request) => {
        const id = request.headers.get(idHeader);
        assert(id !== null, 'an upload is named before tus sees it');
        return id;
      },
    });
  }

  /** Opens the uploads and finishes what a crash interrupted. */
  static async open(options: UploadsOptions): Promise<ProxyUploads> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const uploads = new ProxyUploads(options);
    await uploads.#recover();
    return uploads;
  }

  addRoutes(app: FastifyInstance): void {
    const { authenticateOwner, authenticateUploader, authenticateReader, blobs } = this.#options;
    app.post(uploadPath, async (request, reply) => this.#create(request, reply, await authenticateOwner(request)));
    const route = `${uploadPath}/:id`;
    type Route = { Params: { id: string } };
    app.head<Route>(route, async (request, reply) => {
      const upload = this.#uploadOf(request.params.id, await authenticateOwner(request));
      await this.#settled(upload.id);
      return this.#passToTus(request, reply, upload.id);
    });
    /** Uploads of requests whose chunk is on its way: nobody but an owner makes the proxy hold one in memory. */
    const announced = new WeakMap<FastifyRequest['raw'], UploadRow>();
    const announce = async (request: FastifyRequest<Route>) => {
      announced.set(request.raw, this.#uploadOf(request.params.id, await authenticateUploader(request)));
    };
    app.patch<Route>(route, { bodyLimit: uploadChunkBytesMax, onRequest: announce }, async (request, reply) => {
      requireSignedBody(request);
      const upload = announced.get(request.raw);
      assert(upload !== undefined, 'a chunk is read after its upload was looked up');
      await this.#requireFreeDisk(bodyBytes(request).length);
      this.#writing.add(upload);
      try {
        const answer = await this.#askTus(request, upload.id);
        if (Number(answer.headers.get('upload-offset')) === upload.size) await this.#finish(upload);
        return await sendTusAnswer(reply, answer);
      } finally {
        this.#writing.delete(upload);
      }
    });
    app.delete<Route>(route, async (request, reply) => {
      const upload = this.#uploadOf(request.params.id, await authenticateOwner(request));
      await this.#settled(upload.id);
      return this.#passToTus(request, reply, upload.id);
    });
    type BlobRoute = { Params: { sha256: string } };
    for (const method of ['GET', 'HEAD'] as const)
      app.route<BlobRoute>({
        method,
        url: '/v1/ciphertexts/:sha256',
        handler: async (request, reply) => {
          await authenticateReader(request);
          return sendBlob(request, reply, blobs, blobNameOf(request.params.sha256));
        },
      });
    app.delete<BlobRoute>('/v1/ciphertexts/:sha256', async (request, reply) => {
      const owner = await authenticateOwner(request);
      await this.#removeCiphertext(blobNameOf(request.params.sha256), owner.pseudonym);
      return reply.code(204).send();
    });
  }

  /** What lies here; unfinished uploads count at their full size, as they do for the quota. */
  async storage(): Promise<UploadStorage> {
    const { database, folder } = this.#options;
    const read = (sql: string) => database.prepare(sql).get() as { count: number; bytes: number };
    // Two owners may hold the same file, which lies here once.
    const kept = read('SELECT COUNT(*) AS count, COALESCE(SUM(size), 0) AS bytes FROM (SELECT DISTINCT sha256, size FROM ciphertext)');
    const coming = read('SELECT COUNT(*) AS count, COALESCE(SUM(size), 0) AS bytes FROM upload');
    const disk = await statfs(folder);
    return {
      ciphertexts: kept.count,
      ciphertextBytes: kept.bytes,
      uploads: coming.count,
      uploadBytes: coming.bytes,
      freeBytes: disk.bavail * disk.bsize,
    };
  }

  /** Drops uploads whose time is over, and those that were announced and never begun. */
  async dropExpired(): Promise<void> {
    const { database, clock, limits } = this.#options;
    const createdBefore = (ms: number) =>
      database.prepare('SELECT id, owner, sha256, size FROM upload WHERE created_ms < ?').all(ms) as unknown as UploadRow[];
    const nowMs = clock.nowMs();
    const over = createdBefore(nowMs - limits.uploadLifetimeMs);
    for (const upload of createdBefore(nowMs - limits.uploadStartMs)) if (await this.#isUnbegun(upload)) over.push(upload);
    for (const { id } of over) {
      if (this.#finishing.has(id) || [...this.#writing].some((writing) => writing.id === id)) continue;
      await this.#drop(id);
    }
  }

  /** Whether no byte has arrived; a file in its place among the ciphertexts already is one that a crash kept from being recorded. */
  async #isUnbegun(upload: UploadRow): Promise<boolean> {
    const written = await this.#written(upload);
    return written === 0 || (written === null && (await this.#options.blobs.size(upload.sha256)) !== upload.size);
  }

  /** Bytes that have arrived; null where there is no file: never begun, or moved to its place. */
  async #written(upload: UploadRow): Promise<number | null> {
    return stat(join(this.#options.folder, upload.id)).then(
      ({ size }) => size,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null;
        throw error;
      },
    );
  }

  async #recover(): Promise<void> {
    const { database, blobs } = this.#options;
    await this.dropExpired();
    for (const upload of database.prepare('SELECT id, owner, sha256, size FROM upload').all() as unknown as UploadRow[]) {
      const written = await this.#written(upload);
      if (written === null && (await blobs.size(upload.sha256)) === upload.size) this.#record(upload);
      else if (written === upload.size) await this.#finish(upload).catch((error: unknown) => this.#logRecovery(upload, error));
    }
    const known = new Set(
      (database.prepare('SELECT sha256 FROM ciphertext').all() as unknown as { sha256: Hex }[]).map(({ sha256 }) => sha256),
    );
    for (const sha256 of await blobs.list()) if (!known.has(sha256)) await blobs.remove(sha256);
  }

  #logRecovery(upload: UploadRow, error: unknown): void {
    if (!(error instanceof AppError)) throw error;
    this.#options.log({ event: 'upload-dropped', data: { sha256: upload.sha256, code: error.code } });
  }

  async #create(request: FastifyRequest, reply: FastifyReply, owner: ChainEntity): Promise<FastifyReply> {
    const { database, clock, limits, blobs } = this.#options;
    await this.dropExpired();
    const size = announcedSize(request.headers['upload-length'], limits.ciphertextBytesMax);
    const sha256 = announcedHash(request.headers['upload-metadata']);
    const id = uploadIdOf(owner.pseudonym, sha256);
    await this.#settled(id);
    if ((await blobs.size(sha256)) === size) {
      // Another owner may have brought it: from now on it stays until both have taken it away.
      inTransaction(database, () => {
        if (this.#holds(owner.pseudonym, sha256)) return;
        this.#requireQuota(owner.pseudonym, id, size);
        this.#hold({ id, owner: owner.pseudonym, sha256, size });
      });
      throw new AppError('PROXY_CIPHERTEXT_EXISTS', {
        what: 'The proxy has this file already.',
        consequence: 'Nothing needs to be uploaded.',
        remedy: 'Go on with the next step.',
      });
    }
    await this.#requireFreeDisk(size);
    inTransaction(database, () => {
      this.#requireQuota(owner.pseudonym, id, size);
      database
        .prepare('INSERT OR REPLACE INTO upload (id, owner, sha256, size, created_ms, state) VALUES (?, ?, ?, ?, ?, NULL)')
        .run(id, owner.pseudonym, sha256, size, clock.nowMs());
    });
    return this.#passToTus(request, reply, id);
  }

  #requireQuota(owner: Hex, id: string, size: number): void {
    const { database, limits } = this.#options;
    const sum = (sql: string, ...values: string[]): number =>
      Number((database.prepare(sql).get(...values) as { value: number | null }).value ?? 0);
    const ofOwner =
      sum('SELECT SUM(size) AS value FROM ciphertext WHERE owner = ?', owner) +
      sum('SELECT SUM(size) AS value FROM upload WHERE owner = ? AND id <> ?', owner, id);
    const ofAll = sum('SELECT SUM(size) AS value FROM ciphertext') + sum('SELECT SUM(size) AS value FROM upload WHERE id <> ?', id);
    const uploads = sum('SELECT COUNT(*) AS value FROM upload WHERE owner = ? AND id <> ?', owner, id);
    const refuse = (what: Sentence, remedy: Sentence): never => {
      throw new AppError('PROXY_QUOTA_EXCEEDED', { what, consequence: 'Nothing was uploaded; what is stored stays.', remedy });
    };
    if (ofOwner + size > limits.ownerBytesMax)
      refuse(
        say`The file has ${size} bytes; of your ${limits.ownerBytesMax} bytes at this proxy ${limits.ownerBytesMax - ofOwner} are free.`,
        say`Remove ciphertexts that you no longer offer, or use another proxy.`,
      );
    if (ofAll + size > limits.totalBytesMax)
      refuse(
        say`The proxy has given away all the room that it offers.`,
        say`Use another proxy, or ask the operator of this one for more room.`,
      );
    if (uploads >= limits.ownerUploadsMax)
      refuse(say`You have ${uploads} unfinished uploads at this proxy, which is as many as it takes.`, say`Finish or cancel one of them.`);
  }

  async #requireFreeDisk(bytes: number): Promise<void> {
    const { folder, limits } = this.#options;
    const disk = await statfs(folder);
    if (disk.bavail * disk.bsize - bytes < limits.freeBytesMin) throw storageFull();
  }

  /** The unfinished upload, if it is the signer's: to anybody else it does not exist. */
  #uploadOf(id: string, owner: ChainEntity): UploadRow {
    const row = this.#options.database
      .prepare('SELECT id, owner, sha256, size FROM upload WHERE id = ? AND owner = ?')
      .get(id, owner.pseudonym);
    if (row === undefined) throw uploadUnknown();
    return row as unknown as UploadRow;
  }

  async #passToTus(request: FastifyRequest, reply: FastifyReply, id: string): Promise<FastifyReply> {
    return sendTusAnswer(reply, await this.#askTus(request, id));
  }

  /** Lets tus do its part; a refusal of tus becomes an AppError. */
  async #askTus(request: FastifyRequest, id: string): Promise<Response> {
    const headers = new Headers({ [idHeader]: id });
    for (const name of tusFields) {
      const value = request.headers[name];
      if (typeof value === 'string') headers.set(name, value);
    }
    const body = bodyBytes(request);
    if (body.length > 0) headers.set('content-length', String(body.length));
    const answer = await this.#tus.handleWeb(
      new Request(`http://uploads${request.raw.url}`, {
        method: request.method,
        headers,
        body: body.length > 0 ? new Uint8Array(body) : null,
      }),
    );
    if (answer.status < 400) return answer;
    throw await tusRefusal(answer);
  }

  #finish(upload: UploadRow): Promise<void> {
    const running = this.#finishing.get(upload.id);
    if (running !== undefined) return running;
    const finishing = this.#checkAndStore(upload).finally(() => this.#finishing.delete(upload.id));
    this.#finishing.set(upload.id, finishing);
    return finishing;
  }

  /** Waits until the upload's check, if one is running, is over. */
  async #settled(id: string): Promise<void> {
    await this.#finishing.get(id)?.catch(() => undefined); // the request that finished the upload hears of a failure
  }

  async #checkAndStore(upload: UploadRow): Promise<void> {
    const { folder, blobs, log } = this.#options;
    const path = join(folder, upload.id);
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    if (`0x${hash.digest('hex')}` !== upload.sha256) {
      await this.#drop(upload.id);
      throw new AppError('PROXY_UPLOAD_DIGEST_MISMATCH', {
        what: 'The uploaded file does not have the SHA-256 that was announced for it.',
        consequence: 'The proxy dropped it; nothing was stored.',
        remedy: 'Upload it again. If this repeats, the file changed after it was encrypted: encrypt it again.',
      });
    }
    await blobs.adopt(upload.sha256, path);
    this.#record(upload);
    log({ event: 'ciphertext-stored', data: { sha256: upload.sha256, bytes: upload.size } });
  }

  #record(upload: UploadRow): void {
    const { database } = this.#options;
    inTransaction(database, () => {
      database.prepare('DELETE FROM upload WHERE id = ?').run(upload.id);
      this.#hold(upload);
    });
  }

  #holds(owner: Hex, sha256: Hex): boolean {
    return this.#options.database.prepare('SELECT 1 FROM ciphertext WHERE sha256 = ? AND owner = ?').get(sha256, owner) !== undefined;
  }

  #hold({ sha256, owner, size }: UploadRow): void {
    const { database, clock } = this.#options;
    database
      .prepare('INSERT INTO ciphertext (sha256, owner, size, stored_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
      .run(sha256, owner, size, clock.nowMs());
  }

  async #drop(id: string): Promise<void> {
    await rm(join(this.#options.folder, id), { force: true });
    this.#options.database.prepare('DELETE FROM upload WHERE id = ?').run(id);
  }

  async #removeCiphertext(sha256: Hex, owner: Hex): Promise<void> {
    const { database, blobs } = this.#options;
    if (!this.#holds(owner, sha256)) throw uploadUnknown();
    database.prepare('DELETE FROM ciphertext WHERE sha256 = ? AND owner = ?').run(sha256, owner);
    // After a crash here the blob is one that nobody holds, which the next start removes.
    if (database.prepare('SELECT 1 FROM ciphertext WHERE sha256 = ?').get(sha256) === undefined) await blobs.remove(sha256);
  }
}

/** What tus keeps of an upload, in the database beside the owner and the quota. */
function uploadStates(database: DatabaseSync): Configstore {
  const read = database.prepare('SELECT state FROM upload WHERE id = ?');
  const write = database.prepare('UPDATE upload SET state = ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM upload WHERE id = ?');
  return {
    async get(id) {
      const row = read.get(id) as { state: string | null } | undefined;
      return row?.state == null ? undefined : JSON.parse(row.state);
    },
    async set(id, state) {
      write.run(JSON.stringify(state), id);
    },
    async delete(id) {
      remove.run(id);
    },
  };
}

function announcedSize(field: string | string[] | undefined, bytesMax: number): number {
  const size = typeof field === 'string' && /^\d{1,15}$/.test(field) ? Number(field) : 0;
  if (size === 0)
    throw new AppError('REQUEST_MALFORMED', {
      what: 'The upload does not say how many bytes it has.',
      consequence: 'Nothing was uploaded.',
      remedy: 'Give the size in Upload-Length; an empty file is not a ciphertext.',
    });
  if (size > bytesMax)
    throw new AppError('REQUEST_TOO_LARGE', {
      what: say`The file has ${size} bytes; the proxy takes files up to ${bytesMax} bytes.`,
      consequence: 'Nothing was uploaded.',
      remedy: 'Split the dataset, or use a proxy that takes larger files.',
    });
  return size;
}

/** The hash in `Upload-Metadata: sha256 <base64 of the 0x-hexadecimal>`; nothing else may be there. */
function announcedHash(field: string | string[] | undefined): Hex {
  const encoded = typeof field === 'string' ? /^sha256 ([A-Za-z0-9+/=]{1,120})$/.exec(field)?.[1] : undefined;
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('latin1');
  if (!isHex(text) || text.length !== 66)
    throw new AppError('REQUEST_MALFORMED', {
      what: 'The upload does not announce the SHA-256 of its file.',
      consequence: 'Nothing was uploaded.',
      remedy: 'Give it in Upload-Metadata as "sha256".',
    });
  return text;
}

function uploadUnknown(): AppError {
  return new AppError('PROXY_UPLOAD_UNKNOWN', {
    what: 'The proxy has no such upload or file of yours.',
    consequence: 'Nothing was changed. An upload that was not finished in time has been dropped.',
    remedy: 'Begin the upload again.',
  });
}

function storageFull(): AppError {
  return new AppError('PROXY_STORAGE_FULL', {
    what: 'The proxy cannot write the file: its disk is full.',
    consequence: 'This part was not stored; what was uploaded before stays and the upload can go on later.',
    remedy: 'Ask the operator of the proxy to make room, or use another proxy; then repeat the upload.',
  });
}

async function tusRefusal(answer: Response): Promise<AppError> {
  if (answer.status === 404 || answer.status === 410) return uploadUnknown();
  const reason = (await answer.text()).trim();
  if (answer.status === 409)
    return new AppError('PROXY_UPLOAD_OFFSET', {
      what: 'The part does not begin where the upload has got to.',
      consequence: 'It was not stored; what was uploaded before stays.',
      remedy: 'Ask for the offset again and go on from there.',
    });
  if (answer.status >= 500)
    return new AppError('PROXY_WRITE_FAILED', {
      what: 'The proxy could not write this part to its disk, which is full or failing.',
      consequence: 'The part may be stored in part; the upload goes on from what is there.',
      remedy: 'Repeat the upload later. If this repeats, tell the operator of the proxy.',
    });
  return new AppError('PROXY_UPLOAD_REFUSED', {
    what: say`The upload is not one that the proxy takes: ${reason}.`,
    consequence: 'This part was not stored.',
    remedy: 'Upload with the Vouchsafe app or command line of this version.',
  });
}

async function sendTusAnswer(reply: FastifyReply, answer: Response): Promise<FastifyReply> {
  for (const name of tusAnswerFields) {
    const value = answer.headers.get(name);
    if (value !== null) reply.header(name, value);
  }
  return reply.code(answer.status).send();
}

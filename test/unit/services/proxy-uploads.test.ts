/** Ciphertexts at a proxy over real HTTP: resuming on both sides, quotas, wrong bytes, crashes. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pseudonymSigner, type RequestSigner, signRequest } from '../../../core/adapters/request-signature.ts';
import { systemRandom } from '../../../core/adapters/system-random.ts';
import type { Hex } from '../../../core/base/bytes.ts';
import type { PseudonymKeys } from '../../../core/crypto/key-derivation.ts';
import { entityRoles } from '../../../core/sharing/chain-reader.ts';
import { uploadIdOf } from '../../../core/sharing/proxy-messages.ts';
import { codeOf, createWorld, freshPseudonym, type World } from './world.ts';

describe('ciphertexts at a proxy', () => {
  let world: World;
  let owner: PseudonymKeys;
  beforeEach(async () => {
    world = await createWorld();
    owner = freshPseudonym();
    world.enrolOnChain(owner, entityRoles.owner);
  });
  afterEach(async () => {
    await world.end();
  });

  function sourceFile(bytes: number) {
    const content = systemRandom.bytes(bytes);
    const sha256: Hex = `0x${createHash('sha256').update(content).digest('hex')}`;
    const path = join(world.folder, sha256.slice(2, 12));
    writeFileSync(path, content);
    return { path, sha256, bytes, content };
  }

  /** One signed request as a client without a library sends it. */
  async function send(
    url: string,
    signer: RequestSigner,
    method: string,
    path: string,
    fields: Record<string, string>,
    body: Uint8Array = new Uint8Array(),
  ) {
    const headers = await signRequest(
      { method, url: `${url}${path}`, headers: { 'tus-resumable': '1.0.0', ...fields }, body },
      signer,
      world.clock,
      systemRandom,
    );
    const answer = await fetch(`${url}${path}`, { method, headers, ...(body.length > 0 ? { body: body.slice() } : {}) });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      code: text === '' ? '' : (JSON.parse(text) as { error: { code: string } }).error.code,
    };
  }

  const create = (url: string, file: { sha256: Hex; bytes: number }) =>
    send(url, pseudonymSigner(owner), 'POST', '/v1/uploads', {
      'upload-length': String(file.bytes),
      'upload-metadata': `sha256 ${Buffer.from(file.sha256).toString('base64')}`,
    });
  const patch = (url: string, file: { sha256: Hex }, offset: number, body: Uint8Array, signer = pseudonymSigner(owner)) =>
    send(
      url,
      signer,
      'PATCH',
      `/v1/uploads/${uploadIdOf(owner.account.address, file.sha256)}`,
      { 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' },
      body,
    );

  it('come back as they were sent, and are sent once', async () => {
    const { url } = await world.startProxy();
    const client = await world.proxyClient(url, owner);
    const file = sourceFile(9_500_000);
    const progress: number[] = [];
    await client.uploadCiphertext({ ...file, onProgress: (done) => progress.push(done) });
    expect(progress.at(-1)).toBe(file.bytes);
    await client.uploadCiphertext(file);
    const destination = join(world.folder, 'received');
    await client.downloadCiphertext({ sha256: file.sha256, bytes: file.bytes, destination });
    expect(Buffer.compare(readFileSync(destination), file.content)).toBe(0);
    expect(readdirSync(join(world.folder, 'proxy', 'ciphertexts'))).toEqual([file.sha256.slice(2)]);
    expect(readdirSync(join(world.folder, 'proxy', 'uploads'))).toEqual([]);
  });

  it('go on after the proxy stopped and started at any offset', async () => {
    const file = sourceFile(200_000);
    let service = await world.startProxy();
    expect((await create(service.url, file)).status).toBe(201);
    let offset = 0;
    for (const end of [1, 4_097, 64_000, 64_001, 199_999]) {
      expect((await patch(service.url, file, offset, file.content.subarray(offset, end))).status).toBe(204);
      offset = end;
      await service.stop();
      service = await world.startProxy();
    }
    const client = await world.proxyClient(service.url, owner);
    await client.uploadCiphertext(file);
    expect(await client.hasCiphertext(file.sha256)).toBe(true);
  });

  it('resume a download where it stopped, and give up one that is not the file', async () => {
    const { url } = await world.startProxy();
    const client = await world.proxyClient(url, owner);
    const file = sourceFile(100_000);
    await client.uploadCiphertext(file);
    const destination = join(world.folder, 'received');
    writeFileSync(`${destination}.download`, file.content.subarray(0, 70_001));
    await client.downloadCiphertext({ sha256: file.sha256, bytes: file.bytes, destination });
    expect(Buffer.compare(readFileSync(destination), file.content)).toBe(0);

    writeFileSync(join(world.folder, 'proxy', 'ciphertexts', file.sha256.slice(2)), systemRandom.bytes(file.bytes));
    const again = client.downloadCiphertext({ sha256: file.sha256, bytes: file.bytes, destination: join(world.folder, 'again') });
    await expect(again).rejects.toMatchObject({ code: 'DOWNLOAD_HASH_MISMATCH', data: { service: 'proxy 1' } });
    expect(readdirSync(world.folder).filter((name) => name.startsWith('again'))).toEqual([]);
  });

  it('are fetched anew from a proxy that is not at fault for the part that was there before', async () => {
    const { url } = await world.startProxy();
    const client = await world.proxyClient(url, owner);
    const file = sourceFile(100_000);
    await client.uploadCiphertext(file);
    const destination = join(world.folder, 'received');
    writeFileSync(`${destination}.download`, systemRandom.bytes(70_001));
    await client.downloadCiphertext({ sha256: file.sha256, bytes: file.bytes, destination });
    expect(Buffer.compare(readFileSync(destination), file.content)).toBe(0);
  });

  it('say in words that the disk is full, that a folder is not there, and that the file to upload is gone', async () => {
    const { url } = await world.startProxy();
    const client = await world.proxyClient(url, owner);
    const file = sourceFile(100_000);
    await client.uploadCiphertext(file);
    const download = (name: string) =>
      codeOf(client.downloadCiphertext({ sha256: file.sha256, bytes: file.bytes, destination: join(world.folder, name) }));
    symlinkSync('/dev/full', join(world.folder, 'full.download'));
    expect(await download('full')).toBe('DISK_FULL');
    expect(await download('absent/received')).toBe('DISK_NOT_WRITABLE');
    expect(await codeOf(client.uploadCiphertext({ ...sourceFile(10), path: join(world.folder, 'gone') }))).toBe('FILE_NOT_READABLE');
  });

  it('come whole to two who download them to one place at the same time', async () => {
    const { url } = await world.startProxy();
    const file = sourceFile(5_000_000);
    const clients = [await world.proxyClient(url, owner), await world.proxyClient(url, owner)] as const;
    await clients[0].uploadCiphertext(file);
    const destination = join(world.folder, 'shared');
    await Promise.all(clients.map((client) => client.downloadCiphertext({ sha256: file.sha256, bytes: file.bytes, destination })));
    expect(Buffer.compare(readFileSync(destination), file.content)).toBe(0);
  });

  it('are refused when their bytes are not those that were announced', async () => {
    const { url } = await world.startProxy();
    const file = sourceFile(5_000);
    await create(url, file);
    expect((await patch(url, file, 0, systemRandom.bytes(5_000))).code).toBe('PROXY_UPLOAD_DIGEST_MISMATCH');
    expect((await patch(url, file, 0, file.content)).code).toBe('PROXY_UPLOAD_UNKNOWN');
    const client = await world.proxyClient(url, owner);
    expect(await client.hasCiphertext(file.sha256)).toBe(false);
    await client.uploadCiphertext(file);
    expect(await client.hasCiphertext(file.sha256)).toBe(true);
  });

  it('take no part at a wrong offset, beyond the end, or from another pseudonym', async () => {
    const { url } = await world.startProxy();
    const file = sourceFile(5_000);
    await create(url, file);
    expect((await patch(url, file, 1, file.content)).code).toBe('PROXY_UPLOAD_OFFSET');
    expect((await patch(url, file, 0, systemRandom.bytes(5_001))).code).not.toBe('');
    const other = freshPseudonym();
    world.enrolOnChain(other, entityRoles.owner);
    expect((await patch(url, file, 0, file.content, pseudonymSigner(other))).code).toBe('PROXY_UPLOAD_UNKNOWN');
    const consumer = freshPseudonym();
    world.enrolOnChain(consumer, entityRoles.consumer);
    expect((await patch(url, file, 0, file.content, pseudonymSigner(consumer))).code).toBe('REQUEST_ROLE_MISSING');
    world.enrolOnChain(owner, entityRoles.owner, { expiry: 1n });
    expect((await patch(url, file, 0, file.content)).code).toBe('REQUEST_ENROLMENT_EXPIRED');
  });

  it('need an announced size and hash', async () => {
    const { url } = await world.startProxy({ limits: { ciphertextBytesMax: 1000 } });
    const file = sourceFile(10);
    const metadata = `sha256 ${Buffer.from(file.sha256).toString('base64')}`;
    const post = (fields: Record<string, string>) => send(url, pseudonymSigner(owner), 'POST', '/v1/uploads', fields);
    expect((await post({ 'upload-length': '10' })).code).toBe('REQUEST_MALFORMED');
    expect((await post({ 'upload-length': '10', 'upload-metadata': 'sha256 AAAA' })).code).toBe('REQUEST_MALFORMED');
    expect((await post({ 'upload-metadata': metadata })).code).toBe('REQUEST_MALFORMED');
    expect((await post({ 'upload-length': '0', 'upload-metadata': metadata })).code).toBe('REQUEST_MALFORMED');
    expect((await post({ 'upload-length': '1001', 'upload-metadata': metadata })).code).toBe('REQUEST_TOO_LARGE');
  });

  it('stay within the quota of their owner and of the proxy, unfinished ones included', async () => {
    const { url } = await world.startProxy({ limits: { ownerBytesMax: 1000, totalBytesMax: 1500, ownerUploadsMax: 2 } });
    const client = await world.proxyClient(url, owner);
    const first = sourceFile(700);
    await client.uploadCiphertext(first);
    await expect(client.uploadCiphertext(sourceFile(400))).rejects.toMatchObject({
      code: 'PROXY_QUOTA_EXCEEDED',
      text: { what: 'The proxy 1 says: The file has 400 bytes; of your 1000 bytes at this proxy 300 are free.' },
    });
    const other = freshPseudonym();
    world.enrolOnChain(other, entityRoles.owner);
    expect(await codeOf((await world.proxyClient(url, other)).uploadCiphertext(sourceFile(900)))).toBe('PROXY_QUOTA_EXCEEDED');

    await client.removeCiphertext(first.sha256);
    for (const bytes of [10, 11]) expect((await create(url, sourceFile(bytes))).status).toBe(201);
    expect((await create(url, sourceFile(12))).code).toBe('PROXY_QUOTA_EXCEEDED');
  });

  it('hold room for an hour if nothing of them arrives, and for longer if something does', async () => {
    const { url } = await world.startProxy({ limits: { ownerBytesMax: 1000 } });
    const [begun, announced, wanted] = [sourceFile(300), sourceFile(700), sourceFile(600)];
    for (const file of [begun, announced]) expect((await create(url, file)).status).toBe(201);
    expect((await patch(url, begun, 0, begun.content.subarray(0, 1))).status).toBe(204);
    world.clock.offsetMs = 59 * 60 * 1000;
    expect((await create(url, wanted)).code).toBe('PROXY_QUOTA_EXCEEDED');
    world.clock.offsetMs = 3600 * 1000 + 1;
    world.enrolOnChain(owner, entityRoles.owner); // an enrolment of these tests lasts an hour
    expect((await create(url, wanted)).status).toBe(201);
    expect((await patch(url, announced, 0, announced.content)).code).toBe('PROXY_UPLOAD_UNKNOWN');
    expect((await patch(url, begun, 1, begun.content.subarray(1))).status).toBe(204);
    expect((await patch(url, wanted, 0, wanted.content)).status).toBe(204);
    const client = await world.proxyClient(url, owner);
    expect(await client.hasCiphertext(begun.sha256)).toBe(true);
    expect(await client.hasCiphertext(wanted.sha256)).toBe(true);
  });

  it('stay until every owner who brought them has taken them away', async () => {
    const { url, storage } = await world.startProxy();
    const other = freshPseudonym();
    world.enrolOnChain(other, entityRoles.owner);
    const [first, second] = [await world.proxyClient(url, owner), await world.proxyClient(url, other)];
    const file = sourceFile(2_000);
    await first.uploadCiphertext(file);
    await second.uploadCiphertext(file);
    // It lies there once.
    expect(await storage()).toMatchObject({ ciphertexts: 1, ciphertextBytes: 2_000, uploads: 0, uploadBytes: 0 });
    await first.removeCiphertext(file.sha256);
    expect(await codeOf(first.removeCiphertext(file.sha256))).toBe('PROXY_UPLOAD_UNKNOWN');
    expect(await second.hasCiphertext(file.sha256)).toBe(true);
    await second.removeCiphertext(file.sha256);
    expect(await second.hasCiphertext(file.sha256)).toBe(false);
  });

  it('are refused before a chunk is read when nobody who may signed', async () => {
    const { url } = await world.startProxy();
    const file = sourceFile(100);
    await create(url, file);
    const target = new URL(`${url}/v1/uploads/${uploadIdOf(owner.account.address, file.sha256)}`);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'application/offset+octet-stream', 'content-length': '100', 'upload-offset': '0' };
      // The body is announced and never sent: the answer comes all the same.
      const sent = request(target, { method: 'PATCH', headers, agent: false }, (answer) => {
        resolve(answer.statusCode);
        sent.destroy();
      });
      sent.on('error', reject).flushHeaders();
    });
    expect(status).toBe(401);
  });

  it('are refused before they fill the disk', async () => {
    const { url } = await world.startProxy({ limits: { freeBytesMin: 2 ** 52 } });
    const client = await world.proxyClient(url, owner);
    await expect(client.uploadCiphertext(sourceFile(10))).rejects.toMatchObject({
      code: 'PROXY_STORAGE_FULL',
      text: { what: 'The proxy 1 says: The proxy cannot write the file: its disk is full.' },
    });
  });

  it('are dropped when they were not finished in time', async () => {
    const { url } = await world.startProxy();
    const file = sourceFile(100);
    await create(url, file);
    await patch(url, file, 0, file.content.subarray(0, 50));
    world.clock.offsetMs += 8 * 24 * 3600 * 1000;
    world.enrolOnChain(owner, entityRoles.owner);
    await create(url, sourceFile(10));
    expect((await patch(url, file, 50, file.content.subarray(50))).code).toBe('PROXY_UPLOAD_UNKNOWN');
    expect(readdirSync(join(world.folder, 'proxy', 'uploads'))).toHaveLength(1);
  });

  it('get their place after a crash between the last byte and the check, and strays are removed', async () => {
    const service = await world.startProxy();
    const file = sourceFile(4_000);
    const bad = sourceFile(3_000);
    await create(service.url, file);
    await create(service.url, bad);
    await service.stop();
    const uploads = join(world.folder, 'proxy', 'uploads');
    writeFileSync(join(uploads, uploadIdOf(owner.account.address, file.sha256)), file.content);
    writeFileSync(join(uploads, uploadIdOf(owner.account.address, bad.sha256)), systemRandom.bytes(3_000));
    writeFileSync(join(world.folder, 'proxy', 'ciphertexts', 'ab'.repeat(32)), 'stray');
    const again = await world.startProxy();
    const client = await world.proxyClient(again.url, owner);
    expect(await client.hasCiphertext(file.sha256)).toBe(true);
    expect(await client.hasCiphertext(bad.sha256)).toBe(false);
    expect(readdirSync(join(world.folder, 'proxy', 'ciphertexts'))).toEqual([file.sha256.slice(2)]);
  });

  it('can be cancelled while they are unfinished', async () => {
    const { url } = await world.startProxy();
    const file = sourceFile(100);
    await create(url, file);
    const path = `/v1/uploads/${uploadIdOf(owner.account.address, file.sha256)}`;
    expect((await send(url, pseudonymSigner(owner), 'DELETE', path, {})).status).toBe(204);
    expect((await patch(url, file, 0, file.content)).code).toBe('PROXY_UPLOAD_UNKNOWN');
  });

  it('are not read without a pseudonym, while artifacts are', async () => {
    const artifacts = join(world.folder, 'artifacts');
    mkdirSync(artifacts);
    const file = sourceFile(5_000_000);
    writeFileSync(join(artifacts, file.sha256.slice(2)), file.content);
    const { url } = await world.startProxy({ artifactsFolder: artifacts });
    const client = await world.proxyClient(url);
    expect(await codeOf(client.hasCiphertext(file.sha256))).toBe('PROXY_NEEDS_PSEUDONYM');
    expect((await fetch(`${url}/v1/ciphertexts/${file.sha256.slice(2)}`)).status).toBe(401);
    const destination = join(world.folder, 'artifact');
    await client.downloadArtifact({ sha256: file.sha256, bytes: file.bytes, destination });
    expect(Buffer.compare(readFileSync(destination), file.content)).toBe(0);
    expect((await fetch(`${url}/v1/keys/..%2f..%2fproxy.sqlite`)).status).toBe(404);
    expect((await fetch(`${url}/v1/keys/${file.sha256.slice(2)}`, { headers: { range: 'bytes=9000000-' } })).status).toBe(416);
  });

  it('stop with the signal of their caller', async () => {
    const { url } = await world.startProxy();
    const client = await world.proxyClient(url, owner);
    const abort = new AbortController();
    const file = sourceFile(9_000_000);
    const upload = client.uploadCiphertext({ ...file, signal: abort.signal, onProgress: (done) => done > 0 && abort.abort() });
    await expect(upload).rejects.toMatchObject({ name: 'AbortError' });
    await client.uploadCiphertext(file);
  });

  it('are kept from a program that is older than the data', async () => {
    const service = await world.startProxy();
    await service.stop();
    const database = new DatabaseSync(join(world.folder, 'proxy', 'proxy.sqlite'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(await codeOf(world.startProxy())).toBe('HOME_FORMAT_NEWER');
  });

  it('wait when no proxy answers', async () => {
    const service = await world.startProxy();
    const client = await world.proxyClient(service.url, owner);
    await service.stop();
    expect(await codeOf(client.hasCiphertext(sourceFile(10).sha256))).toBe('SERVICE_UNREACHABLE');
  });
});

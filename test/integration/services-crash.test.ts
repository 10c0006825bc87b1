/** Proxy and PKG killed at any moment: what they acknowledged is there, and what was begun goes on. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PkgClient } from '../../core/adapters/pkg-client.ts';
import { ProxyClient } from '../../core/adapters/proxy-client.ts';
import { pseudonymSigner } from '../../core/adapters/request-signature.ts';
import { systemClock } from '../../core/adapters/system-clock.ts';
import { systemRandom } from '../../core/adapters/system-random.ts';
import { isAppError } from '../../core/base/app-error.ts';
import { type Hex, toHex } from '../../core/base/bytes.ts';
import { setUp } from '../../core/crypto/identity-encryption.ts';
import { encodePublicParameters } from '../../core/crypto/scheme-encodings.ts';
import { freshKeySigner, freshPseudonym, network, sharedEngine } from '../unit/services/world.ts';

describe('a service that is killed', () => {
  let folder: string;
  let child: ChildProcess | undefined;
  const owner = freshPseudonym(1);
  const operator = freshKeySigner();

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'services-crash-'));
    const engine = await sharedEngine();
    const parameters = toHex(encodePublicParameters(engine, setUp(engine, systemRandom).publicParameters));
    const requestKey = toHex(owner.requestKey.publicKey);
    writeFileSync(
      join(folder, 'chain.json'),
      JSON.stringify({ owner: owner.account.address, requestKey, operatorKey: operator.keyId, parameters }),
    );
  });
  afterEach(async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(role: 'pkg' | 'proxy', port = 0): Promise<string> {
    const script = join(import.meta.dirname, 'service-process.ts');
    child = spawn(process.execPath, [script, role, folder, String(port)], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { stdout } = child;
    if (stdout === null) throw new Error('the process has an output');
    const [line] = (await once(createInterface(stdout), 'line')) as [string];
    return (JSON.parse(line) as { url: string }).url;
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  const proxyClient = (url: string, signingKey: Hex) =>
    new ProxyClient({ url, index: 1, signingKey, signer: pseudonymSigner(owner), clock: systemClock, random: systemRandom });

  it('as a proxy during an upload goes on with it until the file is there', async () => {
    const content = randomBytes(40 * 2 ** 20 + 17);
    const sha256 = `0x${createHash('sha256').update(content).digest('hex')}` as Hex;
    const path = join(folder, 'source');
    writeFileSync(path, content);
    let url = await start('proxy');
    const port = Number(new URL(url).port);
    const { signingKey } = await proxyClient(url, '0x').info();

    const reached: number[] = [];
    for (const killAt of [1, 9, 17, 30].map((mebibytes) => mebibytes * 2 ** 20)) {
      const upload = proxyClient(url, signingKey).uploadCiphertext({
        path,
        sha256,
        bytes: content.length,
        onProgress: (done) => {
          if (done < killAt) return;
          reached.push(done);
          child?.kill('SIGKILL');
        },
      });
      await expect(upload).rejects.toSatisfy((error) => isAppError(error, 'SERVICE_UNREACHABLE'));
      await kill();
      url = await start('proxy', port);
    }
    expect(reached.length).toBeGreaterThanOrEqual(4);
    const client = proxyClient(url, signingKey);
    let resumedAt = -1;
    await client.uploadCiphertext({
      path,
      sha256,
      bytes: content.length,
      onProgress: (done) => (resumedAt = resumedAt < 0 ? done : resumedAt),
    });
    expect(resumedAt).toBeGreaterThan(16 * 2 ** 20);

    await kill();
    const again = proxyClient(await start('proxy', port), signingKey);
    const destination = join(folder, 'received');
    await again.downloadCiphertext({ sha256, bytes: content.length, destination });
    expect(Buffer.compare(readFileSync(destination), content)).toBe(0);
  });

  it('as the PKG keeps every application, decision and enrolment that it acknowledged', async () => {
    const applicants = Array.from({ length: 6 }, () => freshKeySigner());
    const acknowledged: { applicationId: Hex; position: number }[] = [];
    let url = await start('pkg');
    const port = Number(new URL(url).port);
    const client = (enrolmentAddress: Hex) =>
      new PkgClient({
        url,
        network: { chainId: network.chainId, entityRegistry: network.entityRegistry, enrolmentAddress },
        clock: systemClock,
        random: systemRandom,
      });
    const { enrolmentAddress } = await client('0x').info();

    for (const [position, applicant] of applicants.entries()) {
      const { applicationId } = await client(enrolmentAddress).apply(applicant, { name: `Person ${position}`, contact: 'x', roles: 3 });
      acknowledged.push({ applicationId, position });
      const deciding = client(enrolmentAddress).decide(operator, applicationId, { outcome: 'approve', roles: 3, reason: '' });
      // Killed while the decision is on its way: either it was taken or it can be repeated.
      if (position % 2 === 0) child?.kill('SIGKILL');
      await deciding.catch((error: unknown) => {
        if (!isAppError(error, 'SERVICE_UNREACHABLE')) throw error;
      });
      await kill();
      url = await start('pkg', port);
    }
    const reopened = client(enrolmentAddress);
    expect((await reopened.info()).enrolmentAddress).toBe(enrolmentAddress);
    for (const { applicationId, position } of acknowledged) {
      const applicant = applicants[position];
      if (applicant === undefined) throw new Error('every application has its applicant');
      await reopened.decide(operator, applicationId, { outcome: 'approve', roles: 3, reason: '' });
      const keys = freshPseudonym();
      const enrolled = await reopened.enrol(applicant, applicationId, [{ keys, roles: 1 }]);
      await kill();
      url = await start('pkg', port);
      expect(await client(enrolmentAddress).enrol(applicant, applicationId, [{ keys, roles: 1 }])).toEqual(enrolled);
    }
  });
});

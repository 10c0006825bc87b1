/** The PKG over real HTTP with real cryptography: who gets enrolled, who gets a key, and who does not. */
import { verifyTypedData } from 'ethers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../../core/adapters/system-random.ts';
import { AppError } from '../../../core/base/app-error.ts';
import { fromHex, type Hex, toHex } from '../../../core/base/bytes.ts';
import { formatIdentity } from '../../../core/crypto/identity.ts';
import { decodePublicParameters } from '../../../core/crypto/scheme-encodings.ts';
import { publicParametersHash } from '../../../core/crypto/scheme-hashes.ts';
import { entityRoles } from '../../../core/sharing/chain-reader.ts';
import { contractDomain } from '../../../core/sharing/enrolment.ts';
import { codeOf, createWorld, freshKeySigner, freshPseudonym, network, type World } from './world.ts';

const offline = () => new AppError('CHAIN_UNREACHABLE', { what: 'The chain does not answer.', consequence: 'Nothing.', remedy: 'Wait.' });

describe('the PKG', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(async () => {
    await world.end();
  });

  /** A PKG whose parameters the chain names, and a client. */
  async function begin() {
    world.chain.failure = offline();
    const first = await world.startPkg();
    const info = await world.pkgClient(first.url, '0x').info();
    await first.stop();
    world.chain.failure = null;
    world.chain.parameters = info.parametersHash;
    const service = await world.startPkg();
    return { service, info, client: world.pkgClient(service.url, info.enrolmentAddress) };
  }

  async function approved() {
    const begun = await begin();
    const applicant = freshKeySigner();
    const { applicationId } = await begun.client.apply(applicant, { name: 'Ada Lovelace', contact: 'ada@example.org', roles: 3 });
    await begun.client.decide(world.operator, applicationId, { outcome: 'approve', roles: 3, reason: '' });
    return { ...begun, applicant, applicationId };
  }

  it('takes an application, lets the operator approve it, enrols pseudonyms and issues a key that opens', async () => {
    const { client, info } = await begin();
    const applicant = freshKeySigner();
    const application = await client.apply(applicant, { name: 'Ada Lovelace', contact: 'ada@example.org', roles: 3 });
    expect(application.state).toBe('pending');
    expect(await client.apply(applicant, { name: 'Ada Lovelace', contact: 'ada@example.org', roles: 3 })).toEqual(application);

    const [waiting] = await client.applications(world.operator);
    expect(waiting).toMatchObject({ name: 'Ada Lovelace', state: 'pending', pseudonyms: 0 });
    await client.decide(world.operator, application.applicationId, {
      outcome: 'approve',
      roles: entityRoles.owner,
      reason: 'met in person',
    });
    expect(await client.application(applicant, application.applicationId)).toMatchObject({
      state: 'approved',
      roles: 1,
      reason: 'met in person',
    });

    const keys = freshPseudonym();
    const wanted = [{ keys, roles: entityRoles.owner }];
    const enrolled = await client.enrol(applicant, application.applicationId, wanted);
    expect(enrolled[0]?.enrolment).toMatchObject({ pseudonym: keys.account.address, roles: 1, secretCommitment: '0' });
    expect(await client.enrol(applicant, application.applicationId, wanted)).toEqual(enrolled);

    world.enrolOnChain(keys, entityRoles.owner);
    const datasetId = toHex(systemRandom.bytes(32));
    recordDataset(datasetId, keys.account.address);
    const identity = datasetIdentity(datasetId, keys.account.address);
    const parameters = decodePublicParameters(world.engine, fromHex(info.publicParameters));
    const key = await client.identityKey(keys, identity, { engine: world.engine, parameters });
    expect(key.a1).toBeDefined();
  });

  function recordDataset(datasetId: Hex, owner: Hex): void {
    const hash = toHex(systemRandom.bytes(32));
    world.chain.records.set(datasetId, { datasetId, owner, datasetRoot: 1n, headerHash: hash, ciphertextHash: hash, ciphertextSize: 1n });
  }

  function datasetIdentity(datasetId: Hex, pseudonym: Hex): string {
    return formatIdentity({ kind: 'dataset', chainId: network.chainId, contract: network.dataRecords, pseudonym, datasetId });
  }

  it('issues no key for what the signer does not own on chain', async () => {
    const { client, info } = await approved();
    const keys = freshPseudonym();
    world.enrolOnChain(keys, entityRoles.owner);
    const other = freshPseudonym().account.address;
    const scheme = { engine: world.engine, parameters: decodePublicParameters(world.engine, fromHex(info.publicParameters)) };
    const ask = (identity: string) => codeOf(client.identityKey(keys, identity, scheme));
    const datasetId = toHex(systemRandom.bytes(32));
    const own = keys.account.address;

    expect(await ask(datasetIdentity(datasetId, own))).toBe('PKG_IDENTITY_NOT_OWNED');
    recordDataset(datasetId, other);
    expect(await ask(datasetIdentity(datasetId, own))).toBe('PKG_IDENTITY_NOT_OWNED');
    expect(await ask(datasetIdentity(datasetId, other))).toBe('PKG_IDENTITY_NOT_YOURS');
    expect(await ask('alice@example.org')).toBe('PKG_IDENTITY_MALFORMED');
    const elsewhere = formatIdentity({ kind: 'dataset', chainId: 1n, contract: network.dataRecords, pseudonym: own, datasetId });
    expect(await ask(elsewhere)).toBe('PKG_IDENTITY_OTHER_NETWORK');
    const { chainId, sharingMarket } = network;
    const receiving = formatIdentity({ kind: 'receive', chainId, contract: sharingMarket, pseudonym: own, offerId: 5n });
    expect(await ask(receiving)).toBe('PKG_IDENTITY_NOT_OWNED');
    world.chain.offers.set(5n, { offerId: 5n, state: 'verified', requestId: datasetId, datasetId, owner: other, consumer: own });
    expect(await ask(receiving)).toBe('no error');
  });

  it('gives an expired pseudonym the keys of what it owns, and a revoked one nothing', async () => {
    const { client, info } = await approved();
    const keys = freshPseudonym();
    const datasetId = toHex(systemRandom.bytes(32));
    recordDataset(datasetId, keys.account.address);
    const scheme = { engine: world.engine, parameters: decodePublicParameters(world.engine, fromHex(info.publicParameters)) };
    const ask = () => codeOf(client.identityKey(keys, datasetIdentity(datasetId, keys.account.address), scheme));
    expect(await ask()).toBe('REQUEST_KEY_UNKNOWN');
    world.enrolOnChain(keys, entityRoles.owner, { expiry: 1n });
    expect(await ask()).toBe('no error');
    world.enrolOnChain(keys, entityRoles.owner, { revoked: true });
    expect(await ask()).toBe('REQUEST_ENROLMENT_REVOKED');
  });

  it('stops issuing to a person whom the operator revokes, and lists the pseudonyms to revoke on chain', async () => {
    const { client, info, applicant, applicationId } = await approved();
    const keys = freshPseudonym();
    await client.enrol(applicant, applicationId, [{ keys, roles: 1 }]);
    world.enrolOnChain(keys, 1);
    const datasetId = toHex(systemRandom.bytes(32));
    recordDataset(datasetId, keys.account.address);
    await client.decide(world.operator, applicationId, { outcome: 'revoke', roles: 0, reason: 'fraud' });
    const [revocation, ...others] = await client.revocations(world.operator);
    expect([revocation?.pseudonym, others]).toEqual([keys.account.address, []]);
    const domain = contractDomain(network.chainId, network.entityRegistry);
    const signature = revocation?.signature ?? '0x';
    const signer = verifyTypedData(
      domain,
      { Revocation: [{ name: 'pseudonym', type: 'address' }] },
      { pseudonym: keys.account.address },
      signature,
    );
    expect(signer.toLowerCase()).toBe(info.enrolmentAddress);
    expect(await codeOf(client.enrol(applicant, applicationId, [{ keys: freshPseudonym(), roles: 1 }]))).toBe('PKG_NOT_APPROVED');
    const scheme = { engine: world.engine, parameters: decodePublicParameters(world.engine, fromHex(info.publicParameters)) };
    const identity = datasetIdentity(datasetId, keys.account.address);
    expect(await codeOf(client.identityKey(keys, identity, scheme))).toBe('PKG_PSEUDONYM_REVOKED');
  });

  it('keeps applications and names from everybody but their applicant and the operator', async () => {
    const { client, applicationId } = await approved();
    const stranger = freshKeySigner();
    expect(await codeOf(client.application(stranger, applicationId))).toBe('PKG_APPLICATION_UNKNOWN');
    expect(await codeOf(client.applications(stranger))).toBe('PKG_NOT_OPERATOR');
    expect(await codeOf(client.revocations(stranger))).toBe('PKG_NOT_OPERATOR');
    expect(await codeOf(client.decide(stranger, applicationId, { outcome: 'approve', roles: 31, reason: '' }))).toBe('PKG_NOT_OPERATOR');
    expect(await codeOf(client.enrol(stranger, applicationId, [{ keys: freshPseudonym(), roles: 1 }]))).toBe('PKG_APPLICATION_UNKNOWN');
    expect(JSON.stringify(world.events)).not.toContain('Lovelace');
  });

  it('enrols nobody before the operator has decided, for no role beyond the approval, and nobody twice', async () => {
    const { client, applicant, applicationId } = await approved();
    const keys = freshPseudonym();
    expect(await codeOf(client.enrol(applicant, applicationId, [{ keys, roles: entityRoles.arbiter }]))).toBe('PKG_ROLES_NOT_APPROVED');
    await client.enrol(applicant, applicationId, [{ keys, roles: 1 }]);

    const second = freshKeySigner();
    const { applicationId: secondId } = await client.apply(second, { name: 'Bob', contact: 'bob@example.org', roles: 3 });
    expect(await codeOf(client.enrol(second, secondId, [{ keys: freshPseudonym(), roles: 1 }]))).toBe('PKG_NOT_APPROVED');
    await client.decide(world.operator, secondId, { outcome: 'approve', roles: 3, reason: '' });
    expect(await codeOf(client.enrol(second, secondId, [{ keys, roles: 1 }]))).toBe('PKG_PSEUDONYM_TAKEN');
  });

  it('refuses a pseudonym whose chain key the applicant does not hold', async () => {
    const { client, applicant, applicationId } = await approved();
    const [victim, own] = [freshPseudonym(), freshPseudonym()];
    const stolen = { ...own, account: { ...own.account, address: victim.account.address } };
    expect(await codeOf(client.enrol(applicant, applicationId, [{ keys: stolen, roles: 1 }]))).toBe('PKG_POSSESSION_UNPROVEN');
    // The proofs of a stranger are not even looked at: that is work.
    expect(await codeOf(client.enrol(freshKeySigner(), applicationId, [{ keys: stolen, roles: 1 }]))).toBe('PKG_APPLICATION_UNKNOWN');
  });

  it('still knows after a refusal which roles were asked for, so that they can be approved later', async () => {
    world.chain.failure = offline();
    const { url } = await world.startPkg();
    const client = world.pkgClient(url, (await world.pkgClient(url, '0x').info()).enrolmentAddress);
    const applicant = freshKeySigner();
    const { applicationId } = await client.apply(applicant, { name: 'Ada', contact: 'ada@example.org', roles: 3 });
    await client.decide(world.operator, applicationId, { outcome: 'refuse', roles: 0, reason: 'not yet' });
    const [asked] = await client.applications(world.operator);
    expect(asked).toMatchObject({ state: 'refused', roles: 3 });
    expect(await codeOf(client.enrol(applicant, applicationId, [{ keys: freshPseudonym(), roles: 1 }]))).toBe('PKG_NOT_APPROVED');
    await client.decide(world.operator, applicationId, { outcome: 'approve', roles: asked?.roles ?? 0, reason: '' });
    expect(await client.enrol(applicant, applicationId, [{ keys: freshPseudonym(), roles: 3 }])).toHaveLength(1);
  });
  it('bounds applications and the pseudonyms of one person', async () => {
    world.chain.failure = offline();
    const { url } = await world.startPkg({ limits: { applicationsMax: 2, pseudonymsMax: 2 } });
    const client = world.pkgClient(url, (await world.pkgClient(url, '0x').info()).enrolmentAddress);
    const person = { name: 'Ada', contact: 'ada@example.org', roles: 1 };
    const applicant = freshKeySigner();
    const { applicationId } = await client.apply(applicant, person);
    expect(await codeOf(client.apply(applicant, { ...person, name: 'Eve' }))).toBe('PKG_APPLICATION_EXISTS');
    expect(await codeOf(client.apply(freshKeySigner(), { ...person, name: 'a\nb' }))).toBe('REQUEST_MALFORMED');
    await client.apply(freshKeySigner(), person);
    expect(await codeOf(client.apply(freshKeySigner(), person))).toBe('PKG_APPLICATIONS_FULL');
    expect(await codeOf(client.decide(world.operator, applicationId, { outcome: 'approve', roles: 0, reason: '' }))).toBe(
      'REQUEST_MALFORMED',
    );
    await client.decide(world.operator, applicationId, { outcome: 'approve', roles: 1, reason: '' });
    const pseudonyms = [1, 2, 3].map((index) => ({ keys: freshPseudonym(index), roles: 1 }));
    expect(await codeOf(client.enrol(applicant, applicationId, pseudonyms))).toBe('PKG_PSEUDONYMS_FULL');
    expect(await client.enrol(applicant, applicationId, pseudonyms.slice(0, 2))).toHaveLength(2);
    // One is decided, which makes room for another.
    expect(await client.apply(freshKeySigner(), person)).toMatchObject({ state: 'pending' });
    expect(await codeOf(client.apply(freshKeySigner(), person))).toBe('PKG_APPLICATIONS_FULL');
  });

  it('limits new applications of one network address', async () => {
    world.chain.failure = offline();
    const { url } = await world.startPkg({ limits: { applicationRate: { burst: 1, perSecond: 0.01 } } });
    const client = world.pkgClient(url, '0x');
    const person = { name: 'Ada', contact: 'ada@example.org', roles: 1 };
    await client.apply(freshKeySigner(), person);
    expect(await codeOf(client.apply(freshKeySigner(), person))).toBe('REQUEST_RATE_LIMITED');
  });

  it('has a client that takes no enrolment of another account and no key under other parameters', async () => {
    const { service, client, info, applicant, applicationId } = await approved();
    const keys = freshPseudonym();
    const suspicious = world.pkgClient(service.url, freshPseudonym().account.address);
    expect(await codeOf(suspicious.enrol(applicant, applicationId, [{ keys, roles: 1 }]))).toBe('PKG_ENROLMENT_INVALID');
    world.enrolOnChain(keys, 1);
    const datasetId = toHex(systemRandom.bytes(32));
    recordDataset(datasetId, keys.account.address);
    const identity = datasetIdentity(datasetId, keys.account.address);
    const { engine, publicParameters } = world;
    expect(await codeOf(client.identityKey(keys, identity, { engine, parameters: publicParameters }))).toBe('PKG_KEY_INVALID');
    expect(info.parametersHash).not.toBe(toHex(publicParametersHash(engine, publicParameters)));
  });

  it('keeps everything over a restart, and refuses to run beside a chain that names other parameters', async () => {
    const { client, service, info, applicant, applicationId } = await approved();
    const keys = freshPseudonym();
    const enrolled = await client.enrol(applicant, applicationId, [{ keys, roles: 1 }]);
    await service.stop();
    const again = await world.startPkg();
    const reopened = world.pkgClient(again.url, info.enrolmentAddress);
    expect(await reopened.info()).toEqual(info);
    expect(await reopened.enrol(applicant, applicationId, [{ keys, roles: 1 }])).toEqual(enrolled);
    await again.stop();
    world.chain.parameters = toHex(systemRandom.bytes(32));
    expect(await codeOf(world.startPkg())).toBe('PKG_PARAMETERS_MISMATCH');
  });

  it('says so when the chain is down, and issues nothing meanwhile', async () => {
    const { client, info } = await approved();
    const keys = freshPseudonym();
    world.enrolOnChain(keys, 1);
    world.chain.failure = offline();
    const scheme = { engine: world.engine, parameters: decodePublicParameters(world.engine, fromHex(info.publicParameters)) };
    const identity = datasetIdentity(toHex(systemRandom.bytes(32)), keys.account.address);
    expect(await codeOf(client.identityKey(keys, identity, scheme))).toBe('CHAIN_UNREACHABLE');
  });
});

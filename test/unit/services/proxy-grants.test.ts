/** Grants at a proxy over real HTTP with real cryptography: what it keeps, whom it serves, and when it deletes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemRandom } from '../../../core/adapters/system-random.ts';
import { fromHex, toHex } from '../../../core/base/bytes.ts';
import { decodeGrantContext, decodeSourceContext } from '../../../core/crypto/context.ts';
import { sealBox } from '../../../core/crypto/message-box.ts';
import { open } from '../../../core/crypto/re-encryption.ts';
import { decodeFragment, decodeGrant, decodeHeader, encodeGrant, encodeProxyShare } from '../../../core/crypto/scheme-encodings.ts';
import { grantHash } from '../../../core/crypto/scheme-hashes.ts';
import { entityRoles } from '../../../core/sharing/chain-reader.ts';
import { isReceiptSignedBy, proxyShareLabel } from '../../../core/sharing/proxy-messages.ts';
import { codeOf, createTrade, createWorld, freshPseudonym, grantMessage, headerMessage, type Trade, type World } from './world.ts';

describe('grants at a proxy', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(async () => {
    await world.end();
  });

  /** A proxy, and a trade for it and `otherProxies` more. */
  async function begin(options: { otherProxies?: number; threshold?: number } = {}) {
    const service = await world.startProxy();
    const info = await (await world.proxyClient(service.url)).info();
    const others = Array.from({ length: options.otherProxies ?? 0 }, () => ({ signingKey: freshPseudonym().requestKey.publicKey }));
    const trade = await createTrade(world, [{ signingKey: fromHex(info.signingKey) }, ...others], { threshold: options.threshold ?? 1 });
    const owner = await world.proxyClient(service.url, trade.owner);
    const consumer = await world.proxyClient(service.url, trade.consumer);
    const message = await grantMessage(world, trade, 0, fromHex(info.messageKey));
    return { service, info, trade, owner, consumer, message };
  }

  async function delivered(options?: { otherProxies?: number; threshold?: number }) {
    const begun = await begin(options);
    const { owner, trade, message } = begun;
    const { header, context } = headerMessage(world, trade);
    await owner.putHeader(trade.headerHash, header, context);
    await owner.putGrant(trade.offerId, message.grant, message.context, message.shareBox);
    return begun;
  }

  function changeGrant(trade: Trade, change: object): void {
    const grant = world.chain.grants.get(trade.offerId);
    if (grant === undefined) throw new Error('the trade has a grant');
    world.chain.grants.set(trade.offerId, { ...grant, ...change });
  }

  it('serves the consumer a fragment with which the header opens', async () => {
    const { consumer, trade } = await delivered();
    const stored = await consumer.getHeader(trade.headerHash);
    const grant = await consumer.getGrant(trade.offerId);
    const fragment = await consumer.fragment(trade.offerId);
    const verdict = open(world.engine, world.publicParameters, trade.receiverKey, {
      sourceContext: decodeSourceContext(stored.context),
      grantContext: decodeGrantContext(grant.context),
      header: decodeHeader(world.engine, stored.header),
      grant: decodeGrant(world.engine, grant.grant),
      fragments: [decodeFragment(world.engine, fromHex(fragment.fragment))],
      recorded: {
        headerHash: trade.headerHash,
        grantHash: fragment.grantHash,
        threshold: trade.grant.threshold,
        proxies: trade.grant.proxies.length,
        receiverIdentity: decodeGrantContext(grant.context).receiverIdentity,
      },
    });
    expect(verdict.opened && toHex(verdict.key)).toBe(toHex(trade.key));
  });

  it('serves nobody but the consumer', async () => {
    const { service, owner, trade } = await delivered();
    expect(await codeOf(owner.fragment(trade.offerId))).toBe('PROXY_NOT_THE_CONSUMER');
    const stranger = freshPseudonym();
    world.enrolOnChain(stranger, entityRoles.consumer);
    expect(await codeOf((await world.proxyClient(service.url, stranger)).fragment(trade.offerId))).toBe('PROXY_NOT_THE_CONSUMER');
    expect(await codeOf((await world.proxyClient(service.url, stranger)).fragment(1n))).toBe('PROXY_GRANT_UNKNOWN');
  });

  it('still serves a consumer whose enrolment expired after the offer was accepted', async () => {
    const { consumer, trade } = await delivered();
    world.enrolOnChain(trade.consumer, entityRoles.consumer, { expiry: 1n });
    expect((await consumer.fragment(trade.offerId)).headerHash).toBe(trade.headerHash);
  });

  it('refuses while the chain says that the grant is not live, and serves again when it is', async () => {
    const { consumer, trade } = await delivered();
    changeGrant(trade, { live: false });
    expect(await codeOf(consumer.fragment(trade.offerId))).toBe('PROXY_GRANT_NOT_LIVE');
    changeGrant(trade, { live: true });
    expect(await codeOf(consumer.fragment(trade.offerId))).toBe('no error');
    changeGrant(trade, { grantHash: toHex(systemRandom.bytes(32)) });
    expect(await codeOf(consumer.fragment(trade.offerId))).toBe('PROXY_GRANT_NOT_LIVE');
  });

  it('deletes the share of an expired grant when it is asked for it, for good', async () => {
    const { consumer, owner, trade, message } = await delivered();
    changeGrant(trade, { liveUntil: 5n });
    expect(await codeOf(consumer.fragment(trade.offerId))).toBe('PROXY_GRANT_NOT_LIVE');
    changeGrant(trade, { liveUntil: 1n << 40n });
    expect(await codeOf(consumer.fragment(trade.offerId))).toBe('PROXY_GRANT_NOT_LIVE');
    const put = owner.putGrant(trade.offerId, message.grant, message.context, message.shareBox);
    expect(await codeOf(put)).toBe('PROXY_SHARE_DELETED');
    expect(await codeOf(consumer.fragment(trade.offerId))).toBe('PROXY_GRANT_NOT_LIVE');
  });

  it('deletes shares whose time is over when the next grant arrives', async () => {
    const { service, info, owner, trade } = await delivered();
    const later = await createTrade(world, [{ signingKey: fromHex(info.signingKey) }]);
    world.clock.offsetMs = 2 * 3600 * 1000;
    changeGrant(later, { liveUntil: 1n << 40n });
    const next = await world.proxyClient(service.url, later.owner);
    const message = await grantMessage(world, later, 0, fromHex(info.messageKey));
    await next.putGrant(later.offerId, message.grant, message.context, message.shareBox);
    expect(world.events.filter(({ event }) => event === 'share-deleted')).toEqual([
      { event: 'share-deleted', data: { offerId: trade.offerId.toString() } },
    ]);
    expect(isReceiptSignedBy(info.signingKey, await owner.deleteGrant(trade.offerId, trade.grantHash))).toBe(true);
  });

  it('leaves no trace of a deleted share on its disk', async () => {
    const { owner, trade, message } = await delivered();
    const traces = () =>
      readdirSync(join(world.folder, 'proxy'))
        .filter((name) => name.startsWith('proxy.sqlite'))
        .filter((name) => readFileSync(join(world.folder, 'proxy', name)).includes(Buffer.from(message.shareBox.subarray(0, 64))));
    expect(traces()).not.toEqual([]);
    changeGrant(trade, { revoked: true, live: false });
    await owner.deleteGrant(trade.offerId, trade.grantHash);
    expect(traces()).toEqual([]);
  });

  it('deletes at its start the shares of grants that ended while it was off', async () => {
    const { service, trade } = await delivered();
    await service.stop();
    changeGrant(trade, { revoked: true, live: false });
    await world.startProxy();
    expect(world.events.map(({ event }) => event)).toContain('share-deleted');
  });

  it('deletes on revocation and signs a receipt, the same one every time', async () => {
    const { owner, consumer, trade, info } = await delivered();
    expect(await codeOf(owner.deleteGrant(trade.offerId, trade.grantHash))).toBe('PROXY_GRANT_STILL_LIVE');
    changeGrant(trade, { revoked: true, live: false });
    expect(await codeOf(consumer.deleteGrant(trade.offerId, trade.grantHash))).toBe('PROXY_NOT_THE_OWNER');
    const receipt = await owner.deleteGrant(trade.offerId, trade.grantHash);
    expect(isReceiptSignedBy(info.signingKey, receipt)).toBe(true);
    expect(isReceiptSignedBy(info.signingKey, { ...receipt, deletedAt: receipt.deletedAt + 1 })).toBe(false);
    expect(await owner.deleteGrant(trade.offerId, trade.grantHash)).toEqual(receipt);
    // A true receipt of another grant says nothing about this one.
    expect(await codeOf(owner.deleteGrant(trade.offerId, trade.headerHash))).toBe('PROXY_SIGNATURE_INVALID');
    expect(await codeOf(consumer.fragment(trade.offerId))).toBe('PROXY_GRANT_NOT_LIVE');
  });

  it('tells its operator which grants it keeps: live, ended by time, or deleted', async () => {
    const { service, owner, trade } = await delivered();
    const { liveUntil } = world.chain.grants.get(trade.offerId) as { liveUntil: bigint };
    const kept = { offerId: trade.offerId.toString(), liveUntil: Number(liveUntil) };
    expect(await service.storage()).toMatchObject({ headers: 1, grants: [{ ...kept, state: 'live' }] });
    world.clock.offsetMs = 2 * 3600 * 1000;
    expect((await service.storage()).grants).toEqual([{ ...kept, state: 'ended' }]);
    world.clock.offsetMs = 0;
    changeGrant(trade, { revoked: true, live: false });
    await owner.deleteGrant(trade.offerId, trade.grantHash);
    expect((await service.storage()).grants).toEqual([{ ...kept, state: 'deleted' }]);
  });

  it('transforms only the header that the chain names', async () => {
    const { consumer, trade } = await delivered();
    const record = world.chain.records.get(trade.datasetId);
    if (record === undefined) throw new Error('the trade has a record');
    world.chain.records.set(trade.datasetId, { ...record, headerHash: toHex(systemRandom.bytes(32)) });
    expect(await codeOf(consumer.fragment(trade.offerId))).toBe('PROXY_HEADER_NOT_RECORDED');
  });

  it('needs the header before it can serve', async () => {
    const { consumer, owner, trade, message } = await begin();
    await owner.putGrant(trade.offerId, message.grant, message.context, message.shareBox);
    expect(await codeOf(consumer.fragment(trade.offerId))).toBe('PROXY_HEADER_UNKNOWN');
  });

  it('takes a header only under its own hash, from its owner, for its network', async () => {
    const { owner, consumer, trade } = await begin();
    const { header, context } = headerMessage(world, trade);
    expect(await codeOf(owner.putHeader(toHex(systemRandom.bytes(32)), header, context))).toBe('PROXY_HEADER_HASH_MISMATCH');
    expect(await codeOf(owner.putHeader(trade.headerHash, header.subarray(1), context))).toBe('REQUEST_MALFORMED');
    expect(await codeOf(consumer.putHeader(trade.headerHash, header, context))).toBe('REQUEST_ROLE_MISSING');
    const second = await createTrade(world, [{ signingKey: freshPseudonym().requestKey.publicKey }]);
    const foreign = headerMessage(world, second);
    expect(await codeOf(owner.putHeader(second.headerHash, foreign.header, foreign.context))).toBe('PROXY_HEADER_NOT_YOURS');
  });

  it('keeps no share that is not behind its commitment, and none sealed for another key or offer', async () => {
    const { owner, trade, message, info } = await begin({ otherProxies: 2, threshold: 2 });
    const put = (shareBox: Uint8Array) => codeOf(owner.putGrant(trade.offerId, message.grant, message.context, shareBox));
    const messageKey = fromHex(info.messageKey);
    const seal = (share: Uint8Array) => sealBox(systemRandom, messageKey, proxyShareLabel(trade.grantContext), share);

    const [own, other] = trade.shares;
    if (own === undefined || other === undefined) throw new Error('the trade has shares');
    expect(await put(await seal(encodeProxyShare(world.engine, other)))).toBe('PROXY_SHARE_REFUSED');
    expect(await put(await seal(encodeProxyShare(world.engine, { index: 1, share: other.share })))).toBe('PROXY_SHARE_REFUSED');
    expect(await put(await seal(systemRandom.bytes(98)))).toBe('PROXY_SHARE_REFUSED');
    const forAnother = await sealBox(
      systemRandom,
      freshPseudonym().messageKey.publicKey,
      proxyShareLabel(trade.grantContext),
      encodeProxyShare(world.engine, own),
    );
    expect(await put(forAnother)).toBe('PROXY_SHARE_REFUSED');
    expect(await put(message.shareBox)).toBe('no error');
  });

  it('keeps no share of a grant that the chain does not record, or that does not fit the offer', async () => {
    const { owner, consumer, trade, message } = await begin();
    const put = (client = owner, offerId = trade.offerId) =>
      codeOf(client.putGrant(offerId, message.grant, message.context, message.shareBox));
    expect(await put(owner, trade.offerId + 1n)).toBe('PROXY_GRANT_REFUSED');
    expect(await put(consumer)).toBe('PROXY_GRANT_REFUSED');
    // A grant by somebody else is not even read: that is work.
    const unread = consumer.putGrant(trade.offerId, message.grant.slice(1), message.context, message.shareBox);
    expect(await codeOf(unread)).toBe('PROXY_GRANT_REFUSED');
    const recorded = world.chain.grants.get(trade.offerId);
    if (recorded === undefined) throw new Error('the trade has a grant');
    for (const change of [{ grantHash: toHex(systemRandom.bytes(32)) }, { threshold: 2 }, { proxies: 2 }]) {
      world.chain.grants.set(trade.offerId, { ...recorded, ...change });
      expect(await put()).toBe('PROXY_GRANT_NOT_RECORDED');
    }
    world.chain.grants.delete(trade.offerId);
    expect(await put()).toBe('PROXY_GRANT_NOT_RECORDED');
    world.chain.grants.set(trade.offerId, { ...recorded, live: false });
    expect(await put()).toBe('PROXY_GRANT_NOT_LIVE');
    world.chain.grants.set(trade.offerId, recorded);
    expect(await put()).toBe('no error');
    expect(await put()).toBe('no error');
  });

  it('keeps no share of a grant whose commitments lie on no polynomial of its degree', async () => {
    const { owner, trade, message } = await begin({ otherProxies: 2, threshold: 2 });
    const [first, second] = trade.grant.commitments;
    if (first === undefined || second === undefined) throw new Error('the trade has commitments');
    const bent = { ...trade.grant, commitments: [first, second, second] };
    changeGrant(trade, { grantHash: toHex(grantHash(world.engine, trade.grantContext, bent)) });
    const put = owner.putGrant(trade.offerId, encodeGrant(world.engine, bent), message.context, message.shareBox);
    expect(await codeOf(put)).toBe('PROXY_GRANT_COMMITMENTS');
  });

  it('keeps no share of a grant that does not name it', async () => {
    const { service, info } = await begin();
    const trade = await createTrade(world, [{ signingKey: freshPseudonym().requestKey.publicKey }]);
    const owner = await world.proxyClient(service.url, trade.owner);
    const message = await grantMessage(world, trade, 0, fromHex(info.messageKey));
    const put = owner.putGrant(trade.offerId, message.grant, message.context, message.shareBox);
    expect(await codeOf(put)).toBe('PROXY_GRANT_NOT_FOR_ME');
  });

  it('keeps shares and receipts over a restart', async () => {
    const { service, trade } = await delivered();
    await service.stop();
    const again = await world.startProxy();
    const consumer = await world.proxyClient(again.url, trade.consumer);
    expect((await consumer.fragment(trade.offerId)).headerHash).toBe(trade.headerHash);
  });

  it('has a client that does not take a fragment signed by another key', async () => {
    const { service, trade } = await delivered();
    const { ProxyClient } = await import('../../../core/adapters/proxy-client.ts');
    const client = new ProxyClient({
      url: service.url,
      index: 2,
      signingKey: toHex(freshPseudonym().requestKey.publicKey),
      signer: { keyId: trade.consumer.account.address, key: trade.consumer.requestKey },
      clock: world.clock,
      random: systemRandom,
    });
    expect(await codeOf(client.fragment(trade.offerId))).toBe('PROXY_SIGNATURE_INVALID');
  });
});

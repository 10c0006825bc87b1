/**
 * Bodies between a proxy and its clients (docs/formats.md, "Proxy over HTTP"), and the two statements that a
 * proxy signs: that a fragment is its own, and that it has deleted its share.
 */
import { z } from 'zod';
import { fromHex, type Hex } from '../base/bytes.ts';
import { Encoder } from '../base/codec.ts';
import { encodeGrantContext, type GrantContext } from '../crypto/context.ts';
import type { BoxLabel } from '../crypto/message-box.ts';
import { verifyRequestSignature } from '../crypto/request-key.ts';
import { hexOfLength, hexUpTo } from './enrolment.ts';

/** Version of these bodies. */
export const proxyMessagesVersion = 1;
const version = z.literal(proxyMessagesVersion);
const decimal256 = z.string().regex(/^(0|[1-9][0-9]{0,77})$/);

/** Bounds of encodings, generous: the decoders are exact. */
const grantBytesMax = 32 * 1024;
const contextBytesMax = 2 * 1024;
const headerBytesMax = 1024;
const shareBoxBytesMax = 512;
const fragmentBytesMax = 4 * 1024;

/** Largest body of a PATCH of an upload. */
export const uploadChunkBytesMax = 8 * 2 ** 20;

export const proxyInfoSchema = z.strictObject({
  version,
  chainId: z.string().regex(/^[1-9][0-9]{0,19}$/),
  sharingMarket: hexOfLength(20),
  /** Ed25519: names the proxy in grants, and signs fragments and receipts. */
  signingKey: hexOfLength(32),
  /** X25519: shares are sealed for it. */
  messageKey: hexOfLength(32),
  ciphertextBytesMax: z.int().positive(),
  uploadChunkBytesMax: z.int().positive(),
});
export type ProxyInfo = z.infer<typeof proxyInfoSchema>;

/** `PUT` and `GET /v1/headers/:headerHash`: encoded header and source context. */
export const storedHeaderSchema = z.strictObject({ version, header: hexUpTo(headerBytesMax), context: hexUpTo(contextBytesMax) });
export type StoredHeader = z.infer<typeof storedHeaderSchema>;

/** `PUT /v1/grants/:offerId`: encoded grant and grant context, and this proxy's share in a message box. */
export const grantRequestSchema = z.strictObject({
  version,
  grant: hexUpTo(grantBytesMax),
  context: hexUpTo(contextBytesMax),
  shareBox: hexUpTo(shareBoxBytesMax),
});
export type GrantRequest = z.infer<typeof grantRequestSchema>;

/** `GET /v1/grants/:offerId`: what the receiver needs beside the fragments. */
export const storedGrantSchema = z.strictObject({ version, grant: hexUpTo(grantBytesMax), context: hexUpTo(contextBytesMax) });
export type StoredGrant = z.infer<typeof storedGrantSchema>;

/** `POST /v1/fragments`, signed by the offer's consumer. */
export const fragmentRequestSchema = z.strictObject({ version, offerId: decimal256 });

/** The encoded fragment with its proof, signed by the proxy over {@link fragmentStatement}. */
export const signedFragmentSchema = z.strictObject({
  version,
  grantHash: hexOfLength(32),
  headerHash: hexOfLength(32),
  fragment: hexUpTo(fragmentBytesMax),
  proxyKey: hexOfLength(32),
  signature: hexOfLength(64),
});
export type SignedFragment = z.infer<typeof signedFragmentSchema>;

/** `DELETE /v1/grants/:offerId`: the proxy's signed word that its share is gone. */
export const deletionReceiptSchema = z.strictObject({
  version,
  grantHash: hexOfLength(32),
  /** Unix time in seconds. */
  deletedAt: z.int().nonnegative(),
  proxyKey: hexOfLength(32),
  signature: hexOfLength(64),
});
export type DeletionReceipt = z.infer<typeof deletionReceiptSchema>;

/** The id of the upload of the file `sha256` by `owner`: neither side has to remember it. */
export function uploadIdOf(owner: Hex, sha256: Hex): string {
  return `${sha256.slice(2)}-${owner.slice(2)}`;
}

/** Label of the box in which a proxy gets its share. */
export function proxyShareLabel(context: GrantContext): BoxLabel {
  return { purpose: 'proxy-share', context: encodeGrantContext(context) };
}

/** The bytes that a proxy signs for a fragment. */
export function fragmentStatement(grantHash: Hex, headerHash: Hex, fragment: Uint8Array): Uint8Array {
  return new Encoder().text('vouchsafe:fragment:1').fixed(fromHex(grantHash), 32).fixed(fromHex(headerHash), 32).bytes(fragment).finish();
}

/** The bytes that a proxy signs when it has deleted its share. */
export function deletionStatement(grantHash: Hex, deletedAt: number): Uint8Array {
  return new Encoder().text('vouchsafe:share-deleted:1').fixed(fromHex(grantHash), 32).uint(deletedAt, 8).finish();
}

/** Whether `proxyKey` signed this fragment; the proof inside is checked by `verifyFragment`. */
export function isFragmentSignedBy(proxyKey: Hex, fragment: SignedFragment): boolean {
  const statement = fragmentStatement(fragment.grantHash, fragment.headerHash, fromHex(fragment.fragment));
  return fragment.proxyKey === proxyKey && verifyRequestSignature(fromHex(proxyKey), statement, fromHex(fragment.signature));
}

/** Whether `proxyKey` signed this receipt. */
export function isReceiptSignedBy(proxyKey: Hex, receipt: DeletionReceipt): boolean {
  const statement = deletionStatement(receipt.grantHash, receipt.deletedAt);
  return receipt.proxyKey === proxyKey && verifyRequestSignature(fromHex(proxyKey), statement, fromHex(receipt.signature));
}

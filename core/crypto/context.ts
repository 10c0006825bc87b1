/**
 * Contexts: the labels that bind an encapsulation to one source, and a re-encryption key to one grant.
 * They enter every hash of the scheme, so both are encoded in exactly one way (docs/formats.md).
 *
 * Invariant: the identities in a context name the same chain, contract and id as its other fields;
 * encoding asserts it and decoding refuses anything else.
 */
import { assert } from '../base/assert.ts';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import { DecodeError, Decoder, Encoder } from '../base/codec.ts';
import { identityLengthMax, parseIdentity } from './identity.ts';

/** `ctx`: what an encapsulation is of. Carried unchanged through re-encryption. */
export interface SourceContext {
  readonly chainId: bigint;
  /** Address of DataRecords. */
  readonly contract: Hex;
  /** 32 bytes. */
  readonly datasetId: Hex;
  /** The owner's pseudonym, 20 bytes. */
  readonly owner: Hex;
  /** ID_u, the dataset's identity. */
  readonly ownerIdentity: string;
  /** 32 bytes, a field element of BN254 big-endian. */
  readonly datasetRoot: Hex;
  /** Bytes of the payload before encryption. */
  readonly plaintextLength: bigint;
  /** Plaintext bytes of every chunk but the last. */
  readonly chunkSize: number;
}

/** `grantCtx`: what a re-encryption key is for. */
export interface GrantContext {
  readonly chainId: bigint;
  /** Address of SharingMarket. */
  readonly contract: Hex;
  readonly offerId: bigint;
  /** ID_u, the identity whose key is granted. */
  readonly ownerIdentity: string;
  /** ID_d, the identity of this offer's receiver. */
  readonly receiverIdentity: string;
  /** Hash of the one header of ID_u, 32 bytes. */
  readonly headerHash: Hex;
}

const sourceTag = 'vouchsafe:source-context:1';
const grantTag = 'vouchsafe:grant-context:1';
/** Bytes of the longest tag. */
const tagLengthMax = 32;

function sourceContextIsConsistent(context: SourceContext): boolean {
  const identity = parseIdentity(context.ownerIdentity);
  return (
    identity.kind === 'dataset' &&
    identity.chainId === context.chainId &&
    identity.contract === context.contract &&
    identity.pseudonym === context.owner &&
    identity.datasetId === context.datasetId
  );
}

function grantContextIsConsistent(context: GrantContext): boolean {
  const owner = parseIdentity(context.ownerIdentity);
  const receiver = parseIdentity(context.receiverIdentity);
  return (
    owner.kind === 'dataset' &&
    receiver.kind === 'receive' &&
    owner.chainId === context.chainId &&
    receiver.chainId === context.chainId &&
    receiver.contract === context.contract &&
    receiver.offerId === context.offerId
  );
}

/** The bytes of `ctx`. */
export function encodeSourceContext(context: SourceContext): Uint8Array {
  assert(sourceContextIsConsistent(context), 'the identity of a source context names its dataset');
  return new Encoder()
    .text(sourceTag)
    .uint(context.chainId, 8)
    .fixed(fromHex(context.contract), 20)
    .fixed(fromHex(context.datasetId), 32)
    .fixed(fromHex(context.owner), 20)
    .text(context.ownerIdentity)
    .fixed(fromHex(context.datasetRoot), 32)
    .uint(context.plaintextLength, 8)
    .uint(context.chunkSize, 4)
    .finish();
}

/** Reads `ctx`; throws DecodeError on anything that {@link encodeSourceContext} does not write. */
export function decodeSourceContext(bytes: Uint8Array): SourceContext {
  const decoder = new Decoder(bytes);
  if (decoder.text(tagLengthMax) !== sourceTag) throw new DecodeError('not a source context of version 1');
  const context: SourceContext = {
    chainId: decoder.uint(8),
    contract: toHex(decoder.fixed(20)),
    datasetId: toHex(decoder.fixed(32)),
    owner: toHex(decoder.fixed(20)),
    ownerIdentity: decoder.text(identityLengthMax),
    datasetRoot: toHex(decoder.fixed(32)),
    plaintextLength: decoder.uint(8),
    chunkSize: decoder.count(4),
  };
  decoder.finish();
  if (!sourceContextIsConsistent(context)) throw new DecodeError('the identity of the source context names another dataset');
  return context;
}

/** The bytes of `grantCtx`. */
export function encodeGrantContext(context: GrantContext): Uint8Array {
  assert(grantContextIsConsistent(context), 'the identities of a grant context name its dataset and its offer');
  return new Encoder()
    .text(grantTag)
    .uint(context.chainId, 8)
    .fixed(fromHex(context.contract), 20)
    .uint(context.offerId, 32)
    .text(context.ownerIdentity)
    .text(context.receiverIdentity)
    .fixed(fromHex(context.headerHash), 32)
    .finish();
}

/** Reads `grantCtx`; throws DecodeError on anything that {@link encodeGrantContext} does not write. */
export function decodeGrantContext(bytes: Uint8Array): GrantContext {
  const decoder = new Decoder(bytes);
  if (decoder.text(tagLengthMax) !== grantTag) throw new DecodeError('not a grant context of version 1');
  const context: GrantContext = {
    chainId: decoder.uint(8),
    contract: toHex(decoder.fixed(20)),
    offerId: decoder.uint(32),
    ownerIdentity: decoder.text(identityLengthMax),
    receiverIdentity: decoder.text(identityLengthMax),
    headerHash: toHex(decoder.fixed(32)),
  };
  decoder.finish();
  if (!grantContextIsConsistent(context)) throw new DecodeError('the identities of the grant context name another dataset or offer');
  return context;
}

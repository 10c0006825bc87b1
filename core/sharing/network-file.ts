/**
 * The network file: all that an installation needs to join a network, signed by the network's operator.
 * It names the chain, the contracts, the PKG and proxies with their pinned keys, the public parameters, and the circuits with the hashes of their keys.
 *
 * Invariant: a `NetworkFile` value has passed the schema and its signature; nothing in it is fetched from
 * the places it names before its hash is known.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { assert } from '../base/assert.ts';
import { fromHex, type Hex, isHex, toHex, utf8 } from '../base/bytes.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { proxiesMax } from '../crypto/scheme-encodings.ts';

/** Version of the network file that this program writes and reads. */
export const NETWORK_FILE_VERSION = 1;
/** A network file larger than this is refused before it is parsed. */
export const NETWORK_FILE_BYTES_MAX = 1 << 20;

const hexOf = (byteLength: number) =>
  z.custom<Hex>((text) => isHex(text) && text.length === 2 + 2 * byteLength, `must be ${byteLength} bytes in lower-case hexadecimal`);
const anyHex = z.custom<Hex>(isHex, 'must be lower-case hexadecimal');

/** Loopback may speak HTTP; every other address needs HTTPS. */
export const serviceUrl = z.string().max(300).refine(isAllowedUrl, 'must be https, or http on a loopback address');

/** Whether `text` is an address that a client may speak to: https, or http on this machine. */
export function isAllowedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname));
}

const artifact = z.strictObject({
  sha256: hexOf(32),
  bytes: z
    .int()
    .positive()
    .max(4 * 2 ** 30),
});

const circuit = z.strictObject({
  /** The witness calculator (WebAssembly). */
  witnessCalculator: artifact,
  /** The Groth16 proving key. */
  provingKey: artifact,
  /** The Groth16 verifying key, as snarkjs exports it. */
  verifyingKey: z.record(z.string(), z.unknown()),
});

/** UTF-16 code units of a network's name. */
export const networkNameMax = 80;

const networkSchema = z.strictObject({
  format: z.literal('vouchsafe-network'),
  version: z.literal(NETWORK_FILE_VERSION),
  name: z.string().min(1).max(networkNameMax),
  development: z.boolean(),
  chain: z.strictObject({
    chainId: z.int().positive(),
    /** Hash of the genesis block, or null on an external EVM chain. */
    genesisHash: hexOf(32).nullable(),
    rpcUrls: z.array(serviceUrl).min(1).max(64),
    /** Blocks on top of a transaction's block before it counts as final: 0 where every block is final. */
    confirmations: z.int().min(0).max(1000),
  }),
  contracts: z.strictObject({
    entityRegistry: hexOf(20),
    dataRecords: hexOf(20),
    groth16Verifier: hexOf(20),
    sharingMarket: hexOf(20),
  }),
  pkg: z.strictObject({
    url: serviceUrl,
    enrolmentAddress: hexOf(20),
    parameters: anyHex,
    parametersHash: hexOf(32),
  }),
  proxies: z
    .array(z.strictObject({ index: z.int().min(1).max(proxiesMax), url: serviceUrl, signingKey: hexOf(32), messageKey: hexOf(32) }))
    .min(1)
    .max(proxiesMax)
    .refine((proxies) => proxies.every((proxy, position) => proxy.index === position + 1), 'proxies are numbered 1..n in order')
    .refine((proxies) => new Set(proxies.map(({ signingKey }) => signingKey)).size === proxies.length, 'proxies have keys of their own'),
  threshold: z.int().min(1).max(proxiesMax),
  templates: z.array(z.string().max(80)).min(1).max(64),
  circuits: z.record(z.string().max(80), circuit),
});

/** The contents of a network file. */
export type Network = z.infer<typeof networkSchema>;
/** One circuit of a network: what is fetched by hash, and the verifying key itself. */
export type NetworkCircuit = z.infer<typeof circuit>;

const fileSchema = z.strictObject({
  network: z.unknown(),
  signer: hexOf(32),
  signature: hexOf(64),
});

/** A network with the key that signed its file. */
export interface SignedNetwork {
  readonly network: Network;
  /** Ed25519 key of the network's operator. */
  readonly signer: Hex;
}

function signedBytes(network: unknown): Uint8Array {
  const text = canonicalize(network);
  assert(text !== undefined, 'a network has a canonical form');
  return utf8(`vouchsafe:network-file:1\n${text}`);
}

/** Checks `network` and signs it with the operator's Ed25519 secret key; gives the file's text. */
export function signNetworkFile(network: Network, secretKey: Uint8Array): string {
  const checked = networkSchema.parse(network);
  const signature = ed25519.sign(signedBytes(checked), secretKey);
  return `${JSON.stringify({ network: checked, signer: toHex(ed25519.getPublicKey(secretKey)), signature: toHex(signature) }, null, 2)}\n`;
}

/** Reads a network file. Refuses, by AppError, what is not one, is damaged, or is of a newer version. */
export function readNetworkFile(text: string): SignedNetwork {
  const refuse = (code: string, what: Sentence, remedy: Sentence): never => {
    throw new AppError(code, { what, consequence: 'Nothing was joined and nothing was changed.', remedy });
  };
  if (text.length > NETWORK_FILE_BYTES_MAX)
    refuse('NETWORK_FILE_MALFORMED', say`The file is far larger than a network file.`, say`Ask the operator for the network file.`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    refuse('NETWORK_FILE_MALFORMED', say`The file is not a network file (it is not JSON).`, say`Ask the operator for the network file.`);
  }
  const file = fileSchema.safeParse(parsed);
  if (!file.success)
    return refuse(
      'NETWORK_FILE_MALFORMED',
      say`The file is not a network file, or a part of it is missing.`,
      say`Ask the operator for the file again.`,
    );
  const version = z.object({ version: z.int() }).safeParse(file.data.network);
  if (version.success && version.data.version > NETWORK_FILE_VERSION)
    refuse(
      'NETWORK_FILE_NEWER_VERSION',
      say`The file has format version ${version.data.version}; this program knows up to ${NETWORK_FILE_VERSION}.`,
      say`Update Vouchsafe and join again.`,
    );
  if (!ed25519.verify(fromHex(file.data.signature), signedBytes(file.data.network), fromHex(file.data.signer), { zip215: false }))
    refuse(
      'NETWORK_FILE_SIGNATURE_INVALID',
      say`The signature of the network file does not fit its contents: it was changed after it was signed.`,
      say`Get the file again from the operator, over a way you trust.`,
    );
  const network = networkSchema.safeParse(file.data.network);
  if (!network.success)
    return refuse(
      'NETWORK_FILE_MALFORMED',
      say`The network file is signed, but not well-formed: ${z.prettifyError(network.error)}`,
      say`Ask the operator for a correct file.`,
    );
  if (network.data.threshold > network.data.proxies.length)
    refuse('NETWORK_FILE_MALFORMED', say`The network needs more proxies than it names.`, say`Ask the operator for a correct file.`);
  return { network: network.data, signer: file.data.signer };
}

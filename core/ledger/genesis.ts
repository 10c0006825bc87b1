/**
 * The genesis document: what all validators of a network agree on before the first block. Its hash is the
 * hash of the genesis block, whose parent hash covers every field of the document.
 * Layout: docs/formats.md, "Genesis document".
 */

import { RLP } from '@ethereumjs/rlp';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import { fromHex, type Hex, toBigEndian, toHex } from '../base/bytes.ts';
import { Encoder } from '../base/codec.ts';
import { say, sentenceOf } from '../base/sentence.ts';
import { groupMembersMax, groupsMax } from '../consensus/limits.ts';
import { type Block, blockHash } from './block.ts';
import { emptyTrieRoot, MerklePatriciaTrie } from './merkle-patricia-trie.ts';
import { listedValidatorSchema, type ValidatorList, validatorListFault, validatorListFormat } from './validators.ts';

const format = 'vouchsafe-genesis';
const version = 1;
const coinsMax = 2n ** 128n;

const address = z.string().regex(/^0x[0-9a-f]{40}$/, 'address of 20 bytes in lower-case hexadecimal');
const coins = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,38})$/, 'whole number of wei in decimal digits')
  .refine((text) => BigInt(text) < coinsMax, 'below 2^128');

/** Bytes of a contract's code (EIP-170). */
const codeBytesMax = 24_576;
const code = z
  .string()
  .regex(/^0x([0-9a-f]{2})+$/, "a contract's code in lower-case hexadecimal")
  .max(2 + 2 * codeBytesMax);

/** Highest id of a chain of our own. */
export const chainIdMax = 4_294_967_295;

const schema = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
  chainId: z.int().min(1).max(chainIdMax),
  timestamp: z.int().min(0).max(253_402_300_799),
  development: z.boolean(),
  alloc: z.record(address, z.strictObject({ balance: coins, code: code.optional() })),
  /** The account that may change the validators; null where nobody may. */
  operator: address.nullable(),
  /** The validators by group; none where a single proposer orders, which nothing but tests has. */
  validators: z
    .array(z.array(listedValidatorSchema).max(groupMembersMax))
    .max(groupsMax)
    .superRefine((validators, context) => {
      const fault = validators.length === 0 ? null : validatorListFault(validators);
      if (fault !== null) context.addIssue({ code: 'custom', message: fault });
    }),
});

/**
 * A genesis document. `timestamp` is in seconds since 1970-01-01 UTC, `alloc` gives accounts (lower-case
 * addresses) their coins in wei as decimal text and, where it is a contract, its code, `development` marks a network whose proving keys come
 * from a single-party set-up.
 */
export type GenesisDocument = z.infer<typeof schema>;

/** Builds a document; the fields are checked as when it is read. */
export function createGenesisDocument(fields: {
  chainId: number;
  timestampSeconds: number;
  development: boolean;
  /** Wei by address. */
  alloc: Readonly<Record<string, bigint>>;
  /** Code of contracts by address. */
  contracts?: Readonly<Record<Hex, Hex>>;
  /** By group. */
  validators?: ValidatorList;
  /** The account that may change them. */
  operator?: Hex;
}): GenesisDocument {
  const alloc: Record<string, { balance: string; code?: Hex }> = {};
  for (const [key, balance] of Object.entries(fields.alloc)) alloc[key.toLowerCase()] = { balance: balance.toString() };
  for (const [key, deployed] of Object.entries(fields.contracts ?? {})) alloc[key] = { balance: '0', ...alloc[key], code: deployed };
  return parseGenesisDocument({
    format,
    version,
    chainId: fields.chainId,
    timestamp: fields.timestampSeconds,
    development: fields.development,
    alloc,
    operator: fields.operator ?? null,
    validators: fields.validators ?? [],
  });
}

/** Checks a document that was read from a file or received. Errors: GENESIS_VERSION, GENESIS_INVALID. */
export function parseGenesisDocument(document: unknown): GenesisDocument {
  const stated = z.object({ format: z.literal(format), version: z.int() }).safeParse(document);
  if (stated.success && stated.data.version > version) {
    throw new AppError('GENESIS_VERSION', {
      what: say`The genesis document has format version ${stated.data.version}; this program reads version ${version}.`,
      consequence: 'The network cannot be joined with this program.',
      remedy: 'Install a newer version of Vouchsafe.',
    });
  }
  const result = schema.safeParse(document);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new AppError('GENESIS_INVALID', {
      what: say`The genesis document is not valid: ${issue === undefined ? sentenceOf('unreadable') : `${issue.path.join('.') || 'document'}: ${issue.message}`}.`,
      consequence: 'No ledger was opened and nothing was changed.',
      remedy: 'Get the genesis document of the network again from its operator.',
    });
  }
  return result.data;
}

/** An account of the genesis block. */
export interface GenesisAccount {
  readonly address: Uint8Array;
  readonly balance: bigint;
  /** Nothing where it is no contract. */
  readonly code: Uint8Array;
}

/** Accounts of the genesis block, ordered by address. */
export function genesisAccounts(document: GenesisDocument): GenesisAccount[] {
  return Object.entries(document.alloc)
    .map(([key, { balance, code }]) => ({ address: fromHex(key), balance: BigInt(balance), code: fromHex(code ?? '0x') }))
    .filter(({ balance, code }) => balance > 0n || code.length > 0)
    .sort((left, right) => (toHex(left.address) < toHex(right.address) ? -1 : 1));
}

/** The block at height 0. */
export function genesisBlock(document: GenesisDocument): Block {
  const trie = new MerklePatriciaTrie({ keccak256: keccak_256, read: () => undefined, root: emptyTrieRoot });
  for (const account of genesisAccounts(document)) {
    trie.set(keccak_256(account.address), RLP.encode([0, account.balance, emptyTrieRoot, keccak_256(account.code)]));
  }
  return {
    header: {
      chainId: document.chainId,
      height: 0,
      parentHash: toHex(keccak_256(encodeGenesisDocument(document))),
      epoch: 0,
      view: 0,
      timestampSeconds: document.timestamp,
      transactionsRoot: toHex(emptyTrieRoot),
      stateRoot: toHex(trie.commit().root),
      receiptsRoot: toHex(emptyTrieRoot),
      gasUsed: 0n,
      logsBloom: new Uint8Array(256),
    },
    transactions: [],
  };
}

/** Hash that names the network. */
export function genesisHash(document: GenesisDocument): Hex {
  return blockHash(genesisBlock(document).header, keccak_256);
}

function encodeGenesisDocument(document: GenesisDocument): Uint8Array {
  const accounts = Object.entries(document.alloc).sort(([left], [right]) => (left < right ? -1 : 1));
  const encoder = new Encoder()
    .text('vouchsafe:genesis:1')
    .uint(document.chainId, 8)
    .uint(document.timestamp, 8)
    .uint(document.development ? 1 : 0, 1)
    .uint(accounts.length, 4);
  for (const [key, { balance, code }] of accounts)
    encoder
      .fixed(fromHex(key), 20)
      .fixed(toBigEndian(BigInt(balance), 16), 16)
      .bytes(fromHex(code ?? '0x'));
  encoder.uint(document.operator === null ? 0 : 1, 1);
  if (document.operator !== null) encoder.fixed(fromHex(document.operator), 20);
  validatorListFormat.write(encoder, document.validators);
  return encoder.finish();
}

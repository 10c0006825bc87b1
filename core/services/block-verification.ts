/**
 * Checks why a block is final with nothing but the network's genesis document: whoever brings block and certificate is not trusted.
 * Layout of both: docs/formats.md.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { rbftCertificate } from '../adapters/consensus-ledger.ts';
import { rememberingVerifier } from '../adapters/node-ed25519.ts';
import { AppError } from '../base/app-error.ts';
import { decodeAs } from '../base/binary-format.ts';
import { type Hex, toHex } from '../base/bytes.ts';
import { DecodeError } from '../base/codec.ts';
import { type Sentence, say } from '../base/sentence.ts';
import { Committee } from '../consensus/committee.ts';
import { certificate as certificateFormat } from '../consensus/encoded-parts.ts';
import { type Certificate, isCertificate } from '../consensus/vote.ts';
import { type Block, blockHash, decodeBlock } from '../ledger/block.ts';
import { type GenesisDocument, genesisHash } from '../ledger/genesis.ts';
import { orderedTrieRoot } from '../ledger/merkle-patricia-trie.ts';
import { membershipOrderIn } from '../ledger/system-transactions.ts';
import { membersOf } from '../ledger/validators.ts';

/** A block as a validator hands it out. */
export interface CertifiedBytes {
  readonly block: Uint8Array;
  readonly certificate: { readonly kind: string; readonly votes: Uint8Array };
}

/** What was found to hold. */
export interface VerifiedBlock {
  readonly hash: Hex;
  readonly block: Block;
  readonly certificate: Certificate;
  /** Who decided in the block's epoch. */
  readonly committee: Committee;
  /** The keys that signed, by group of the certificate. */
  readonly signers: readonly { readonly group: number; readonly keys: readonly Hex[] }[];
}

/**
 * The members of the epochs, from those of the genesis document on: each epoch's last block, in their order, names those of the next one.
 * @throws AppError `BLOCK_NOT_VERIFIED`
 */
export function committeesOf(document: GenesisDocument, lastBlocks: readonly CertifiedBytes[]): Committee[] {
  const genesis = genesisHash(document);
  const committees = [new Committee(genesis, 0, membersOf(document.validators))];
  for (const [epoch, last] of lastBlocks.entries()) {
    const { header, transactions } = decodedBlock(last.block);
    verifyBlock(document, header.height, last, committees);
    const order = membershipOrderIn(transactions);
    if (header.epoch !== epoch || order === null) throw notVerified(header.height, say`it is not the last one of epoch ${epoch}`);
    committees.push(new Committee(genesis, epoch + 1, membersOf(order.validators)));
  }
  return committees;
}

/** Who hands out blocks; it need not be trusted. */
export interface BlockSource {
  certifiedBlock(height: number): Promise<CertifiedBytes | null>;
  /** The height of the block that an epoch began after; null for one that has not begun. */
  epochStart(epoch: number): Promise<number | null>;
}

/** The last blocks of the epochs before the one that a height is in, as far as the source tells: for {@link committeesOf}, which checks them. */
export async function lastBlocksBefore(source: BlockSource, height: number): Promise<CertifiedBytes[]> {
  const blocks: CertifiedBytes[] = [];
  let reached = 0;
  for (let epoch = 1; ; epoch++) {
    const start = await source.epochStart(epoch);
    // Epochs begin one after the other: a source that says otherwise is asked no further, and what it gave is checked.
    if (start === null || start <= reached || start >= height) return blocks;
    const last = await source.certifiedBlock(start);
    if (last === null) return blocks;
    reached = start;
    blocks.push(last);
  }
}

/** Checks the block at a height by the members of its epoch; those of later epochs come from {@link committeesOf}. @throws AppError `BLOCK_NOT_VERIFIED` */
export function verifyBlock(
  document: GenesisDocument,
  height: number,
  { block: bytes, certificate }: CertifiedBytes,
  committees: readonly Committee[] = committeesOf(document, []),
): VerifiedBlock {
  try {
    const block = decodeBlock(bytes);
    const { header, transactions } = block;
    const hash = blockHash(header, keccak_256);
    if (header.height !== height) throw notVerified(height, say`it is block ${header.height}`);
    if (header.chainId !== document.chainId) throw notVerified(height, say`it belongs to the chain ${header.chainId}`);
    if (header.transactionsRoot !== toHex(orderedTrieRoot(transactions, keccak_256)))
      throw notVerified(height, say`its transactions are not those that its header names`);
    if (certificate.kind !== rbftCertificate) throw notVerified(height, say`its certificate is of the kind "${certificate.kind}"`);
    const votes = decodeAs(certificateFormat, certificate.votes);
    const committee = committees[header.epoch];
    if (committee === undefined) throw notVerified(height, say`it is of epoch ${header.epoch}, whose members are not known`);
    if (votes.phase !== 'commit' || votes.height !== height || votes.blockHash !== hash)
      throw notVerified(height, say`its certificate is for another block`);
    if (!isCertificate(committee, rememberingVerifier(), votes))
      throw notVerified(height, say`its certificate does not hold the signatures of a quorum of groups`);
    const signers = votes.groups.map(({ group, signatures }) => ({
      group,
      keys: signatures.map(({ member }) => committee.nameOf(member)),
    }));
    return { hash, block, certificate: votes, committee, signers };
  } catch (error) {
    if (error instanceof DecodeError) throw notVerified(height, say`it cannot be read: ${error.message}`);
    throw error;
  }
}

function decodedBlock(bytes: Uint8Array): Block {
  try {
    return decodeBlock(bytes);
  } catch (error) {
    if (error instanceof DecodeError) throw notVerified(0, say`it cannot be read: ${error.message}`);
    throw error;
  }
}

function notVerified(height: number, reason: Sentence): AppError {
  return new AppError(
    'BLOCK_NOT_VERIFIED',
    {
      what: say`The block given for height ${height} is not shown to be final: ${reason}.`,
      consequence: 'Nothing that it says can be relied on.',
      remedy: 'Ask another validator, and check that the genesis document is that of the network.',
    },
    { data: { height } },
  );
}

/** Votes, certificates and statements made by hand for tests of the consensus, with real Ed25519. */
import type { Hex } from '../core/base/bytes.ts';
import { Committee, type MemberId } from '../core/consensus/committee.ts';
import { type Proposal, type ProposedBlock, proposalBytes } from '../core/consensus/proposal.ts';
import { type NewView, type ProvenStatement, type Statement, statementBytes } from '../core/consensus/view-change.ts';
import { type Ballot, type Certificate, type GroupVote, type MemberVote, type Phase, voteBytes } from '../core/consensus/vote.ts';
import { ed25519Keys } from './simulator/keys.ts';

export const { verify } = ed25519Keys;
export const genesisHash = hashOf(0);

/** A hash by number. */
export function hashOf(number: number): Hex {
  return `0x${number.toString(16).padStart(64, '0')}`;
}

export function committeeOf(groups: number, members: number, epoch = 0, genesis = genesisHash): Committee {
  return new Committee(
    genesis,
    epoch,
    Array.from({ length: groups }, (_, group) =>
      Array.from({ length: members }, (_, member) => ed25519Keys.publicKey(group * members + member)),
    ),
  );
}

export const signerOf = ed25519Keys.signerOf;

export function blockOf(number: number, height: number, view = 0, parentHash = genesisHash): ProposedBlock {
  return { hash: hashOf(number), height, parentHash, view, nextMembers: null, bytes: new Uint8Array([number]) };
}

export function memberVote(committee: Committee, member: MemberId, ballot: Ballot): MemberVote {
  const { phase, height, view, blockHash } = ballot;
  const signature = signerOf(member)(voteBytes(committee, committee.groupOf(member), ballot));
  return { phase, height, view, blockHash, member, signature };
}

export function groupVote(committee: Committee, group: number, ballot: Ballot, signers = committee.members(group)): GroupVote {
  const { phase, height, view, blockHash } = ballot;
  const signatures = signers
    .slice(0, committee.majority(group))
    .map((member) => ({ member, signature: memberVote(committee, member, ballot).signature }));
  return { phase, height, view, blockHash, group, signatures };
}

export function certificate(
  committee: Committee,
  phase: Phase,
  { height, view, blockHash }: Omit<Ballot, 'phase'>,
  groups = Array.from({ length: committee.quorum }, (_, group) => group),
): Certificate {
  const ballot = { phase, height, view, blockHash };
  return { ...ballot, groups: groups.map((group) => ({ group, signatures: groupVote(committee, group, ballot).signatures })) };
}

export function statement(
  committee: Committee,
  member: MemberId,
  newView: number,
  finalCertificate: Certificate | null,
  lockCertificate: Certificate | null,
  claims: Partial<Statement> = {},
): ProvenStatement {
  const unsigned = {
    member,
    newView,
    finalHeight: finalCertificate?.height ?? 0,
    finalHash: finalCertificate?.blockHash ?? genesisHash,
    lock: lockCertificate === null ? null : { view: lockCertificate.view, blockHash: lockCertificate.blockHash },
    ...claims,
  };
  const signature = signerOf(member)(statementBytes(committee, committee.groupOf(member), unsigned));
  return { statement: { ...unsigned, signature }, finalCertificate, lockCertificate };
}

export function proposal(committee: Committee, member: MemberId, height: number, view: number, blockHash: Hex): Proposal {
  const fields = { height, view, blockHash };
  return { ...fields, member, signature: signerOf(member)(proposalBytes(committee, fields)) };
}

/** The NEW-VIEW of statements by majorities of the first groups, unless others are named. */
export function newViewOf(view: number, proven: readonly ProvenStatement[], proofs: Partial<NewView> = {}): NewView {
  return { view, statements: proven.map(({ statement: said }) => said), finalCertificate: null, lockCertificate: null, ...proofs };
}

/** The first majority of each of the first groups that make a quorum. */
export function quorumOf(committee: Committee, groups = Array.from({ length: committee.quorum }, (_, group) => group)): MemberId[] {
  return groups.flatMap((group) => committee.members(group).slice(0, committee.majority(group)));
}

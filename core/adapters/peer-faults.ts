/** What goes wrong with one peer: nothing that stops a validator, and shown to its operator beside the peer. */
import { AppError } from '../base/app-error.ts';
import { type Sentence, say, sentenceOf } from '../base/sentence.ts';

const otherValidators = 'This validator goes on with the others.';
const texts = {
  PEER_UNREACHABLE: {
    what: 'The validator cannot be reached',
    consequence: say`${sentenceOf(otherValidators)} It is tried again and again.`,
    remedy: 'Check that it runs, that its address in the network file is right, and that no firewall is between.',
  },
  PEER_HUNG_UP: {
    what: 'The validator closed the connection before it had introduced itself',
    consequence: say`${sentenceOf(otherValidators)} It is tried again and again.`,
    remedy: 'It may be starting, or it may not know the key of this validator: compare the network files.',
  },
  PEER_LOST: {
    what: 'The connection to the validator was lost',
    consequence: say`${sentenceOf(otherValidators)} It is made again as soon as possible.`,
    remedy: 'If it stays so, check that the other validator runs.',
  },
  PEER_SILENT: {
    what: 'The validator says nothing any more',
    consequence: say`The connection was closed. ${sentenceOf(otherValidators)}`,
    remedy: 'If it stays so, check the other machine and the network between.',
  },
  PEER_HANDSHAKE_FAILED: {
    what: 'No secure connection came about',
    consequence: say`Nothing was sent or accepted. ${sentenceOf(otherValidators)}`,
    remedy: 'Check that the other side is a validator of this network; it must speak TLS 1.3.',
  },
  PEER_WRONG_KEY: {
    what: 'Somebody showed a key that is not that of a validator expected there',
    consequence: say`Nothing was sent or accepted. ${sentenceOf(otherValidators)}`,
    remedy: 'Compare the network files of both sides. If they are equal, somebody else is at this address.',
  },
  PEER_NO_CERTIFICATE: {
    what: 'Somebody connected without showing a key',
    consequence: say`Nothing was sent or accepted. ${sentenceOf(otherValidators)}`,
    remedy: 'If it was no validator, keep the port from strangers.',
  },
  PEER_OTHER_NETWORK: {
    what: 'The validator belongs to another network: its genesis is a different one',
    consequence: say`Nothing was sent or accepted. ${sentenceOf(otherValidators)}`,
    remedy: 'Give both validators the genesis document of the same network.',
  },
  PEER_OTHER_VERSION: {
    what: 'The validator speaks another version of the protocol',
    consequence: say`Nothing was sent or accepted. ${sentenceOf(otherValidators)}`,
    remedy: 'Install the same version of Vouchsafe on both machines.',
  },
  PEER_GARBAGE: {
    what: 'The validator sent what is no message',
    consequence: say`It is not listened to for a while. ${sentenceOf(otherValidators)}`,
    remedy: 'If it stays so, ask its operator: the program may be damaged, or another one.',
  },
  PEER_FLOOD: {
    what: 'The validator sent more than one validator may',
    consequence: say`It is not listened to for a while. ${sentenceOf(otherValidators)}`,
    remedy: 'If it stays so, ask its operator what it does.',
  },
  PEER_LIES: {
    what: 'The validator kept sending messages that are not what they say',
    consequence: say`It is not listened to for a while. ${sentenceOf(otherValidators)}`,
    remedy: 'Ask its operator: the machine may be in the hands of somebody else.',
  },
} satisfies Record<string, { what: string; consequence: Sentence; remedy: string }>;

export type PeerFaultCode = keyof typeof texts;
export type PeerFault = AppError<PeerFaultCode>;

/** A fault, with what is known of its reason. */
export function peerFault(code: PeerFaultCode, address: string, cause?: unknown): PeerFault {
  const reason = cause instanceof Error ? ('code' in cause && typeof cause.code === 'string' && cause.code) || cause.message : null;
  const { what, consequence, remedy } = texts[code];
  const said = sentenceOf(what);
  const text = { what: reason === null ? say`${said} (${address}).` : say`${said} (${address}, ${reason}).`, consequence, remedy };
  return new AppError(code, text, { data: { address, reason }, ...(cause === undefined ? {} : { cause }) });
}

/** Where a secret may stand, and why. Whatever is found elsewhere is a leak. */
import type { Hit } from './search.ts';

/** One kind of place. `file` is matched against the path under the folder of the run, `secret` against the name of the secret. */
export interface AllowedPlace {
  readonly file: RegExp;
  readonly secret: RegExp;
  readonly reason: string;
  /** Something must be found there: else the search, or what it searches, is not what it is taken for. */
  readonly mustHold?: true;
}

const anyReading = /^(a reading|readings) as /;
const realName = /^the (real name|contact) of /;

const groups = [1, 2, 3, 4].map(
  (group): AllowedPlace => ({
    file: new RegExp(`^cores/group-${group}$`),
    secret: new RegExp(`^the (consensus|transport|home) key of validator ${group}-\\d$`),
    reason: `group ${group} at work: the keys of its own validators`,
  }),
);

export const allowedPlaces: readonly AllowedPlace[] = [
  { file: /^data\.csv$/, secret: anyReading, reason: "the owner's own file, before it is imported" },
  { file: /^received\.csv$/, secret: anyReading, reason: 'what the consumer has paid for and saved as a file' },
  {
    file: /^owner\/datasets\/[0-9a-f]{64}\//,
    secret: anyReading,
    reason: "the owner's copy of its own data: a file like any other of this user, mode 0400 in a folder 0700",
  },
  {
    file: /^consumer\/received\/\d+\//,
    secret: /^(a reading|readings) as |^the seed of the dataset$/,
    reason: 'the received data, with the seed that recomputes its root: mode 0400 in a folder 0700',
  },
  {
    file: /^traffic\/PKG-\d+-request$/,
    secret: realName,
    reason: "the applicant's own application to the PKG; in clear on loopback only, since a service on any other address insists on TLS",
  },
  {
    file: /^traffic\/PKG-\d+-answer$/,
    secret: realName,
    reason:
      'the list of applications that the operator asked for under its signature, in order to decide; in clear on loopback only, as above',
  },
  {
    file: /^(traffic\/proxy-\d-\d+-(request|answer)|network\/proxy-\d\/proxy\.sqlite(-wal)?|cores\/proxy-\d)$/,
    secret: /^A1 of the dataset$/,
    reason:
      'K1 of every grant is A1, by the scheme: proxies and receiver have it; what keeps a key secret is A2, which is masked and shared',
  },
  {
    file: /^cores\/(PKG|proxy-\d|group-\d|story)$/,
    secret: /^the passphrase$/,
    reason: 'the process was given it to open its home, or the homes of its group',
  },
  {
    file: /^cores\/PKG$/,
    secret: /^(the (real name|contact|home key of the PKG|enrolment key)|[abc] of the master secret|A[12] of the )/,
    reason: 'the PKG at work: its master secret, its applicants, and the keys that it has made',
  },
  {
    file: /^cores\/proxy-1$/,
    secret: /^(the (signing|message|home) key of proxy 1|share 1 of K2)$/,
    reason: 'proxy 1 at work: its own keys and its own share',
  },
  {
    file: /^cores\/proxy-2$/,
    secret: /^(the (signing|message|home) key of proxy 2|share 2 of K2)$/,
    reason: 'proxy 2 at work: its own keys and its own share',
  },
  {
    file: /^cores\/proxy-3$/,
    secret: /^(the (signing|message|home) key of proxy 3|share 3 of K2)$/,
    reason: 'proxy 3 at work: its own keys and its own share',
  },
  ...groups,
  {
    file: /^cores\/story$/,
    secret: /(of the (owner|consumer|operator|dataset|receiver)|readings? as \w+|^the (network|decision|treasury|data-encryption) key|K2)$/,
    reason:
      'the process of this harness that plays owner, consumer and operator: it holds what those three hold, and nothing of PKG, proxies or validators',
  },
];

/** The place that makes a hit no leak, if there is one. */
export function placeOf({ pattern }: Hit, file: string, places = allowedPlaces): AllowedPlace | undefined {
  return places.find((allowed) => allowed.file.test(file) && allowed.secret.test(pattern.secret.name));
}

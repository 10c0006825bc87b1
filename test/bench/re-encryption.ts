/**
 * Encapsulate, one proxy's fragment, and opening 2 of 3 fragments: on noble, on mcl, and beside Umbral
 * (@nucypher/umbral-pre, another threshold proxy re-encryption, over secp256k1 and without identities or pairings). Rounds
 * take turns, so that a busy machine is busy for all. Prints the median and the spread of each in milliseconds of processor time.
 * Usage: re-encryption.ts [rounds]
 */
import {
  type Capsule,
  decryptReencrypted,
  encrypt,
  generateKFrags,
  reencrypt,
  SecretKey,
  Signer,
  type VerifiedKeyFrag,
} from '@nucypher/umbral-pre';
import { assert } from '../../core/base/assert.ts';
import { encapsulate } from '../../core/crypto/identity-encryption.ts';
import { createMclEngine } from '../../core/crypto/mcl-engine.ts';
import { createNobleEngine } from '../../core/crypto/noble-engine.ts';
import type { PairingEngine } from '../../core/crypto/pairing-engine.ts';
import { createFragment, open } from '../../core/crypto/re-encryption.ts';
import { deliveryOf, fragmentsOf, grantOf, network } from '../sharing-scene.ts';

const rounds = Number(process.argv[2] ?? 15);
const threshold = 2;
const proxies = 3;

interface Candidate {
  readonly name: string;
  readonly steps: Readonly<Record<string, () => void>>;
}

function ours(engine: PairingEngine): Candidate {
  const net = network(engine, `bench-${engine.name}`);
  const dataset = net.dataset(1);
  const { grantContext, grant, shares } = grantOf(net, dataset, 1n, threshold, proxies);
  const delivery = deliveryOf(
    net,
    dataset,
    grantContext,
    grant,
    fragmentsOf(net, grantContext, grant, shares.slice(0, threshold), dataset.header),
  );
  const receiverKey = net.keyOf(grantContext.receiverIdentity);
  const [share] = shares;
  assert(share !== undefined, 'there is a share');
  return {
    name: `vouchsafe on ${engine.name}`,
    steps: {
      encapsulate: () => void encapsulate(engine, net.publicParameters, dataset.sourceContext, net.random),
      'one fragment with its proof': () =>
        void createFragment(engine, net.publicParameters, grantContext, grant, share, dataset.header, net.random),
      'open 2 of 3, every check': () => assert(open(engine, net.publicParameters, receiverKey, delivery).opened, 'the delivery opens'),
    },
  };
}

function umbral(): Candidate {
  const [owner, receiver, signer] = [SecretKey.random(), SecretKey.random(), new Signer(SecretKey.random())];
  const plaintext = new Uint8Array(32).fill(7);
  const [capsule, ciphertext] = encrypt(owner.publicKey(), plaintext) as [Capsule, Uint8Array];
  const keys = generateKFrags(owner, receiver.publicKey(), signer, threshold, proxies, true, true) as VerifiedKeyFrag[];
  const fragments = () => keys.slice(0, threshold).map((key) => reencrypt(capsule, key).unverify());
  const [key] = keys;
  assert(key !== undefined, 'there is a key fragment');
  let ready = fragments();
  return {
    name: 'umbral-pre',
    steps: {
      encapsulate: () => void encrypt(owner.publicKey(), plaintext),
      'one fragment with its proof': () => void reencrypt(capsule, key),
      'open 2 of 3, every check': () => {
        const verified = ready.map((fragment) => fragment.verify(capsule, signer.verifyingKey(), owner.publicKey(), receiver.publicKey()));
        assert(decryptReencrypted(receiver, owner.publicKey(), capsule, verified, ciphertext).length === 32, 'the capsule opens');
        ready = fragments();
      },
    },
  };
}

function processorMs(step: () => void): number {
  const before = process.cpuUsage();
  step();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const candidates = [ours(createNobleEngine()), ours(await createMclEngine()), umbral()];
const measured = new Map<string, number[]>();
// The first rounds let the compiler finish and are not counted.
for (let round = -5; round < rounds; round++) {
  for (const { name, steps } of candidates) {
    for (const [step, run] of Object.entries(steps)) {
      const ms = processorMs(run);
      if (round >= 0) measured.set(`${step}|${name}`, [...(measured.get(`${step}|${name}`) ?? []), ms]);
    }
  }
}
process.stdout.write(`median (least to most) of ${rounds} rounds, milliseconds of processor time\n`);
for (const step of Object.keys(candidates[0]?.steps ?? {})) {
  process.stdout.write(`${step}\n`);
  for (const { name } of candidates) {
    const sorted = (measured.get(`${step}|${name}`) ?? []).sort((left, right) => left - right);
    const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN).toFixed(1);
    process.stdout.write(`  ${name.padEnd(22)} ${at(0.5).padStart(7)}  (${at(0)} to ${at(1)})\n`);
  }
}

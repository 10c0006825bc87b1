/** The section on cryptography of docs/formats.md, by its known answers; on both engines. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fromHex, type Hex, toHex } from '../../core/base/bytes.ts';
import {
  decodeGrantContext,
  decodeSourceContext,
  encodeGrantContext,
  encodeSourceContext,
  type GrantContext,
  type SourceContext,
} from '../../core/crypto/context.ts';
import { encapsulateElement } from '../../core/crypto/identity-encryption.ts';
import { encodeScalar, toScalar } from '../../core/crypto/scalar.ts';
import {
  commitmentOf,
  fragmentOf,
  type IdentityKey,
  identityKeyOf,
  type MasterSecret,
  publicParametersOf,
  sharesOf,
} from '../../core/crypto/scheme-algebra.ts';
import {
  encodeFragment,
  encodeGrant,
  encodeHeader,
  encodeIdentityKey,
  encodeMasterSecret,
  encodeProxyShare,
  encodePublicParameters,
  type Grant,
} from '../../core/crypto/scheme-encodings.ts';
import {
  challengeOf,
  grantHash,
  hashTags,
  headerHash,
  identityScalar,
  keyOf,
  maskOf,
  publicParametersHash,
  randomnessOf,
} from '../../core/crypto/scheme-hashes.ts';
import { engines } from '../pairing-engines.ts';

const answers = JSON.parse(readFileSync(new URL('formats-crypto.json', import.meta.url), 'utf8'));
const { inputs } = answers;
const scalar = (value: number) => toScalar(BigInt(value));

const { chainId: sourceChain, plaintextLength, ...sourceFields } = answers.sourceContext.fields;
const sourceContext: SourceContext = { ...sourceFields, chainId: BigInt(sourceChain), plaintextLength: BigInt(plaintextLength) };
const { chainId: grantChain, offerId, ...grantFields } = answers.grantContext.fields;
const grantContext: GrantContext = { ...grantFields, chainId: BigInt(grantChain), offerId: BigInt(offerId) };

test('tags', () => {
  expect(hashTags).toEqual(answers.tags);
  const formats = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');
  for (const tag of Object.values(hashTags)) expect(formats).toContain(`\`${tag}\``);
});

test('identities', () => {
  for (const { text, scalar: expected } of [answers.ownerIdentity, answers.receiverIdentity]) {
    expect(toHex(encodeScalar(identityScalar(text)))).toBe(expected);
  }
});

test('contexts', () => {
  expect(toHex(encodeSourceContext(sourceContext))).toBe(answers.sourceContext.encoded);
  expect(decodeSourceContext(fromHex(answers.sourceContext.encoded))).toEqual(sourceContext);
  expect(toHex(encodeGrantContext(grantContext))).toBe(answers.grantContext.encoded);
  expect(decodeGrantContext(fromHex(answers.grantContext.encoded))).toEqual(grantContext);
});

describe.each(engines)('on $name', (engine) => {
  const secret: MasterSecret = { a: scalar(inputs.a), b: scalar(inputs.b), c: scalar(inputs.c) };
  const parameters = publicParametersOf(engine, secret);
  const [source, granted] = [encodeSourceContext(sourceContext), encodeGrantContext(grantContext)];
  const [m, x] = [inputs.m, inputs.x].map((text: string) => engine.powerGt(engine.gt, scalar(Number(text.split('^')[1])))) as [
    typeof engine.gt,
    typeof engine.gt,
  ];
  const header = encapsulateElement(engine, parameters, sourceContext.ownerIdentity, m, source);
  const identityKey = identityKeyOf(engine, secret, identityScalar(sourceContext.ownerIdentity), scalar(inputs.t)) as IdentityKey;
  const mask = maskOf(engine, x, granted);
  const shares = sharesOf(engine, engine.addG2(identityKey.a2, mask), [scalar(inputs.f1)], inputs.proxies.length);
  const grant: Grant = {
    threshold: inputs.threshold,
    proxies: inputs.proxies.map((key: Hex) => fromHex(key)),
    k1: identityKey.a1,
    commitments: shares.map((share) => commitmentOf(engine, share)),
    receiverHeader: encapsulateElement(engine, parameters, grantContext.receiverIdentity, x, granted),
  };
  const share = shares[inputs.index - 1] as (typeof shares)[number];

  test('parameters and keys', () => {
    expect(toHex(encodeMasterSecret(secret))).toBe(answers.masterSecret);
    expect(toHex(encodePublicParameters(engine, parameters))).toBe(answers.publicParameters);
    expect(toHex(publicParametersHash(engine, parameters))).toBe(answers.publicParametersHash);
    expect(toHex(encodeIdentityKey(engine, identityKey))).toBe(answers.identityKey);
  });

  test('header: H3, H4 and its hash', () => {
    expect(toHex(engine.encodeGt(m))).toBe(answers.m);
    expect(toHex(encodeScalar(randomnessOf(engine, m, source)))).toBe(answers.randomness);
    expect(toHex(keyOf(engine, m, source))).toBe(answers.key);
    expect(toHex(encodeHeader(engine, header))).toBe(answers.header);
    expect(toHex(headerHash(engine, sourceContext, header))).toBe(answers.headerHash);
  });

  test('grant: H2 and its hash', () => {
    expect(toHex(engine.encodeGt(x))).toBe(answers.x);
    expect(toHex(engine.encodeG2(mask))).toBe(answers.mask);
    expect(toHex(encodeGrant(engine, grant))).toBe(answers.grant);
    expect(toHex(grantHash(engine, grantContext, grant))).toBe(answers.grantHash);
    expect(toHex(encodeProxyShare(engine, { index: inputs.index, share }))).toBe(answers.share);
  });

  test('fragment and its challenge', () => {
    const { respond, ...claim } = fragmentOf(engine, header.c2, share, scalar(inputs.y));
    const statement = { index: inputs.index, ...claim };
    const commitment = grant.commitments[inputs.index - 1] as typeof engine.gt;
    const challenge = challengeOf(engine, parameters, grantContext, commitment, statement);
    expect(toHex(encodeScalar(challenge))).toBe(answers.challenge);
    expect(toHex(encodeFragment(engine, { ...statement, s: respond(challenge) }))).toBe(answers.fragment);
  });
});

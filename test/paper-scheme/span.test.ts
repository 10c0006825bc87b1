/**
 * Generic attackers against the repaired scheme: they see group elements as black boxes, so all they can
 * compute in GT are products of pairings and of elements of GT, to known powers. Such a product equals
 * the target for every choice of the secrets only if the target's exponent is in the span of the known
 * exponents. Exponents are drawn at random many times over; a target outside of the span of these rows
 * is out of reach, up to a chance of about 2^-240. (Hashes are random and independent here.)
 */
import { expect, test } from 'vitest';
import { addScalars, divideScalars, multiplyScalars, randomScalar, type Scalar, toScalar } from '../../core/crypto/scalar.ts';
import { seededRandom } from '../seeded-random.ts';

const random = seededRandom('generic attackers');
const draw = () => randomScalar(random);
const add = addScalars;
const times = multiplyScalars;

/** Exponents that the attacker holds, by group, and the exponent of the element that it wants. */
interface World {
  readonly g1: Scalar[];
  readonly g2: Scalar[];
  readonly gt: Scalar[];
  target: Scalar;
}

const rowOf = ({ g1, g2, gt, target }: World) => [...g1.flatMap((left) => g2.map((right) => times(left, right))), ...gt, target];

/** Whether one combination of the columns gives the target in every world. */
function isInReach(world: () => World): boolean {
  const width = rowOf(world()).length - 1;
  const rows = Array.from({ length: width + 8 }, () => rowOf(world()));
  let rank = 0;
  for (let column = 0; column < width; column++) {
    const pivot = rows.findIndex((row, at) => at >= rank && row[column] !== 0n);
    if (pivot < 0) continue;
    const lead = rows[pivot] as Scalar[];
    rows[pivot] = rows[rank] as Scalar[];
    rows[rank] = lead;
    for (const row of rows.slice(rank + 1)) {
      if (row[column] === 0n) continue;
      const factor = toScalar(-divideScalars(row[column] as Scalar, lead[column] as Scalar));
      for (let at = column; at <= width; at++) row[at] = add(row[at] as Scalar, times(factor, lead[at] as Scalar));
    }
    rank++;
  }
  return rows.slice(rank).every((row) => row[width] === 0n);
}

const identities = { victim: 11n, other: 13n, first: 17n, second: 19n, mine: 23n, mineToo: 29n };
type Name = keyof typeof identities;

/** The public parameters and headers, and what a leak or a grant adds to them. */
function network() {
  const [a, b, c] = [draw(), draw(), draw()];
  const exponent = (name: Name) => add(a, times(b, toScalar(identities[name])));
  const world: World = { g1: [toScalar(1n), a, b], g2: [toScalar(1n)], gt: [c], target: toScalar(0n) };
  const key = (name: Name) => {
    const t = draw();
    return { a1: divideScalars(add(c, t), exponent(name)), a2: t };
  };
  const leak = (...keys: { a1: Scalar; a2: Scalar }[]) => world.g2.push(...keys.flatMap(({ a1, a2 }) => [a1, a2]));
  const header = (name: Name) => {
    const [m, r] = [draw(), draw()];
    world.g1.push(r, times(r, exponent(name)));
    world.gt.push(add(m, times(c, r)));
    return { m, r };
  };
  /** 2 of 3: publishes K1, W and R, and gives the attacker `shares` shares, `fragments` fragments of `source`, and the mask if it can open R. */
  const grant = (
    owner: { a1: Scalar; a2: Scalar },
    source: { r: Scalar },
    to: Name,
    has: { shares?: number; fragments?: number; mask?: boolean },
  ) => {
    const [mask, slope] = [draw(), draw()];
    const shares = [1n, 2n, 3n].map((index) => add(add(owner.a2, mask), times(slope, toScalar(index))));
    world.g2.push(owner.a1, ...shares.slice(0, has.shares ?? 0), ...(has.mask ? [mask] : []));
    world.gt.push(...shares, ...shares.slice(0, has.fragments ?? 0).map((share) => times(source.r, share)));
    return { x: header(to).m };
  };
  return { world, key, leak, header, grant };
}

type Network = ReturnType<typeof network>;
const reach = (play: (net: Network) => Scalar) =>
  isInReach(() => {
    const net = network();
    net.world.target = play(net);
    return net.world;
  });

test('the method sees what is in reach: a key, a full delivery, and old shares on a new header', () => {
  expect(
    reach(({ key, leak, header }) => {
      const { m } = header('victim');
      leak(key('victim'));
      return m;
    }),
  ).toBe(true);
  const delivered = (fragments: number, shares: number, renewed: boolean) =>
    reach(({ key, header, grant, leak }) => {
      const source = header('victim');
      leak(key('first'));
      grant(key('victim'), source, 'first', { fragments, shares, mask: true });
      return renewed ? header('victim').m : source.m;
    });
  expect(delivered(2, 0, false)).toBe(true);
  expect(delivered(0, 2, false)).toBe(true);
  expect(delivered(0, 2, true)).toBe(true);
  expect(delivered(3, 1, true)).toBe(false);
  expect(delivered(1, 1, false)).toBe(false);
});

test('1 and 2: keys of other identities, and two keys of one, open no header', () => {
  expect(
    reach(({ key, leak, header }) => {
      const { m } = header('victim');
      leak(key('mine'), key('mine'), key('mineToo'));
      return m;
    }),
  ).toBe(false);
});

test('3: whole re-encryption keys of others, with their masks, open no header of a third', () => {
  expect(
    reach(({ key, leak, header, grant }) => {
      const { m } = header('victim');
      const source = header('other');
      leak(key('first'), key('second'));
      const owner = key('other');
      grant(owner, source, 'first', { shares: 3, fragments: 3, mask: true });
      grant(owner, source, 'second', { shares: 3, mask: true });
      return m;
    }),
  ).toBe(false);
});

test('4: two grants of one source with all shares, and no key of a receiver, open neither header nor X', () => {
  for (const wanted of ['m', 'x'] as const) {
    expect(
      reach(({ key, leak, header, grant }) => {
        const source = header('victim');
        const owner = key('victim');
        leak(key('mine'));
        const { x } = grant(owner, source, 'first', { shares: 3, fragments: 1 });
        grant(owner, source, 'second', { shares: 3 });
        return wanted === 'm' ? source.m : x;
      }),
    ).toBe(false);
  }
});

test('one proxy with a receiver, over two grants of the same source, is still too few', () => {
  expect(
    reach(({ key, leak, header, grant }) => {
      const source = header('victim');
      const owner = key('victim');
      leak(key('first'));
      grant(owner, source, 'first', { shares: 1, mask: true });
      grant(owner, source, 'second', { shares: 1 });
      return source.m;
    }),
  ).toBe(false);
});

test('why KeyGen draws t: two keys that share the exponent of A1 open every header', () => {
  expect(
    isInReach(() => {
      const [a, b, c, r, m, shared] = [draw(), draw(), draw(), draw(), draw(), draw()];
      const exponent = (name: Name) => add(a, times(b, toScalar(identities[name])));
      const keys = (['mine', 'mineToo'] as const).flatMap((name) => [shared, add(times(shared, exponent(name)), toScalar(-c))]);
      return {
        g1: [toScalar(1n), a, b, r, times(r, exponent('victim'))],
        g2: [toScalar(1n), ...keys],
        gt: [c, add(m, times(c, r))],
        target: m,
      };
    }),
  ).toBe(true);
});

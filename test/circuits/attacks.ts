/**
 * Attacks on each kind of constraint in the circuits' sources: what a dishonest prover would choose if that one constraint were missing. An attack
 * that another constraint catches is harmless to try; `AttackedCircuit` tells.
 */
import { FIELD_ORDER } from '../../core/dataset/constants.ts';
import { inverse, modulo } from './constraint-values.ts';
import type { Attack, AttackedCircuit } from './false-witness.ts';

/** Any number that no honest witness holds. */
const STRANGE = 123456789012345678901234567890n;

/** Attacks on one constraint of the source, the likeliest first. */
export function* attacksOn(circuit: AttackedCircuit, target: number): Generator<Attack> {
  const signals = circuit.signalsOf(target);
  const result = circuit.resultOf(target);
  const [own = ''] = signals;
  if (result !== undefined) {
    // Of a square the negative root leaves its square, and so all the rest, as it is.
    if (signals.length === 2) yield { [result]: modulo(-circuit.honest(result)) };
    yield { [result]: modulo(circuit.honest(result) + 1n) };
    yield { [result]: modulo(circuit.honest(result) - 1n) };
    yield* unmatchedKeyword(result);
  }
  const bit = /^(.*\.out)\[(\d+)\]$/.exec(own);
  if (bit !== null) yield* shiftedBits(circuit, bit[1] as string, Number(bit[2]));
  const part = signals.find((name) => /\.parts\[\d+\]$/.test(name));
  if (part !== undefined) yield { [part]: STRANGE };
  const hot = /^(.*\.hot)\[(\d+)\]$/.exec(own);
  if (hot !== null) yield* threeHotBits(circuit, hot[1] as string, Number(hot[2]));
  const end = signals.map((name) => /^(.*)\.end\[(\d+)\]$/.exec(name)).find((match) => match !== null);
  if (end) yield* brokenPrefix(circuit, end[1] as string, Number(end[2]));
  if (own === 'R') yield { R: 2n };
  if (own === 'timeUsed') {
    yield { timeUsed: 2n };
    yield { timeUsed: 2n, timeTo: (1n << 64n) + (1n << 63n), timeFrom: 1n << 63n, minSpan: 1n << 63n };
  }
  yield* paddingTime(circuit, signals);
  yield* requirementRules(circuit, signals);
  // The result stays and what it is made of changes.
  for (const name of signals) {
    if (name === result) continue;
    yield { [name]: modulo(circuit.honest(name) + 1n), ...(result === undefined ? {} : { [result]: circuit.honest(result) }) };
  }
}

/** A keyword that is no tag, made one by a product that is 0 all the same. */
function* unmatchedKeyword(result: string): Generator<Attack> {
  const distance = /^distance\[(\d+)\]\[\d+\]$/.exec(result);
  if (distance !== null) yield { [`keywords[${distance[1]}]`]: STRANGE, [result]: 0n };
}

/** A bit that is not one, with another bit that makes up for it: the number is the same. */
function* shiftedBits(circuit: AttackedCircuit, array: string, index: number): Generator<Attack> {
  let length = 0;
  while (circuit.has(`${array}[${length}]`)) length++;
  const bits = Array.from({ length }, (_, at) => circuit.honest(`${array}[${at}]`));
  const all = Object.fromEntries(bits.map((value, at) => [`${array}[${at}]`, value]));
  const half = inverse(2n);
  const powerOf = (exponent: number): bigint => {
    let value = 1n;
    for (let step = 0; step < Math.abs(exponent); step++) value = modulo(value * (exponent < 0 ? half : 2n));
    return value;
  };
  const order = Array.from({ length }, (_, at) => at).filter((at) => at !== index);
  // Taking a set bit above down first: then everything stays a small non-negative number.
  order.sort(
    (left, right) =>
      Number(right > index) - Number(left > index) || Number(bits[right] as bigint) - Number(bits[left] as bigint) || left - right,
  );
  for (const other of order.slice(0, 3)) {
    const change = bits[other] === 1n ? powerOf(other - index) : -powerOf(other - index);
    yield {
      ...all,
      [`${array}[${other}]`]: 1n - (bits[other] as bigint),
      [`${array}[${index}]`]: modulo((bits[index] as bigint) + change),
    };
  }
}

/** Two other places are chosen too, and this one takes their surplus back. */
function* threeHotBits(circuit: AttackedCircuit, array: string, index: number): Generator<Attack> {
  const others: number[] = [];
  for (let at = 0; circuit.has(`${array}[${at}]`); at++) if (at !== index && circuit.honest(`${array}[${at}]`) === 0n) others.push(at);
  const [first, second] = others as [number, number];
  const own = circuit.honest(`${array}[${index}]`);
  if (own === 1n) yield { [`${array}[${index}]`]: FIELD_ORDER - 1n, [`${array}[${first}]`]: 1n, [`${array}[${second}]`]: 1n };
  else yield { [`${array}[${index}]`]: FIELD_ORDER - 1n, [`${array}[${first}]`]: 1n };
}

/** A prefix with a hole: it falls twice and rises once, at `index`. */
function* brokenPrefix(circuit: AttackedCircuit, prefix: string, index: number): Generator<Attack> {
  let length = 0;
  while (circuit.has(`${prefix}.active[${length}]`)) length++;
  for (let second = length; second >= 1; second--) {
    for (let first = second - 1; first >= 1; first--) {
      if (first === index || second === index) continue;
      const falls = Array.from({ length: length + 1 }, (_, place) =>
        place === index ? -1n : place === first || place === second ? 1n : 0n,
      );
      const active = Array.from({ length }, (_, place) => falls.slice(place + 1).reduce<bigint>((sum, fall) => sum + fall, 0n));
      const attack: Record<string, bigint> = {};
      for (let place = 1; place < length; place++) attack[`${prefix}.active[${place}]`] = modulo(active[place] as bigint);
      yield { ...attack, ...(circuit.has('times[0]') ? fittingTimes(active, falls) : fittingSegments(length)) };
    }
  }
}

/** Times that satisfy every other rule of a broken prefix of rows: the smallest that no gap makes negative. */
function fittingTimes(active: readonly bigint[], falls: readonly bigint[]): Record<string, bigint> {
  const times = [2n];
  for (let row = 1; row < active.length; row++) {
    const before = times[row - 1] as bigint;
    const next = before + (active[row] as bigint) - (falls[row] as bigint) * before;
    times.push(next < 0n ? 0n : next);
  }
  return Object.fromEntries(times.map((time, row) => [`times[${row}]`, modulo(time)]));
}

/** Segments that satisfy every other rule of a broken prefix of segments: times one apart, nothing asked of means and span. */
function fittingSegments(length: number): Record<string, bigint> {
  const attack: Record<string, bigint> = {
    timeFrom: 2n,
    timeTo: (1n << 64n) - 1n,
    minSpan: 0n,
    minRows: 1n,
    'meanLo[0]': 0n,
    'meanHi[0]': 65535n,
  };
  for (let segment = 0; segment < length; segment++) {
    attack[`firstTime[${segment}]`] = BigInt(10 + segment);
    attack[`lastTime[${segment}]`] = BigInt(10 + segment);
    attack[`sum[${segment}][0]`] = 0n;
  }
  return attack;
}

/** A time in the last row although that row is not there. */
function* paddingTime(circuit: AttackedCircuit, signals: readonly string[]): Generator<Attack> {
  const time = signals.find((name) => /^ascending\.times\[\d+\]$/.test(name));
  if (time !== undefined) yield { [time.replace('ascending.', '')]: circuit.honest(time) + 5n };
}

/** The rules of requirement.circom. */
function* requirementRules(circuit: AttackedCircuit, signals: readonly string[]): Generator<Attack> {
  const has = (name: string): boolean => signals.includes(name);
  const large = 1n << 64n;
  if (has('is32') && has('is64')) yield { is32: 1n, is64: 1n, ...bounds(circuit, 1n << 40n) };
  else if (has('is32') && signals.length === 1) yield { is32: 2n, ...bounds(circuit, 100_000n) };
  else if (has('is64') && signals.length === 1) yield { is64: 2n, is32: 0n, ...bounds(circuit, large + (large >> 1n)) };
  const used = signals.map((name) => /^used\[(\d+)\]$/.exec(name)).filter((match) => match !== null);
  if (used.length === 2) {
    const slot = Math.max(...used.map((match) => Number(match[1])));
    yield { ...slotsInUse((at) => (at === slot || at < slot - 1 ? 1n : 0n)) };
  }
  const slot = signals.map((name) => /^slots\[(\d+)\]\[0\]$/.exec(name)).find((match) => match !== null);
  if (slot) yield { [`slots[${slot[1]}][0]`]: STRANGE };
  const keyword = signals
    .map((name) => /^(?:keywords|given)\[(\d+)\]$/.exec(name))
    .filter((match) => match !== null)
    .map((match) => Number(match[1]));
  if (keyword.length > 0 && circuit.has('keywordInverse[0]')) {
    const last = Math.max(...keyword);
    yield { [`keywordInverse[${last}]`]: 0n };
    yield { [`keywords[${last - 1}]`]: 0n, [`keywordInverse[${last - 1}]`]: 0n };
  }
}

/** Bounds of every used slot at and around `hi`, two steps of less than 2^64 above 2. */
function bounds(circuit: AttackedCircuit, hi: bigint): Record<string, bigint> {
  const attack: Record<string, bigint> = {};
  for (let slot = 0; slot < 4; slot++) {
    if (circuit.honest(`used[${slot}]`) === 0n) continue;
    attack[`slots[${slot}][1]`] = 2n;
    attack[`slots[${slot}][3]`] = hi / 2n;
    attack[`meanHi[${slot}]`] = hi / 2n;
    attack[`slots[${slot}][2]`] = hi;
  }
  return attack;
}

/** Slots in use as given, with columns and bounds that satisfy every other rule. */
function slotsInUse(use: (slot: number) => bigint): Record<string, bigint> {
  const attack: Record<string, bigint> = {};
  const columns = [0, 1, 2, 3].map((slot) => (use(slot) === 0n ? 0n : STRANGE + BigInt(slot)));
  for (let slot = 0; slot < 4; slot++) {
    const column = columns[slot] as bigint;
    if (slot > 0) attack[`used[${slot}]`] = use(slot);
    attack[`slots[${slot}][0]`] = column;
    attack[`inverse[${slot}]`] = column === 0n ? 0n : modulo(use(slot) * inverse(column));
    attack[`slots[${slot}][1]`] = column === 0n ? 0n : 4n;
    attack[`slots[${slot}][3]`] = column === 0n ? 0n : 5n;
    attack[`slots[${slot}][2]`] = column === 0n ? 0n : 7n;
    attack[`meanHi[${slot}]`] = column === 0n ? 0n : 6n;
    for (let before = 0; before < slot; before++) {
      const distance = modulo((columns[before] as bigint) - column);
      attack[`difference[${before}][${slot}]`] = distance === 0n ? 0n : modulo(use(slot) * inverse(distance));
    }
  }
  return attack;
}

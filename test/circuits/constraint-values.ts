/**
 * Constraints over a witness that changes in a few wires and is set back again: which constraints break, and the value that a constraint gives one
 * of its wires. Equal linear combinations are kept once and evaluated once for each state of the witness.
 */
import type { ConstraintSystem, LinearCombination } from '../../circuits/r1cs.ts';
import { FIELD_ORDER } from '../../core/dataset/constants.ts';

interface Combination {
  readonly wires: readonly number[];
  readonly coefficients: readonly bigint[];
}

/** value mod r, never negative. */
export function modulo(value: bigint): bigint {
  const rest = value % FIELD_ORDER;
  return rest < 0n ? rest + FIELD_ORDER : rest;
}

/** 1 / value mod r by the extended Euclidean algorithm; value is not 0. */
export function inverse(value: bigint): bigint {
  let [a, b, x, y] = [modulo(value), FIELD_ORDER, 1n, 0n];
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return modulo(x);
}

/** A constraint system with an honest witness and a changed one. */
export class ConstraintValues {
  readonly count: number;
  /** Constraints in which a wire occurs. */
  readonly users: readonly (readonly number[])[];
  readonly #honest: readonly bigint[];
  readonly #values: bigint[];
  readonly #changed: number[] = [];
  readonly #combinations: Combination[] = [];
  /** Three combinations a constraint: a, b and c. */
  readonly #sides: Int32Array;
  readonly #known: (bigint | undefined)[] = [];
  readonly #knownIn: number[] = [];
  #state = 0;

  constructor(system: ConstraintSystem, honest: readonly bigint[]) {
    this.count = system.constraints.length;
    this.#honest = honest;
    this.#values = [...honest];
    this.#sides = new Int32Array(3 * this.count);
    const ids = new Map<string, number>();
    const users: number[][] = honest.map(() => []);
    const intern = (side: LinearCombination): number => {
      const key = `${side.wires.join()}|${side.coefficients.join()}`;
      const known = ids.get(key);
      if (known !== undefined) return known;
      // Coefficients near the order stand for small negative numbers, and multiply faster as such.
      const coefficients = side.coefficients.map((coefficient) =>
        coefficient > FIELD_ORDER / 2n ? coefficient - FIELD_ORDER : coefficient,
      );
      const id = this.#combinations.push({ wires: [...side.wires], coefficients }) - 1;
      ids.set(key, id);
      return id;
    };
    for (const [index, { a, b, c }] of system.constraints.entries()) {
      this.#sides.set([intern(a), intern(b), intern(c)], 3 * index);
      for (const wire of new Set([...a.wires, ...b.wires, ...c.wires])) users[wire]?.push(index);
    }
    this.users = users;
  }

  /** The value of a wire now. */
  value(wire: number): bigint {
    return this.#values[wire] as bigint;
  }

  /** The value of a wire in the honest witness. */
  honest(wire: number): bigint {
    return this.#honest[wire] as bigint;
  }

  /** Changes a wire; true if that made a difference. */
  set(wire: number, value: bigint): boolean {
    if (this.#values[wire] === value) return false;
    this.#values[wire] = value;
    this.#changed.push(wire);
    this.#state++;
    return true;
  }

  /** The wires that differ from the honest witness. */
  changed(): readonly number[] {
    return [...new Set(this.#changed)].filter((wire) => this.#values[wire] !== this.#honest[wire]);
  }

  /** Back to the honest witness. */
  reset(): void {
    for (const wire of this.#changed) this.#values[wire] = this.honest(wire);
    this.#changed.length = 0;
    this.#state++;
  }

  /** Whether a constraint has a product; otherwise it is linear. */
  isProduct(constraint: number): boolean {
    return this.#side(constraint, 0).wires.length > 0 && this.#side(constraint, 1).wires.length > 0;
  }

  /** Whether a wire stands on the side of a product's result. */
  isResult(constraint: number, wire: number): boolean {
    return this.#side(constraint, 2).wires.includes(wire);
  }

  /** The wires of a constraint, without the constant. */
  wiresOf(constraint: number): number[] {
    const wires = new Set([0, 1, 2].flatMap((side) => this.#side(constraint, side).wires));
    wires.delete(0);
    return [...wires];
  }

  /** Whether the present values satisfy a constraint. */
  holds(constraint: number): boolean {
    const [a, b, c] = [0, 1, 2].map((side) => this.#evaluate(this.#sides[3 * constraint + side] as number)) as [bigint, bigint, bigint];
    return (a * b - c) % FIELD_ORDER === 0n;
  }

  /** The one value of `wire` at which a constraint holds, other wires as they are; undefined if there is none. */
  solve(constraint: number, wire: number): bigint | undefined {
    const [a0, a1] = this.#split(this.#side(constraint, 0), wire);
    const [b0, b1] = this.#split(this.#side(constraint, 1), wire);
    const [c0, c1] = this.#split(this.#side(constraint, 2), wire);
    if (a1 !== 0n && b1 !== 0n) return undefined;
    // (a0 + a1 w)(b0 + b1 w) = c0 + c1 w with a1 b1 = 0.
    const slope = modulo(a1 * b0 + a0 * b1 - c1);
    if (slope === 0n) return undefined;
    const rest = c0 - a0 * b0;
    if (slope === 1n) return modulo(rest);
    return slope === FIELD_ORDER - 1n ? modulo(-rest) : modulo(rest * inverse(slope));
  }

  /** Constraints that the changed wires break. */
  broken(): number[] {
    const touched = new Set<number>();
    for (const wire of this.changed()) for (const user of this.users[wire] as readonly number[]) touched.add(user);
    return [...touched].filter((constraint) => !this.holds(constraint));
  }

  #side(constraint: number, side: number): Combination {
    return this.#combinations[this.#sides[3 * constraint + side] as number] as Combination;
  }

  #evaluate(id: number): bigint {
    if (this.#knownIn[id] === this.#state) return this.#known[id] as bigint;
    const { wires, coefficients } = this.#combinations[id] as Combination;
    let sum = 0n;
    for (let index = 0; index < wires.length; index++)
      sum += (this.#values[wires[index] as number] as bigint) * (coefficients[index] as bigint);
    sum %= FIELD_ORDER;
    this.#known[id] = sum;
    this.#knownIn[id] = this.#state;
    return sum;
  }

  #split({ wires, coefficients }: Combination, wire: number): [bigint, bigint] {
    let sum = 0n;
    let slope = 0n;
    for (let index = 0; index < wires.length; index++) {
      const at = wires[index] as number;
      if (at === wire) slope += coefficients[index] as bigint;
      else sum += (this.#values[at] as bigint) * (coefficients[index] as bigint);
    }
    return [sum % FIELD_ORDER, slope];
  }
}

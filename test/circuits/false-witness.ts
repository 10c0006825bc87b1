/**
 * False witnesses: for a product in a circuit's source, a witness that satisfies everything else. Were its constraint deleted, the circuit would
 * accept that witness, so the constraint is needed.
 *
 * An attack changes a few signals; the rest follows in the order in which the source computes it, on the circuit compiled without simplification,
 * where every signal still has its name. Bits are written out anew, the parts of a reading are taken or left as before, and public results are
 * what comes out. Then the simplified circuit, the one that is proved, is checked with the changed signals: exactly one constraint must be broken.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { circuitFolder } from '../../circuits/build.ts';
import { parseR1cs } from '../../circuits/r1cs.ts';
import type { WitnessInputs } from '../../core/proofs/statements.ts';
import { ConstraintValues } from './constraint-values.ts';
import { calculateWitness, witnessValues } from './witness.ts';

/** New values for signals, by name without the leading `main.`. */
export type Attack = Readonly<Record<string, bigint>>;

/** Gives signals their values, in order. */
type Step =
  | { readonly kind: 'constraint'; readonly constraint: number; readonly wire: number }
  | { readonly kind: 'bits'; readonly input: number; readonly wires: readonly number[] }
  | { readonly kind: 'part'; readonly step: number; readonly wire: number; readonly taken: boolean };

/** Signals that the source computes by hints, apart from bits: they stay as they are unless attacked. */
const hinted = /^(?:used|inverse|keywordInverse)\[\d+\]$|^difference\[\d+\]\[\d+\]$|^is(?:32|64)$/;
/** Hints of prefix.circom and one-hot.circom, by the input that stands beside them. */
const hintedBeside = /^(.*\.)(active|hot)\[\d+\]$/;
/** The names of a range check of circomlib: `Num2Bits`. */
const bitName = /^(.*)\.out\[(\d+)\]$/;

/** One honest witness of a circuit in both forms. */
export class AttackedCircuit {
  readonly #plain: ConstraintValues;
  readonly #simplified: ConstraintValues;
  readonly #names: readonly string[];
  readonly #wires: ReadonlyMap<string, number>;
  /** For a wire of the plain circuit the wire of the simplified one, or undefined. */
  readonly #simplifiedWire: readonly (number | undefined)[];
  readonly #steps: Step[] = [];
  readonly #stepsOf: readonly number[][];
  readonly #stepOfConstraint: Int32Array;
  /** The constraint that gives a wire its value, or -1. */
  readonly #constraintOf: Int32Array;
  readonly #checks: Uint8Array;
  /** For a choice the wire that does not matter to it. */
  readonly #idle = new Map<number, number>();

  private constructor(
    plain: ConstraintValues,
    simplified: ConstraintValues,
    names: readonly string[],
    simplifiedWire: readonly (number | undefined)[],
    follows: RegExp,
  ) {
    this.#plain = plain;
    this.#simplified = simplified;
    this.#names = names;
    this.#wires = new Map(names.map((name, wire) => [name, wire]));
    this.#simplifiedWire = simplifiedWire;
    this.#stepOfConstraint = new Int32Array(plain.count).fill(-1);
    this.#constraintOf = new Int32Array(names.length).fill(-1);
    this.#stepsOf = names.map(() => []);
    this.#order(follows);
    this.#checks = new Uint8Array(plain.count);
    for (let constraint = 0; constraint < plain.count; constraint++)
      this.#checks[constraint] = this.#stepOfConstraint[constraint] === -1 || this.#idle.has(constraint) ? 1 : 0;
  }

  /**
   * Loads a circuit and its twin compiled without simplification.
   * @param follows inputs that follow from the rest in an attack, by name
   */
  static async load(simplified: string, plain: string, inputs: WitnessInputs, follows: RegExp): Promise<AttackedCircuit> {
    const read = async (circuit: string) => {
      const values = witnessValues(await calculateWitness(circuit, inputs));
      return {
        names: signalNames(circuit),
        system: new ConstraintValues(parseR1cs(readFileSync(path.join(circuitFolder(circuit), 'circuit.r1cs'))), values),
      };
    };
    const [plainForm, simplifiedForm] = [await read(plain), await read(simplified)];
    const wireOf = new Map(simplifiedForm.names.map((name, wire) => [name, wire]));
    wireOf.delete('');
    return new AttackedCircuit(
      plainForm.system,
      simplifiedForm.system,
      plainForm.names,
      plainForm.names.map((name) => wireOf.get(name)),
      follows,
    );
  }

  /** Constraints of the simplified circuit. */
  get constraintCount(): number {
    return this.#simplified.count;
  }

  /** The products of the source, and the one linear check on public signals alone. */
  targets(): number[] {
    return Array.from({ length: this.#plain.count }, (_, constraint) => constraint).filter(
      (constraint) => this.#plain.isProduct(constraint) || this.signalsOf(constraint).join() === 'R',
    );
  }

  /** Names of the signals in a constraint of the source. */
  signalsOf(target: number): string[] {
    return this.#plain.wiresOf(target).map((wire) => this.#names[wire] as string);
  }

  /** The signal to which a constraint of the source gives its value; undefined for a check. */
  resultOf(target: number): string | undefined {
    const step = this.#steps[this.#stepOfConstraint[target] as number];
    return step?.kind === 'constraint' ? this.#names[step.wire] : undefined;
  }

  /** The honest value of a signal. */
  honest(name: string): bigint {
    return this.#plain.honest(this.#wire(name));
  }

  /** Whether there is a signal of this name. */
  has(name: string): boolean {
    return this.#wires.has(name);
  }

  /** Carries an attack through, the target constraint of the source left out; the constraint of the simplified circuit that alone is broken, if so. */
  breaks(target: number, attack: Attack): number | undefined {
    try {
      if (!this.#carryThrough(target, attack)) return undefined;
      for (const wire of this.#plain.changed()) {
        const twin = this.#simplifiedWire[wire];
        if (twin !== undefined) this.#simplified.set(twin, this.#plain.value(wire));
      }
      const broken = this.#simplified.broken();
      return broken.length === 1 ? broken[0] : undefined;
    } finally {
      this.#plain.reset();
      this.#simplified.reset();
    }
  }

  #carryThrough(target: number, attack: Attack): boolean {
    const plain = this.#plain;
    const pinned = new Set<number>();
    const dirtySteps = new Set<number>();
    const touched = new Set<number>();
    let from = this.#steps.length;
    const set = (wire: number, value: bigint): void => {
      if (!plain.set(wire, value)) return;
      for (const step of this.#stepsOf[wire] as number[]) {
        dirtySteps.add(step);
        if (step < from) from = step;
      }
      for (const user of plain.users[wire] as readonly number[]) if (this.#checks[user] === 1) touched.add(user);
    };
    for (const [name, value] of Object.entries(attack)) {
      const wire = this.#wire(name);
      pinned.add(wire);
      set(wire, value);
      const own = this.#constraintOf[wire] as number;
      if (own !== -1) touched.add(own);
    }
    for (let index = from; index < this.#steps.length; index++) {
      if (!dirtySteps.has(index)) continue;
      const step = this.#steps[index] as Step;
      if (step.kind === 'bits') {
        // Attacked bits are left alone: their sum is checked instead.
        if (step.wires.some((wire) => pinned.has(wire))) continue;
        const number = plain.value(step.input);
        if (number >> BigInt(step.wires.length) !== 0n) return false;
        for (const [bit, wire] of step.wires.entries()) set(wire, (number >> BigInt(bit)) & 1n);
      } else if (step.kind === 'part') {
        if (!pinned.has(step.wire)) set(step.wire, step.taken ? plain.value(step.step) : 0n);
      } else {
        if (step.constraint === target) continue;
        if (pinned.has(step.wire)) {
          touched.add(step.constraint);
          continue;
        }
        const value = plain.solve(step.constraint, step.wire);
        if (value === undefined) return false;
        set(step.wire, value);
      }
    }
    touched.delete(target);
    return [...touched].every((constraint) => plain.holds(constraint));
  }

  /** Finds the order in which signals follow from inputs and hints. */
  #order(follows: RegExp): void {
    const plain = this.#plain;
    const unknown = new Uint8Array(this.#names.length).fill(1);
    unknown[0] = 0;
    const inputOfBits = new Map<number, number[]>();
    for (const [wire, name] of this.#names.entries()) {
      const bit = bitName.exec(name);
      const input = bit === null || this.has(`${bit[1]}.in[0]`) ? undefined : this.#wires.get(`${bit[1]}.in`);
      if (bit !== null && input !== undefined) {
        const bits = inputOfBits.get(input) ?? [];
        bits[Number(bit[2])] = wire;
        inputOfBits.set(input, bits);
      } else if (this.#isHinted(name) || (isInput(name) && !follows.test(name))) {
        unknown[wire] = 0;
      }
    }
    const wiresOf = (constraint: number): number[] => plain.wiresOf(constraint).filter((wire) => this.#idle.get(constraint) !== wire);
    this.#findIdleWires();
    const missing = Int32Array.from(
      { length: plain.count },
      (_, constraint) => wiresOf(constraint).filter((wire) => unknown[wire] === 1).length,
    );
    const ready = [...missing.keys()].filter((constraint) => missing[constraint] === 1);
    const learn = (wire: number, step: Step, sources: readonly number[]): void => {
      const index = this.#steps.push(step) - 1;
      for (const source of sources) this.#stepsOf[source]?.push(index);
      this.#publish(wire, unknown, missing, ready);
    };
    for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
      if (missing[next] !== 1) continue;
      const constraint = next;
      const wire = wiresOf(constraint).find((candidate) => unknown[candidate] === 1) as number;
      // A product gives its value to what it is assigned to, not to a factor; only the chosen column roots are found from what they must be.
      if (
        plain.isProduct(constraint) &&
        !plain.isResult(constraint, wire) &&
        !/^timeAt\.root$|\.values\[\d+\]$/.test(this.#names[wire] as string)
      )
        continue;
      if (plain.solve(constraint, wire) === undefined) continue;
      this.#stepOfConstraint[constraint] = this.#steps.length;
      this.#constraintOf[wire] = constraint;
      learn(
        wire,
        { kind: 'constraint', constraint, wire },
        wiresOf(constraint).filter((other) => other !== wire),
      );
      const bits = inputOfBits.get(wire);
      if (bits !== undefined) {
        const index = this.#steps.push({ kind: 'bits', input: wire, wires: bits }) - 1;
        this.#stepsOf[wire]?.push(index);
        for (const bit of bits) this.#publish(bit, unknown, missing, ready);
      }
      const part = this.#partOf(wire);
      if (part !== undefined) learn(part, { kind: 'part', step: wire, wire: part, taken: plain.honest(part) !== 0n }, [wire]);
    }
    const stuck = this.#names.filter((_, wire) => unknown[wire] === 1);
    if (stuck.length > 0) throw new Error(`no order for ${stuck.length} signals, such as ${stuck.slice(0, 5).join(', ')}`);
  }

  #publish(wire: number, unknown: Uint8Array, missing: Int32Array, ready: number[]): void {
    unknown[wire] = 0;
    for (const user of this.#plain.users[wire] as readonly number[]) {
      if (this.#idle.get(user) === wire) continue;
      missing[user] = (missing[user] as number) - 1;
      if (missing[user] === 1) ready.push(user);
    }
  }

  /**
   * A value that is not chosen does not matter to the choice. Without this the roots of two columns, each following from its own segment,
   * would wait for each other.
   */
  #findIdleWires(): void {
    for (const [wire, name] of this.#names.entries()) {
      const term = /^(.*)\.terms\[(\d+)\]$/.exec(name);
      if (term === null || this.#plain.honest(this.#wire(`${term[1]}.hot[${term[2]}]`)) !== 0n) continue;
      const product = (this.#plain.users[wire] as readonly number[]).find((user) => this.#plain.isProduct(user)) as number;
      this.#idle.set(product, this.#wire(`${term[1]}.values[${term[2]}]`));
    }
  }

  /** The part of a reading that is 0 or this step; it stays which of them it is when the step changes. */
  #partOf(step: number): number | undefined {
    const cell = /^(.*)\.steps\[(\d+)\]$/.exec(this.#names[step] as string);
    return cell === null ? undefined : this.#wires.get(`${cell[1]}.parts[${cell[2]}]`);
  }

  #isHinted(name: string): boolean {
    const beside = hintedBeside.exec(name);
    return hinted.test(name) || (beside !== null && this.has(`${beside[1]}${beside[2] === 'active' ? 'count' : 'index'}`));
  }

  #wire(name: string): number {
    const wire = this.#wires.get(name);
    if (wire === undefined) throw new Error(`the circuit has no signal ${name}`);
    return wire;
  }
}

/** Names of the inputs of the three templates. */
const inputNames: ReadonlySet<string> = new Set(
  [
    'R h datasetRoot binding owner datasetId segmentIndex rows partial segmentCount totalRows partialsDigest challenge evaluation',
    'slotCount minRows timeUsed timeFrom timeTo minSpan width keywords meanHi slots colHash lo hi meanLo',
    'columnRoots columnsRoot tagsRoot tags fileHashHigh fileHashLow position salt children values blind timePosition timeSalt timeChildren times',
    'lastRows firstTime lastTime tree sum',
  ].flatMap((names) => names.split(' ')),
);

/** Whether a signal is an input of the circuit; `rows` is an input of one template, and a list of results in another. */
function isInput(name: string): boolean {
  return inputNames.has(name.replace(/\[.*$/, '')) && !name.startsWith('rows[');
}

/** The kept signals of a compiled circuit by wire, without `main.`; wire 0 is the constant. */
function signalNames(circuit: string): string[] {
  const names: string[] = [''];
  for (const line of readFileSync(path.join(circuitFolder(circuit), 'circuit.sym'), 'utf8').split('\n')) {
    const [, wire = '-1', , name = ''] = line.split(',');
    if (Number(wire) > 0) names[Number(wire)] = name.replace(/^main\./, '');
  }
  return names;
}

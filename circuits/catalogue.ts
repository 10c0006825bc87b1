/** What circuits.json lists: every statement, every circuit made from one, and the templates that a network may offer. */
import catalogue from './circuits.json' with { type: 'json' };

/** One of the three kinds of statement. */
export type StatementName = keyof typeof catalogue.statements;

/** A circuit: a statement's template with its parameters. */
export interface CircuitEntry {
  readonly name: string;
  readonly statement: StatementName;
  readonly parameters: readonly number[];
  /** How far the compiler simplifies: O2 unless a test needs every signal kept (O0). */
  readonly optimization?: 'O0' | 'O2';
}

/** All circuits; those called `small-*` are instances for tests. */
export const circuits = catalogue.circuits as readonly CircuitEntry[];

/** The circuits that every checkout needs: the requirement statement and those of the default template. */
export const defaultCircuits: readonly string[] = ['requirement', ...circuitsOfTemplate(catalogue.defaultTemplate)];

/** The instances for tests. */
export const smallCircuits: readonly string[] = circuits.map((circuit) => circuit.name).filter((name) => name.startsWith('small-'));

/** The circuits that a network template needs besides `requirement`. */
export function circuitsOfTemplate(name: string): readonly string[] {
  const template = catalogue.templates.find((entry) => entry.name === name);
  if (template === undefined)
    throw new Error(`circuits.json has no template "${name}"; it has ${catalogue.templates.map((entry) => entry.name).join(', ')}`);
  return [template.segment, template.aggregate];
}

/** A circuit by its name. */
export function circuitNamed(name: string): CircuitEntry {
  const circuit = circuits.find((entry) => entry.name === name);
  if (circuit === undefined) throw new Error(`circuits.json has no circuit "${name}"`);
  return circuit;
}

/** The text of the main component of a circuit. */
export function mainSource(circuit: CircuitEntry): string {
  const statement = catalogue.statements[circuit.statement];
  return [
    'pragma circom 2.1.6;',
    `include "${circuit.statement}.circom";`,
    `component main { public [${statement.publicSignals.join(', ')}] } = ${statement.template}(${circuit.parameters.join(', ')});`,
    '',
  ].join('\n');
}

/** The templates that a network may offer and their circuits, as circuits/circuits.json lists them. */
import catalogue from '../../circuits/circuits.json' with { type: 'json' };
import type { ColumnWidth } from '../dataset/schema.ts';

/** A template for range requirements: so many columns of one width, at most `capacity` segments. */
export interface ProofTemplate {
  readonly name: string;
  readonly slots: number;
  readonly width: ColumnWidth;
  readonly capacity: number;
  /** Names of its circuits. */
  readonly segment: string;
  readonly aggregate: string;
}

/** The circuit of pi'. */
export const REQUIREMENT_CIRCUIT = 'requirement';

/** All templates. */
export const proofTemplates = catalogue.templates as readonly ProofTemplate[];

/** The template with the smallest capacity for so many columns of a width and segments; undefined when there is none. */
export function templateFor(slots: number, width: number, segmentCount: number): ProofTemplate | undefined {
  return proofTemplates
    .filter((template) => template.slots === slots && template.width === width && template.capacity >= segmentCount)
    .sort((left, right) => left.capacity - right.capacity)[0];
}

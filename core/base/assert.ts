/** Assertions: conditions that hold unless the program itself is wrong. */

/** Thrown by {@link assert}; never caught to continue. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Stops the program when one of its own invariants does not hold. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new AssertionError(`invariant broken: ${invariant}`);
}

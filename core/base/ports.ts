/** What the pure layers ask of the outside: time and randomness are arguments, never globals. */

/** The current time. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  nowMs(): number;
}

/** Randomness from the operating system (or from a seed in tests). */
export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array;
}

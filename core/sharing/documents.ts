/** Durable, sealed records of the workflows: the port that the home directory implements. */
import type { z } from 'zod';

/** A store of JSON documents. A `save` that has returned survives power loss; one that has not is as if it never began. */
export interface Documents {
  /** The document of that name, checked by `schema`, or undefined. A damaged one is an AppError, never undefined. */
  load<Value>(name: string, schema: z.ZodType<Value>): Promise<Value | undefined>;
  save(name: string, value: unknown): Promise<void>;
  /** Names that begin with `prefix`, sorted. */
  list(prefix: string): Promise<string[]>;
}

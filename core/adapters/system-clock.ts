/** The machine's clock behind the {@link Clock} port. */
import type { Clock } from '../base/ports.ts';

export const systemClock: Clock = { nowMs: () => Date.now() };

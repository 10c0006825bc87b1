/** A token bucket for each client: bursts up to a limit, then a steady rate. Bounded in memory. */
import type { Clock } from '../base/ports.ts';

export interface RateLimit {
  /** Requests that a client may make at once. */
  readonly burst: number;
  /** Requests a second in the long run. */
  readonly perSecond: number;
}

/** Clients remembered; the one unused for longest is forgotten first. */
const clientsMax = 10_000;

export class RateLimiter {
  readonly #limit: RateLimit;
  readonly #clock: Clock;
  /** In order of last use, the oldest first. */
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  constructor(limit: RateLimit, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Takes one token of `client`. The answer is 0 when there was one, else the seconds to wait for it. */
  take(client: string): number {
    const nowMs = this.#clock.nowMs();
    const bucket = this.#buckets.get(client) ?? { tokens: this.#limit.burst, atMs: nowMs };
    const gained = (Math.max(0, nowMs - bucket.atMs) / 1000) * this.#limit.perSecond;
    const tokens = Math.min(this.#limit.burst, bucket.tokens + gained);
    const granted = tokens >= 1;
    this.#buckets.delete(client);
    this.#buckets.set(client, { tokens: granted ? tokens - 1 : tokens, atMs: nowMs });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= clientsMax) break;
      this.#buckets.delete(oldest);
    }
    return granted ? 0 : Math.ceil((1 - tokens) / this.#limit.perSecond);
  }
}

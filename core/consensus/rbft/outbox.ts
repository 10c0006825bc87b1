/** Gathers what follows from a step, until it is taken over: records first, then messages by receiver, then actions. */
import type { MemberId } from '../committee.ts';
import type { DurableRecord } from '../record.ts';
import type { Action, Ready } from './effects.ts';
import type { Message } from './message.ts';

export class Outbox {
  readonly #self: MemberId;
  #persist: DurableRecord[] = [];
  #send = new Map<MemberId, Message[]>();
  #apply: Action[] = [];

  constructor(self: MemberId) {
    this.#self = self;
  }

  get ready(): Ready | null {
    if (this.#persist.length === 0 && this.#send.size === 0 && this.#apply.length === 0) return null;
    return { persist: this.#persist, send: [...this.#send].map(([to, messages]) => ({ to, messages })), apply: this.#apply };
  }

  clear(): void {
    this.#persist = [];
    this.#send = new Map();
    this.#apply = [];
  }

  /** Whether something goes to a member. */
  hasFor(member: MemberId): boolean {
    return this.#send.has(member);
  }

  persist(record: DurableRecord): void {
    this.#persist.push(record);
  }

  apply(action: Action): void {
    this.#apply.push(action);
  }

  send(to: MemberId, message: Message): void {
    if (to === this.#self) return;
    const messages = this.#send.get(to);
    if (messages === undefined) this.#send.set(to, [message]);
    else messages.push(message);
  }

  sendAll(to: Iterable<MemberId>, message: Message): void {
    for (const member of to) this.send(member, message);
  }
}

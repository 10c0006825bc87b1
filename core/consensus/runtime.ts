/**
 * Drives the machine through ports: the same file in a validator and in the simulator. It checks what arrives before the machine sees it,
 * and keeps the order of effects: what a step wants written is durable before anything that follows from it leaves or is applied.
 * Callbacks and no promises, so that a simulator decides when each thing happens.
 */
import type { Hex } from '../base/bytes.ts';
import type { MemberId } from './committee.ts';
import type { ProposedBlock } from './proposal.ts';
import { type Action, type Input, Machine, type MachineOptions, type Packet } from './rbft/machine.ts';
import type { Message } from './rbft/message.ts';
import type { DurableRecord } from './record.ts';
import type { Certificate } from './vote.ts';

/** The vote log. Appends become durable in their order; `done` is called once this one and all before it are. */
export interface VoteLog {
  append(records: readonly DurableRecord[], done: () => void): void;
}

/** What the consensus asks of the ledger. Calls are carried out in their order. */
export interface ConsensusLedger {
  execute(block: ProposedBlock, isFresh: boolean, done: (isValid: boolean) => void): void;
  build(
    place: { readonly height: number; readonly view: number; readonly parentHash: Hex; readonly mayBeEmpty: boolean },
    done: (block: ProposedBlock | null) => void,
  ): void;
  commit(block: ProposedBlock, certificate: Certificate): void;
  /** Sends final blocks with their certificates to a member that lags. */
  serve(to: MemberId, fromHeight: number): void;
}

export interface RuntimeOptions extends MachineOptions {
  /** Whether everything in a message that must be signed is (message.ts); costly, so that a validator may do it elsewhere. */
  readonly isAuthentic: (from: MemberId, message: Message) => boolean;
  readonly log: VoteLog;
  readonly ledger: ConsensusLedger;
  readonly send: (packet: Packet) => void;
  /** Told of a message that was dropped because something in it is not signed as it must be. */
  readonly onRefused: (from: MemberId, kind: Message['kind']) => void;
}

export class Runtime {
  readonly machine: Machine;
  readonly #options: RuntimeOptions;
  #isPumping = false;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    this.machine = new Machine(options);
  }

  /** Messages of a member, as the transport brought them. */
  receive(from: MemberId, messages: readonly Message[]): void {
    const authentic = messages.filter((message) => {
      const holds = this.#options.isAuthentic(from, message);
      if (!holds) this.#options.onRefused(from, message.kind);
      return holds;
    });
    if (authentic.length > 0) this.step({ kind: 'messages', from, messages: authentic });
  }

  step(input: Input): void {
    this.machine.step(input);
    this.#pump();
  }

  tick(): void {
    this.machine.tick();
    this.#pump();
  }

  #pump(): void {
    // A ledger may answer at once, within the effects of a step.
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (let ready = this.machine.ready(); ready !== null; ready = this.machine.ready()) {
      const { persist, send, apply } = ready;
      this.machine.advance();
      this.#options.log.append(persist, () => {
        for (const packet of send) this.#options.send(packet);
        for (const action of apply) this.#perform(action);
      });
    }
    this.#isPumping = false;
  }

  #perform(action: Action): void {
    const { ledger } = this.#options;
    switch (action.kind) {
      case 'execute': {
        const { block, isFresh } = action;
        ledger.execute(block, isFresh, (isValid) => this.step({ kind: 'executed', blockHash: block.hash, isFresh, isValid }));
        return;
      }
      case 'build':
        ledger.build(action, (block) => this.step({ kind: 'built', height: action.height, view: action.view, block }));
        return;
      case 'commit':
        ledger.commit(action.block, action.certificate);
        return;
      case 'serve':
        ledger.serve(action.to, action.fromHeight);
        return;
    }
  }
}

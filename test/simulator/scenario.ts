/**
 * Scenarios: a story told to the simulator, with what happens. A scenario is a Markdown file; each line `> command` in an indented block is
 * carried out, and the lines below it are the transcript, which a test compares. Times are in milliseconds of virtual time.
 * What several nodes did is one line: when the first did it, when the last, and who.
 */
import { tickMs } from '../../core/consensus/limits.ts';
import { Violation } from './invariants.ts';
import { quickKeys } from './keys.ts';
import type { SimulatedNode } from './node.ts';
import { World } from './world.ts';

const untilTicksMax = 4_800;

/** The scenario with its transcripts made anew. */
export function playScenario(text: string): string {
  const player = new Player();
  const lines: string[] = [];
  let isTranscript = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('    > ')) {
      lines.push(line, ...player.play(line.slice('    > '.length)).map((said) => `      ${said}`));
      isTranscript = true;
    } else if (!isTranscript || !line.startsWith('      ')) {
      lines.push(line);
      isTranscript = false;
    }
  }
  return lines.join('\n');
}

class Player {
  #world: World | null = null;
  #notes: { readonly at: number; readonly node: string; readonly what: string }[] = [];

  play(command: string): string[] {
    const [verb = '', ...words] = command.split(' ');
    const numbers = words.map((word) => Number(word.replace(/^n/, ''))).filter(Number.isFinite);
    if (verb === 'network') return this.#begin(numbers, words);
    const world = this.#world;
    if (world === null) throw new Error('a scenario begins with a network');
    const nodes = numbers.flatMap((id) => world.nodes[id] ?? []);
    switch (verb) {
      case 'submit':
        for (let count = 0; count < (numbers[0] ?? 1); count++)
          world.submit(
            count % 3,
            world.honest.find(({ isUp }) => isUp),
          );
        break;
      case 'replace':
        world.give({ replaced: nodes[0]?.name ?? '0x', by: nodes[1]?.name ?? '0x' });
        break;
      case 'run':
        this.#turn(world, Math.ceil((numbers[0] ?? 0) / tickMs));
        break;
      case 'until':
        this.#until(world, numbers[0] ?? 0);
        break;
      case 'crash':
        for (const node of nodes) world.crash(node);
        break;
      case 'restart':
        for (const node of nodes) world.restart(node);
        break;
      case 'forget':
        for (const node of nodes) world.forget(node, Math.max(0, node.disk.durable.length - 3));
        break;
      case 'cut':
        world.disconnect(
          nodes,
          world.nodes.filter((node) => !nodes.includes(node)),
        );
        world.disconnect(
          world.nodes.filter((node) => !nodes.includes(node)),
          nodes,
        );
        break;
      case 'hide':
        world.hides = { phase: words[0] === 'prepare' ? 'prepare' : 'commit', chance: 1 };
        break;
      case 'heal':
        world.heal();
        break;
      case 'act':
        for (let count = 0; count < (numbers[0] ?? 1); count++) {
          world.adversary.act();
          world.turn();
        }
        break;
      case 'status':
        return this.#status(world);
      default:
        throw new Error(`no such command: ${command}`);
    }
    return this.#takeNotes();
  }

  #begin([groups = 4, members = 3, ...byzantine]: readonly number[], words: readonly string[]): string[] {
    this.#notes = [];
    const world: World = new World({
      seed: 1,
      groups,
      members,
      byzantine,
      twins: words.includes('twins') ? byzantine : [],
      idleLeaders: words.includes('idle') ? byzantine : [],
      spares: 1,
      keys: quickKeys,
      onNote: (node, what) => this.#notes.push({ at: (this.#world?.now ?? 0) * tickMs, node, what }),
    });
    this.#world = world;
    const { quorum, unsafeGroupsMax, size } = world.committee;
    return [`${size} members in ${groups} groups: F = ${unsafeGroupsMax}, Q = ${quorum}, q = ${world.committee.majority(0)}`];
  }

  #turn(world: World, ticks: number): void {
    for (let tick = 0; tick < ticks; tick++) world.turn();
  }

  #until(world: World, height: number): void {
    const isThere = ({ ledger, isUp }: SimulatedNode) => !isUp || ledger.height >= height;
    for (let tick = 0; !world.honest.every(isThere); tick++) {
      if (tick > untilTicksMax) throw new Violation(`height ${height} is not reached:\n${world.describe()}`);
      world.turn();
    }
  }

  #takeNotes(): string[] {
    const byWhat = new Map<string, { readonly first: number; last: number; readonly nodes: Set<string> }>();
    for (const { at, node, what } of this.#notes) {
      const known = byWhat.get(what);
      if (known === undefined) byWhat.set(what, { first: at, last: at, nodes: new Set([node]) });
      else {
        known.last = at;
        known.nodes.add(node);
      }
    }
    this.#notes = [];
    return [...byWhat].map(([what, { first, last, nodes }]) => {
      const when = first === last ? `${first} ms` : `${first} to ${last} ms`;
      const who = [...nodes].filter((node) => node !== '').join(' ');
      return who === '' ? `${when}: ${what}` : `${when}: ${what}: ${who}`;
    });
  }

  #status(world: World): string[] {
    const byPlace = new Map<string, string[]>();
    for (const { label, isUp, member, epoch, runtime } of world.nodes) {
      const status = runtime.machine?.status;
      const part = status === undefined ? ', signs nothing' : `, view ${status.view}${status.isEntered ? '' : ' not entered'}`;
      const place = isUp ? `height ${runtime.final.height}, epoch ${epoch}${member === undefined ? ', no member' : part}` : 'down';
      byPlace.set(place, [...(byPlace.get(place) ?? []), label]);
    }
    return [...byPlace].map(([place, labels]) => `${place}: ${labels.join(' ')}`);
  }
}

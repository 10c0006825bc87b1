/** The highest statement of each member (rule V3), and what follows from them: who has left for which view, and the NEW-VIEW of one. */
import type { Committee, GroupId, MemberId } from '../committee.ts';
import { type NewView, type ProvenStatement, summaryOf } from '../view-change.ts';

export class StatementPool {
  readonly #committee: Committee;
  readonly #highest = new Map<MemberId, ProvenStatement>();

  constructor(committee: Committee) {
    this.#committee = committee;
  }

  /** Takes a statement that is proven; whether it is higher than the one that was known of its member. */
  add(proven: ProvenStatement): boolean {
    const { member, newView } = proven.statement;
    const known = this.#highest.get(member);
    if (known !== undefined && known.statement.newView >= newView) return false;
    this.#highest.set(member, proven);
    return true;
  }

  of(member: MemberId): ProvenStatement | null {
    return this.#highest.get(member) ?? null;
  }

  get all(): readonly ProvenStatement[] {
    return [...this.#highest.values()];
  }

  /** Groups of which a majority has left for `view` or a higher one. */
  backing(view: number): number {
    const counts = new Array<number>(this.#committee.groups).fill(0);
    for (const [member, { statement }] of this.#highest)
      if (statement.newView >= view) counts[this.#committee.groupOf(member)] = (counts[this.#committee.groupOf(member)] ?? 0) + 1;
    return counts.filter((count, group) => count >= this.#committee.majority(group)).length;
  }

  /** V3: the highest view above `view` that more groups back than may be unsafe; null if there is none. */
  viewToJoin(view: number): number | null {
    const views = [...new Set([...this.#highest.values()].map(({ statement }) => statement.newView))]
      .filter((newView) => newView > view)
      .sort((left, right) => right - left);
    return views.find((newView) => this.backing(newView) > this.#committee.unsafeGroupsMax) ?? null;
  }

  /** The NEW-VIEW of a view, once a quorum of groups, a majority of members each, has left for exactly that view. */
  newView(view: number): NewView | null {
    const byGroup = new Map<GroupId, ProvenStatement[]>();
    for (const proven of this.#highest.values()) {
      if (proven.statement.newView !== view) continue;
      const group = this.#committee.groupOf(proven.statement.member);
      const members = byGroup.get(group) ?? [];
      if (members.length < this.#committee.majority(group)) byGroup.set(group, [...members, proven]);
    }
    const whole = [...byGroup].filter(([group, members]) => members.length === this.#committee.majority(group));
    if (whole.length < this.#committee.quorum) return null;
    const proven = whole.slice(0, this.#committee.quorum).flatMap(([, members]) => members);
    const statements = proven.map(({ statement }) => statement);
    const summary = summaryOf(statements);
    if (summary === null) return null;
    const highest = proven.filter(({ statement }) => statement.finalHeight === summary.finalHeight);
    const { lock } = summary;
    return {
      view,
      statements,
      finalCertificate: highest[0]?.finalCertificate ?? null,
      lockCertificate:
        lock === null ? null : (highest.find(({ statement }) => statement.lock?.view === lock.view)?.lockCertificate ?? null),
    };
  }
}

// Whose wristband is whose, judged at the end: desks that did not know of each other leave a conflict, the same one on every replica. By a
// count of its own: what no later binding has named still holds, and two that hold exclude each other.
import { markKey, type BoundMark } from '@postern/shared';
import type { Judgement, Witness } from './judgement.ts';

type Parts = Pick<Judgement, 'referee' | 'tickets' | 'witnesses' | 'bindings'>;

export function judgeBindings({ referee, tickets, witnesses, bindings }: Parts): void {
  const parties = new Map(tickets.map(({ id, party }) => [id, party]));
  const bandsMax = (ticketId: string): number => parties.get(ticketId) ?? 1;
  const [reference] = witnesses;
  if (reference === undefined) return;
  const expected = conflictsDue(reference, bandsMax);
  for (const { address, known } of witnesses) {
    const found = bindings(known.bound(), bandsMax)
      .conflicts.map(({ kind, subject, marks }) => describe(kind, subject, marks))
      .toSorted();
    if (found.join('; ') !== expected.join('; '))
      referee.violate(
        'bindings-wrong',
        `${address} has the conflicts [${found.join('; ')}] where [${expected.join('; ')}] are due`,
      );
  }
}

/** All bindings are of their tickets' first epoch here: nothing else puts one out of force than another that names it. */
function conflictsDue({ known }: Witness, bandsMax: (ticketId: string) => number): readonly string[] {
  const named = new Set(
    known.bound().flatMap(({ event, settles = [] }) => settles.map((name) => markKey({ event, ...name }))),
  );
  const holding = known.bound().filter((mark) => !named.has(markKey(mark)));
  const due: string[] = [];
  for (const band of new Set(holding.map(({ tagHash }) => tagHash))) {
    const claims = holding.filter(({ tagHash }) => tagHash === band);
    if (new Set(claims.map(({ ticketId }) => ticketId)).size > 1) due.push(describe('tag', band, claims));
  }
  for (const ticket of new Set(holding.map(({ ticketId }) => ticketId))) {
    const claims = holding.filter(({ ticketId }) => ticketId === ticket);
    if (new Set(claims.map(({ tagHash }) => tagHash)).size > bandsMax(ticket))
      due.push(describe('ticket', ticket, claims));
  }
  return due.toSorted();
}

const describe = (kind: string, subject: string, marks: readonly BoundMark[]): string =>
  `${kind} ${subject}: ${marks.map(markKey).toSorted().join(' ')}`;

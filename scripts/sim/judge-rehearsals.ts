// What was practised at simulated gates: no witness may see anything of it in what is real, and in its own session it is refused like that.
import { practisedMark, type History, type Mark, type Ticket } from '@postern/shared';
import type { Judgement } from './judgement.ts';
import { effectiveEntries } from './effective-entries.ts';

/** Of one ticket the marks of a session, as what they stand for. */
export const ofSession = (marks: readonly Mark[], session: string): readonly Mark[] =>
  marks.flatMap((mark) => (mark.kind === 'rehearsed' && mark.session === session ? [practisedMark(mark)] : []));

/** Why nobody may be let in with it in the session, by the meaning of the words. */
export function reasonAgainst(
  known: readonly Mark[],
  session: string,
  { epoch, isSingleUse }: { readonly epoch: number; readonly isSingleUse: boolean },
): string | undefined {
  const practised = ofSession(known, session);
  if ([...known, ...practised].some((mark) => mark.kind === 'denied' && mark.epoch >= epoch)) return 'it is denied';
  return isSingleUse && effectiveEntries(practised).length > 0 ? 'it was used in this session' : undefined;
}

export function judgeRehearsals({ referee, policy, tickets, witnesses, fold }: Judgement): void {
  for (const ticket of tickets)
    for (const { address, known } of witnesses) {
      const marks = known.ofTicket(ticket.id);
      const real = marks.filter(({ kind }) => kind !== 'rehearsed');
      if (real.length === marks.length) continue;
      const said = (of: readonly Mark[]): string => describe(fold(of, policy, ticket), ticket);
      if (said(marks) !== said(real))
        referee.violate(
          'rehearsal-counted',
          `${address} has for ${ticket.id} ${said(marks)} where ${said(real)} is real`,
        );
    }
}

const describe = (
  { usesSpent, insideByZone, deniedEpoch, epochSeen, entries, cases }: History,
  { epoch }: Ticket,
): string =>
  JSON.stringify([
    usesSpent,
    [...insideByZone],
    deniedEpoch ?? -1,
    Math.max(epochSeen, epoch),
    entries.map(({ mark }) => `${mark.gate}/${mark.boot}/${mark.sequence}`),
    cases.map(({ id }) => id),
  ]);

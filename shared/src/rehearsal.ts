// Rehearsal: a gate does all that it does at night, and none of it counts. What it writes down meanwhile are `rehearsed` marks of one
// session; among themselves they fold like real ones, so that a ticket is single-use in rehearsal too, and every ticket is fresh after it.
import { remoteAheadMaxMs, type TrustedTime } from './clock.ts';
import { compareMarks, foldTicketHistory, type History } from './history.ts';
import type { Mark } from './mark.ts';
import { practisedMark } from './rehearsed-mark.ts';
import { rehearsalHoursMax, type RehearsalRules } from './rehearsal-rules.ts';
import type { AdmissionPolicy, Ticket } from './ticket.ts';

/** One that a gate has begun by itself. */
export const gateRehearsalHours = 2;

/** What a gate is in. */
export interface Rehearsal {
  readonly session: string;
  /** Whose it is: the whole event's, or this gate's alone. */
  readonly of: 'event' | 'gate';
  /** When it ends by itself, Unix ms. */
  readonly untilMs: number;
}

type Switch = Extract<Mark, { kind: 'rehearsal-begun' | 'rehearsal-left' }>;
export const isRehearsalSwitch = (mark: Mark): mark is Switch =>
  mark.kind === 'rehearsal-begun' || mark.kind === 'rehearsal-left';

type Doors = Pick<AdmissionPolicy, 'types'>;

/** When doors open next after `fromS`: where the next window of a ticket type begins, Unix seconds. */
export function doorsOpenS({ types }: Doors, fromS: number): number {
  const starts = types.flatMap(({ validFromS }) =>
    validFromS !== undefined && validFromS > fromS ? [validFromS] : [],
  );
  return Math.min(Number.MAX_SAFE_INTEGER / 1_000, ...starts);
}

/** Until when (Unix ms) what began at `fromS` lasts: never past the doors, also where these were moved meanwhile, and never for long. */
export const rehearsalEndMs = (policy: Doors, { fromS, untilS }: Pick<RehearsalRules, 'fromS' | 'untilS'>): number =>
  Math.min(untilS, doorsOpenS(policy, fromS), fromS + rehearsalHoursMax * 3_600) * 1_000;

/**
 * What the gate is in that has made `switches`, all of its own. Its own rehearsal goes before the event's. Who does not know the time
 * cannot know that the doors are still shut: without a trusted clock there is no rehearsal.
 */
export function rehearsalAt(
  switches: readonly Mark[],
  policy: Doors & Pick<AdmissionPolicy, 'rehearsal'>,
  { trusted, nowMs, uncertaintyMs }: Pick<TrustedTime, 'trusted' | 'nowMs' | 'uncertaintyMs'>,
): Rehearsal | undefined {
  if (!trusted) return undefined;
  const left = new Set(switches.flatMap((mark) => (mark.kind === 'rehearsal-left' ? [mark.session] : [])));
  const isOn = ({ session, untilMs }: Rehearsal): boolean => !left.has(session) && nowMs + uncertaintyMs < untilMs;
  const own = switches
    .filter((mark) => mark.kind === 'rehearsal-begun')
    .toSorted(compareMarks)
    .at(-1);
  // A clock that was set back since says nothing any more of when this ends.
  if (own !== undefined && nowMs >= own.at.ms - uncertaintyMs - remoteAheadMaxMs) {
    const fromS = Math.floor(own.at.ms / 1_000);
    const untilMs = rehearsalEndMs(policy, { fromS, untilS: own.untilS });
    const rehearsal: Rehearsal = { session: own.session, of: 'gate', untilMs };
    if (isOn(rehearsal)) return rehearsal;
  }
  const { rehearsal: rules } = policy;
  if (rules === undefined || nowMs < rules.fromS * 1_000 - uncertaintyMs) return undefined;
  const rehearsal: Rehearsal = { session: rules.session, of: 'event', untilMs: rehearsalEndMs(policy, rules) };
  return isOn(rehearsal) ? rehearsal : undefined;
}

/**
 * The history of one ticket within a session. Of the real one only what makes a ticket's credential worthless: whoever is blocked or
 * has an older generation is refused in rehearsal as well.
 */
export function foldRehearsal(
  marks: readonly Mark[],
  session: string,
  policy: AdmissionPolicy,
  ticket: Pick<Ticket, 'epoch' | 'type' | 'party'> | undefined,
  real: History,
): History {
  const practised = marks.flatMap((mark): readonly Mark[] => {
    if (mark.kind === 'rehearsed') return mark.session === session ? [practisedMark(mark)] : [];
    return mark.kind === 'corrected' || mark.kind === 'denied' ? [mark] : [];
  });
  const history = foldTicketHistory(practised, policy, ticket);
  return { ...history, epochSeen: Math.max(history.epochSeen, real.epochSeen) };
}

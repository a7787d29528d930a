// The desk's way from one visitor to the next: ticket, band, linked, pass written, and what can come between. Session and codes live in this
// page's memory only. The gate decides and writes; it is asked twice, so that "linked" is what its record says.
import { signal } from '@preact/signals';
import type { BandOutcome, StaffSaying, Shift, TagMedium } from '@postern/shared';
import { ask, askOnce, unanswered } from './gate-client.ts';
import type { Problem, Question } from './messages.ts';

interface Band {
  readonly medium: TagMedium;
  readonly id: string;
}

export type Step =
  | { readonly name: 'sign-on'; readonly why?: Problem; readonly busy?: true }
  | { readonly name: 'ticket' }
  | { readonly name: 'band'; readonly ticket: string }
  /** The gate is asked to link; nothing can be called off. */
  | { readonly name: 'linking'; readonly ticket: string }
  | { readonly name: 'question'; readonly ticket: string; readonly band: Band; readonly question: Question }
  /** It is linked; the pass goes onto it. */
  | { readonly name: 'writing'; readonly ticket: string }
  | { readonly name: 'done'; readonly saying: StaffSaying }
  /** It is linked, and its pass is not on it, which can be tried again. */
  | { readonly name: 'unwritten'; readonly ticket: string; readonly saying: StaffSaying }
  | { readonly name: 'failed'; readonly why: Problem };

/** As the gate says it. */
interface PassAnswer extends Required<StaffSaying> {
  readonly pass: 'written' | 'not-written';
  readonly why?: string;
  readonly next: 'wait' | 'retry';
}

/** How long "linked" stands before it makes room, longer where there is more to read; a scan does not wait for it. */
const donePauseMs = { written: 2_500, 'not-written': 6_000 } as const;
const signOffMsMax = 5_000;
const cardPrefix = 'PS1:';

export const step = signal<Step>({ name: 'sign-on' });
export const shift = signal<Shift | undefined>(undefined);
/** Since signing on. */
export const given = signal(0);

/** One reader of several: `/desk/?reader=ID`. */
const reader = new URLSearchParams(location.search).get('reader') ?? undefined;
/** What is under way; a new step ends it. */
let current = new AbortController();

function begin(next: Step): AbortSignal {
  current.abort();
  current = new AbortController();
  unanswered.value = false;
  step.value = next;
  return current.signal;
}

export const isCard = (who: string): boolean => who.trim().toUpperCase().startsWith(cardPrefix);

export async function signOn(who: string, pin: string): Promise<void> {
  if (step.value.name === 'sign-on' && step.value.busy) return;
  const until = begin({ name: 'sign-on', busy: true });
  const name = isCard(who) ? { code: who.trim().toUpperCase() } : { operator: who.trim().toLowerCase() };
  const answer = await ask<Shift>('/sign-on', { ...name, pin: pin.trim() }, until);
  if (answer === undefined) return;
  if (!answer.ok || answer.value === undefined) {
    const why = answer.ok ? { type: 'internal' } : answer.error;
    // Of a form that no operator or PIN has.
    begin({ name: 'sign-on', why: why.type === 'request-invalid' ? { type: 'pin-wrong' } : why });
    return;
  }
  if (shift.value?.operator !== answer.value.operator) given.value = 0;
  shift.value = answer.value;
  begin({ name: 'ticket' });
}

/** Nothing of the shift stays here, whether the gate can be told or not: there it ends by itself, too. */
export function signOff(): void {
  const session = shift.value?.session;
  shift.value = undefined;
  given.value = 0;
  begin({ name: 'sign-on' });
  if (session !== undefined) void askOnce('/sign-off', { session }, AbortSignal.timeout(signOffMsMax));
}

/** The scanner's or the person's Enter. A ticket begins anew with it, whatever was asked; nothing typed is the step's own yes. */
export function enter(text: string): void {
  const ticket = text.trim();
  const now = step.value;
  if (now.name === 'sign-on' || now.name === 'linking' || now.name === 'writing') return;
  if (ticket === '') {
    if (now.name === 'question') void agree(now);
    else if (now.name === 'unwritten') void takeBand(now.ticket, true);
    else if (now.name === 'done' || now.name === 'failed') begin({ name: 'ticket' });
    return;
  }
  // Scanners deliver twice.
  if (now.name === 'band' && now.ticket === ticket) return;
  void takeBand(ticket);
}

/** Calls off, says no, or has read it. */
export function escape(): void {
  const { name } = step.value;
  if (name === 'sign-on') begin({ name: 'sign-on' });
  else if (name !== 'linking' && name !== 'writing') begin({ name: 'ticket' });
}

const agree = ({ ticket, band, question }: Extract<Step, { readonly name: 'question' }>): Promise<void> =>
  question === 'overwrite' ? writePass(ticket, band, true) : link(ticket, band, { replace: question });

/** `again`: the band of a ticket that has got it already, which counts once. */
async function takeBand(ticket: string, again = false): Promise<void> {
  const until = begin({ name: 'band', ticket });
  for (;;) {
    const session = shift.value?.session;
    const held = await ask<Band>('/next-band', { session, ...(reader === undefined ? {} : { reader }) }, until);
    if (held === undefined) return;
    if (!held.ok) {
      const another = held.error.type === 'no-band-reader' && reader !== undefined;
      return fail(another ? { type: 'no-such-reader' } : held.error);
    }
    if (held.value !== undefined) return link(ticket, held.value, { again });
  }
}

interface Linking {
  readonly replace?: Exclude<Question, 'overwrite'>;
  readonly again?: boolean;
}

async function link(ticket: string, { medium, id }: Band, { replace, again = false }: Linking): Promise<void> {
  const until = begin({ name: 'linking', ticket });
  const session = shift.value?.session;
  const action = { type: 'bind-band', text: ticket, medium, id };
  const linked = await ask<BandOutcome>(
    '',
    { session, action: { ...action, ...(replace === undefined ? {} : { replace }) } },
    until,
  );
  if (linked === undefined) return;
  if (!linked.ok) {
    const question = replace === undefined ? questionOf(linked.error) : undefined;
    if (question === undefined) return fail(linked.error);
    begin({ name: 'question', ticket, band: { medium, id }, question });
    return;
  }
  const readBack = await ask<BandOutcome>('', { session, action }, until);
  if (readBack === undefined) return;
  if (!readBack.ok) return fail(readBack.error);
  if (readBack.value === undefined || readBack.value.mark !== undefined) return fail({ type: 'not-recorded' });
  if (!again) given.value++;
  return writePass(ticket, { medium, id }, false);
}

async function writePass(ticket: string, band: Band, overwrite: boolean): Promise<void> {
  const until = begin({ name: 'writing', ticket });
  const session = shift.value?.session;
  const answer = await ask<PassAnswer>('/write-pass', { session, text: ticket, ...band, overwrite }, until);
  if (answer === undefined) return;
  if (!answer.ok || answer.value === undefined) return fail(answer.ok ? { type: 'internal' } : answer.error);
  const { pass, why, next, ...saying } = answer.value;
  if (next === 'wait') {
    const shown = begin({ name: 'done', saying });
    setTimeout(() => shown.aborted || begin({ name: 'ticket' }), donePauseMs[pass]);
  } else if (why === 'band-holds-other' && shift.value?.role === 'supervisor')
    begin({ name: 'question', ticket, band, question: 'overwrite' });
  else begin({ name: 'unwritten', ticket, saying });
}

/** A steward is not asked what only a supervisor may answer. */
function questionOf({ type }: Problem): Linking['replace'] {
  if (type === 'ticket-has-its-bands') return 'lost-band';
  return type === 'band-of-another-ticket' && shift.value?.role === 'supervisor' ? 'other-ticket' : undefined;
}

function fail(why: Problem): void {
  if (why.type === 'signed-off') begin({ name: 'sign-on', why });
  else begin({ name: 'failed', why });
}

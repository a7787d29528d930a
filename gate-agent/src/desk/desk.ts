// The desk's way from one visitor to the next: ticket, band, linked, and what can come between. Session and codes live in this page's
// memory only. The gate decides and writes; it is asked twice, so that "linked" is what its record says.
import { signal } from '@preact/signals';
import type { BandOutcome, Shift, TagMedium } from '@postern/shared';
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
  | { readonly name: 'done' }
  | { readonly name: 'failed'; readonly why: Problem };

/** How long "linked" stands before it makes room; a scan does not wait for it. */
const donePauseMs = 2_500;
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
  if (now.name === 'sign-on' || now.name === 'linking') return;
  if (ticket === '') {
    if (now.name === 'question') void link(now.ticket, now.band, now.question);
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
  if (name === 'band' || name === 'question' || name === 'done' || name === 'failed') begin({ name: 'ticket' });
  else if (name === 'sign-on') begin({ name: 'sign-on' });
}

async function takeBand(ticket: string): Promise<void> {
  const until = begin({ name: 'band', ticket });
  for (;;) {
    const session = shift.value?.session;
    const held = await ask<Band>('/next-band', { session, ...(reader === undefined ? {} : { reader }) }, until);
    if (held === undefined) return;
    if (!held.ok) {
      const another = held.error.type === 'no-band-reader' && reader !== undefined;
      return fail(another ? { type: 'no-such-reader' } : held.error);
    }
    if (held.value !== undefined) return link(ticket, held.value);
  }
}

async function link(ticket: string, { medium, id }: Band, replace?: Question): Promise<void> {
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
  given.value++;
  const shown = begin({ name: 'done' });
  setTimeout(() => shown.aborted || begin({ name: 'ticket' }), donePauseMs);
}

/** A steward is not asked what only a supervisor may answer. */
function questionOf({ type }: Problem): Question | undefined {
  if (type === 'ticket-has-its-bands') return 'lost-band';
  return type === 'band-of-another-ticket' && shift.value?.role === 'supervisor' ? 'other-ticket' : undefined;
}

function fail(why: Problem): void {
  if (why.type === 'signed-off') begin({ name: 'sign-on', why });
  else begin({ name: 'failed', why });
}

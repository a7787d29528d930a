// How what staff have asked for is turned down: one problem each, with its status, and for a refused ticket the sentence for staff.
import { staffLanguages, stewardText, type Refusal, type StewardError } from '@postern/shared';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import { problem } from './problem.ts';

/** Whatever is no JSON object is an empty one, which no schema takes. */
export async function readBody(context: Context): Promise<object> {
  const body: unknown = await context.req.json().catch(() => undefined);
  return typeof body === 'object' && body !== null ? body : {};
}

export function invalid(context: Context, title: string, { issues }: z.ZodError): Response {
  const listed = issues.slice(0, 10).map(({ path, message }) => ({ path: path.join('.'), message }));
  return problem(context, 400, 'request-invalid', title, { issues: listed });
}

const statuses: Readonly<Record<StewardError['type'], readonly [status: ContentfulStatusCode, title: string]>> = {
  'pin-wrong': [401, 'Operator or PIN is wrong'],
  'too-many-attempts': [429, 'Too many wrong PINs: wait'],
  'signed-off': [401, 'The shift is over: sign on again'],
  'role-too-low': [403, 'A supervisor has to do that'],
  'lane-unknown': [404, 'This gate has no such lane'],
  'hold-gone': [409, 'Somebody has already answered, or the time was over'],
  'lane-busy': [409, 'The lane is busy: try again in a moment'],
  'lane-closed': [409, 'The lane is closed'],
  'lane-free': [409, 'The lane stands free'],
  'lane-not-free': [409, 'The lane does not stand free'],
  'lane-not-closed': [409, 'The lane was not closed by a person'],
  'lane-under-order': [409, 'An order to the venue keeps the lane as it is: a supervisor lifts it'],
  'no-ticket': [409, 'The lane shows no ticket: scan it again, or give its code'],
  'order-in-force': [409, 'That is ordered already'],
  'order-not-in-force': [409, 'That is not ordered'],
  'rehearsal-in-force': [409, 'This gate rehearses already'],
  'rehearsal-not-in-force': [409, 'This gate does not rehearse: entries count'],
  'clock-untrusted': [409, 'Confirm the time first: a rehearsal has to know when the doors open'],
  'confirmation-gone': [409, 'Confirmed too late, or already: press again'],
  'zone-unknown': [404, 'The event has no such zone'],
  'nothing-to-undo': [409, 'There is no entry of the last ten minutes to take back'],
  'persons-out-of-range': [400, 'That many persons are not possible'],
  'reason-unknown': [400, 'Not a known reason'],
  'time-out-of-range': [400, 'Not a possible time'],
  refused: [409, 'The ticket was refused'],
  'no-ticket-list': [503, 'This gate has no ticket list yet: connect it to the cloud once'],
  'band-of-another-ticket': [
    409,
    'This band belongs to another ticket: take another band, or a supervisor takes it over',
  ],
  'ticket-has-its-bands': [409, 'This ticket has its band already: unless that is lost'],
  'band-reserved': [409, 'Another desk is just giving this band away: take another band'],
  'band-unbound': [404, 'This band belongs to no ticket'],
  'store-failed': [503, 'The gate cannot record anything: nothing was done'],
  'store-stopped': [503, 'The gate cannot record anything: nothing was done'],
};

/** What a refusal's sentence is made of. */
export interface Names {
  readonly gateName: (gate: string) => string;
  /** Of the venue. */
  readonly timeZone: () => string;
}

export function answerError(context: Context, error: StewardError, names: Names): Response {
  const [status, title] = statuses[error.type];
  return problem(context, status, error.type, title, {
    ...('waitMs' in error ? { waitMs: error.waitMs } : {}),
    ...('refusal' in error ? { refusal: describeRefusal(error.refusal, names) } : {}),
    ...('bands' in error ? { bands: error.bands } : {}),
  });
}

/** With the sentence for staff, in every language. */
function describeRefusal(refusal: Refusal, { gateName, timeZone }: Names): object {
  const { type, detail = {} } = refusal;
  const texts = staffLanguages.map((language) => [
    language,
    stewardText(type, detail, { language, timeZone: timeZone(), gateName }),
  ]);
  return { ...refusal, text: Object.fromEntries(texts) };
}

// What staff do at this gate: `POST /steward` with operator and PIN or with the session of a shift, which begins by `/steward/sign-on`
// and ends by `/steward/sign-off`. Types are checked here, rights and PINs by the steward module; the answer is the mark or decision it
// led to, or one problem that says why not.
import {
  bytesToHex,
  declineReasons,
  hexToBytes,
  languages,
  orderQuestion,
  orders,
  overrideReasons,
  presentationTextCharsMax,
  staffCodePattern,
  stewardText,
  undoReasons,
  trueTimeMsMax,
  type Clock,
  type Confirmation,
  type OrdersView,
  type Presentation,
  type Refusal,
  type StaffSignOn,
  type Steward,
  type StewardAction,
  type StewardError,
  type Zone,
} from '@postern/shared';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import type { NextBand } from '../next-band.ts';
import { guardChange } from './guard.ts';
import { problem } from './problem.ts';

export const stewardBodyBytesMax = 8 * 1024;

const lane = z.string().regex(/^[a-z0-9-]{1,32}$/);
const zone = z.string().max(64).default('');
const holdId = z.string().min(1).max(100);

const band = {
  medium: z.enum(['nfc', 'ble']),
  id: z.string().regex(/^([0-9a-f]{2}){1,32}$/),
};

const actionSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('accept-hold'), lane, holdId }),
  z.strictObject({ type: z.literal('decline-hold'), lane, holdId, reason: z.enum(declineReasons) }),
  z.strictObject({
    type: z.literal('override'),
    lane,
    reason: z.enum(overrideReasons),
    persons: z.number().int().min(1).max(20).default(1),
  }),
  z.strictObject({ type: z.literal('undo'), lane, reason: z.enum(undoReasons) }),
  /** `text`: the ticket's code, or its short typed form. */
  z.strictObject({ type: z.literal('pass-out'), lane, text: z.string().min(1).max(presentationTextCharsMax) }),
  /** Without a text: what the lane holds or has just refused. */
  z.strictObject({
    type: z.literal('deny-ticket'),
    lane,
    text: z.string().min(1).max(presentationTextCharsMax).optional(),
  }),
  z.strictObject({ type: z.literal('close-lane'), lane }),
  z.strictObject({ type: z.literal('reopen-lane'), lane }),
  z.strictObject({ type: z.literal('free-lane'), lane }),
  z.strictObject({ type: z.literal('reset-free'), lane }),
  /** Unix ms that the person vouches for; the shown time when absent. */
  z.strictObject({ type: z.literal('confirm-clock'), trueMs: z.number().int().min(0).max(trueTimeMsMax).optional() }),
  /** `zone` empty: all zones. Answers with what it would do, and the token for `confirm-order`. */
  z.strictObject({ type: z.literal('give-order'), order: z.enum(orders), zone }),
  z.strictObject({ type: z.literal('lift-order'), order: z.enum(orders), zone }),
  z.strictObject({ type: z.literal('confirm-order'), token: z.string().regex(/^[0-9a-f]{32}$/) }),
  /** Gives the band to the ticket whose code is `text`. */
  z.strictObject({
    type: z.literal('bind-band'),
    text: z.string().min(1).max(presentationTextCharsMax),
    ...band,
    replace: z.enum(['lost-band', 'other-ticket']).optional(),
  }),
  z.strictObject({ type: z.literal('unbind-band'), ...band }),
]);

const operator = z.string().regex(/^[a-z0-9]{8,16}$/);
const pin = z.string().regex(/^[0-9]{4,12}$/);
const session = z.string().regex(/^[0-9a-f]{48}$/);

const pinRequestSchema = z.strictObject({ operator, pin, action: actionSchema });
const sessionRequestSchema = z.strictObject({ session, action: actionSchema });
const operatorSignOnSchema = z.strictObject({ operator, pin });
const cardSignOnSchema = z.strictObject({ code: z.string().regex(staffCodePattern), pin });
const nextBandSchema = z.strictObject({ session, reader: z.string().max(64).optional() });
const signOffSchema = z.strictObject({ session });

export interface StewardRouteDeps {
  readonly steward: () => Steward;
  readonly signOn: () => StaffSignOn;
  readonly orders: () => OrdersView;
  readonly zones: () => readonly Zone[];
  readonly gateName: (gate: string) => string;
  /** Of the venue. */
  readonly timeZone: () => string;
  readonly clock: Clock;
  readonly nextBand: NextBand;
}

/** Nobody holds a request open for longer; who waits asks again. */
const bandWaitMsMax = 20_000;

export function createStewardRoute(deps: StewardRouteDeps): Hono {
  const { steward, signOn, clock } = deps;
  const routes = new Hono();
  const limit = bodyLimit({
    maxSize: stewardBodyBytesMax,
    onError: (context) => problem(context, 413, 'body-too-large', `At most ${stewardBodyBytesMax} bytes`),
  });
  routes.use(guardChange, limit);

  routes.post('/', async (context) => {
    const body = await readBody(context);
    const request = ('session' in body ? sessionRequestSchema : pinRequestSchema).safeParse(body);
    if (!request.success) return invalid(context, 'This is not a steward action', request.error);
    const { action, ...credentials } = request.data;
    const result = await steward().act(credentials, toAction(action, clock), context.req.raw.signal);
    if (!result.ok) return answerError(context, result.error, deps);
    const { confirmation, orders: given, ...outcome } = result.value;
    return context.json({
      ...outcome,
      ...(confirmation === undefined ? {} : { confirmation: describeConfirmation(confirmation, deps) }),
      ...(given === undefined ? {} : deps.orders()),
    });
  });
  routes.post('/sign-on', async (context) => {
    const body = await readBody(context);
    const request = ('code' in body ? cardSignOnSchema : operatorSignOnSchema).safeParse(body);
    if (!request.success) return invalid(context, 'Sign on with operator or code, and PIN', request.error);
    const { pin: given, ...name } = request.data;
    const shift = await signOn().signOn(name, given);
    return shift.ok ? context.json(shift.value) : answerError(context, shift.error, deps);
  });
  /** The next band that is held to a reader, for whoever has signed on; 204 when there was none for a while. */
  routes.post('/next-band', async (context) => {
    const request = nextBandSchema.safeParse(await readBody(context));
    if (!request.success) return invalid(context, 'Ask with the session of a shift', request.error);
    const by = await signOn().check({ session: request.data.session });
    if (!by.ok) return answerError(context, by.error, deps);
    const signal = AbortSignal.any([context.req.raw.signal, AbortSignal.timeout(bandWaitMsMax)]);
    const held = await deps.nextBand(request.data.reader, signal);
    if (held === undefined) return context.body(null, 204);
    if (held === 'none')
      return problem(
        context,
        404,
        'no-band-reader',
        'This gate has no such reader for wristbands: see pcsc:// and ble:// in gate.toml',
      );
    return context.json({ ...held, id: bytesToHex(held.id) });
  });
  routes.post('/sign-off', async (context) => {
    const request = signOffSchema.safeParse(await readBody(context));
    if (!request.success) return invalid(context, 'Sign off with the session', request.error);
    signOn().signOff(request.data.session);
    return context.body(null, 204);
  });
  return routes;
}

/** Whatever is no JSON object is an empty one, which no schema takes. */
async function readBody(context: Context): Promise<object> {
  const body: unknown = await context.req.json().catch(() => undefined);
  return typeof body === 'object' && body !== null ? body : {};
}

function invalid(context: Context, title: string, { issues }: z.ZodError): Response {
  const listed = issues.slice(0, 10).map(({ path, message }) => ({ path: path.join('.'), message }));
  return problem(context, 400, 'request-invalid', title, { issues: listed });
}

/** With names and with the sentence that the person confirms, in every language. */
function describeConfirmation(
  confirmation: Confirmation,
  { zones, gateName }: Pick<StewardRouteDeps, 'zones' | 'gateName'>,
): object {
  const { zone: zoneId, gates } = confirmation;
  const zoneName = zoneId === '' ? undefined : (zones().find(({ id }) => id === zoneId)?.name ?? zoneId);
  const texts = languages.map((language) => [language, orderQuestion(confirmation, zoneName, gates.length, language)]);
  return {
    ...confirmation,
    gates: gates.map((id) => ({ id, name: gateName(id) })),
    text: Object.fromEntries(texts),
  };
}

function toAction(action: z.infer<typeof actionSchema>, clock: Clock): StewardAction {
  const typed = (text: string): Presentation => ({
    medium: 'typed',
    text,
    readerId: 'steward',
    seenAtMs: clock.monotonicMs(),
  });
  if (action.type === 'pass-out') return { type: action.type, lane: action.lane, presentation: typed(action.text) };
  if (action.type === 'deny-ticket')
    return {
      type: action.type,
      lane: action.lane,
      ...(action.text === undefined ? {} : { presentation: typed(action.text) }),
    };
  if (action.type === 'confirm-clock')
    return action.trueMs === undefined ? { type: action.type } : { type: action.type, trueMs: action.trueMs };
  if (action.type === 'bind-band')
    return {
      type: action.type,
      presentation: typed(action.text),
      medium: action.medium,
      id: idOf(action),
      ...(action.replace === undefined ? {} : { replace: action.replace }),
    };
  if (action.type === 'unbind-band') return { type: action.type, medium: action.medium, id: idOf(action) };
  return action;
}

const idOf = ({ id }: { readonly id: string }): Uint8Array => hexToBytes(id) ?? new Uint8Array(0);

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
  'band-unbound': [404, 'This band belongs to no ticket'],
  'store-failed': [503, 'The gate cannot record anything: nothing was done'],
  'store-stopped': [503, 'The gate cannot record anything: nothing was done'],
};

type Names = Pick<StewardRouteDeps, 'gateName' | 'timeZone'>;

function answerError(context: Context, error: StewardError, names: Names): Response {
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
  const texts = languages.map((language) => [
    language,
    stewardText(type, detail, { language, timeZone: timeZone(), gateName }),
  ]);
  return { ...refusal, text: Object.fromEntries(texts) };
}

// What staff do at this gate: `POST /steward` with operator and PIN or with the session of a shift, which begins by `/steward/sign-on`
// and ends by `/steward/sign-off`. Types are checked here, rights and PINs by the steward module; the answer is the mark or decision it
// led to, or one problem that says why not.
import {
  declineReasons,
  hexToBytes,
  staffLanguages,
  orderQuestion,
  orders,
  overrideReasons,
  presentationTextCharsMax,
  recountedPersonsMax,
  staffCodePattern,
  undoReasons,
  trueTimeMsMax,
  type Clock,
  type Confirmation,
  type OrdersView,
  type Presentation,
  type StewardAction,
  type Zone,
} from '@postern/shared';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { bandFields, createBandRoute, sessionSchema, type BandRouteDeps } from './band-route.ts';
import { guardChange } from './guard.ts';
import { problem } from './problem.ts';
import { answerError, invalid, readBody } from './steward-problem.ts';

export const stewardBodyBytesMax = 8 * 1024;

const lane = z.string().regex(/^[a-z0-9-]{1,32}$/);
const zone = z.string().max(64).default('');
const holdId = z.string().min(1).max(100);

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
  /** What a person has counted in a zone of this gate's event. */
  z.strictObject({
    type: z.literal('recount-zone'),
    zone: z.string().min(1).max(64),
    persons: z.number().int().min(0).max(recountedPersonsMax),
  }),
  /** `zone` empty: all zones. Answers with what it would do, and the token for `confirm-order`. */
  z.strictObject({ type: z.literal('give-order'), order: z.enum(orders), zone }),
  z.strictObject({ type: z.literal('lift-order'), order: z.enum(orders), zone }),
  z.strictObject({ type: z.literal('confirm-order'), token: z.string().regex(/^[0-9a-f]{32}$/) }),
  z.strictObject({ type: z.literal('begin-rehearsal') }),
  z.strictObject({ type: z.literal('leave-rehearsal') }),
  /** Gives the band to the ticket whose code is `text`. */
  z.strictObject({
    type: z.literal('bind-band'),
    text: z.string().min(1).max(presentationTextCharsMax),
    ...bandFields,
    replace: z.enum(['lost-band', 'other-ticket']).optional(),
  }),
  z.strictObject({ type: z.literal('unbind-band'), ...bandFields }),
]);

const operator = z.string().regex(/^[a-z0-9]{8,16}$/);
const pin = z.string().regex(/^[0-9]{4,12}$/);

const pinRequestSchema = z.strictObject({ operator, pin, action: actionSchema });
const sessionRequestSchema = z.strictObject({ session: sessionSchema, action: actionSchema });
const operatorSignOnSchema = z.strictObject({ operator, pin });
const cardSignOnSchema = z.strictObject({ code: z.string().regex(staffCodePattern), pin });
const signOffSchema = z.strictObject({ session: sessionSchema });

export interface StewardRouteDeps extends BandRouteDeps {
  readonly orders: () => OrdersView;
  readonly zones: () => readonly Zone[];
  readonly clock: Clock;
  /** Somebody of the staff has done something at a lane. */
  readonly actedAt: (lane: string) => void;
}

export function createStewardRoute(deps: StewardRouteDeps): Hono {
  const { steward, signOn, clock } = deps;
  const routes = new Hono();
  const limit = bodyLimit({
    maxSize: stewardBodyBytesMax,
    onError: (context) => problem(context, 413, 'body-too-large', `At most ${stewardBodyBytesMax} bytes`),
  });
  routes.use(guardChange, limit);
  routes.route('/', createBandRoute(deps));

  routes.post('/', async (context) => {
    const body = await readBody(context);
    const request = ('session' in body ? sessionRequestSchema : pinRequestSchema).safeParse(body);
    if (!request.success) return invalid(context, 'This is not a steward action', request.error);
    const { action, ...credentials } = request.data;
    const result = await steward().act(credentials, toAction(action, clock), context.req.raw.signal);
    if (!result.ok) return answerError(context, result.error, deps);
    if ('lane' in action) deps.actedAt(action.lane);
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
  routes.post('/sign-off', async (context) => {
    const request = signOffSchema.safeParse(await readBody(context));
    if (!request.success) return invalid(context, 'Sign off with the session', request.error);
    signOn().signOff(request.data.session);
    return context.body(null, 204);
  });
  return routes;
}

/** With names and with the sentence that the person confirms, in every language. */
function describeConfirmation(
  confirmation: Confirmation,
  { zones, gateName }: Pick<StewardRouteDeps, 'zones' | 'gateName'>,
): object {
  const { zone: zoneId, gates } = confirmation;
  const zoneName = zoneId === '' ? undefined : (zones().find(({ id }) => id === zoneId)?.name ?? zoneId);
  const texts = staffLanguages.map((language) => [
    language,
    orderQuestion(confirmation, zoneName, gates.length, language),
  ]);
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

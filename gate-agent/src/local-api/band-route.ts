// The band desk's own requests, for whoever has signed on: the next band that is held to a reader, and the pass onto the one in hand.
import {
  bytesToHex,
  hexToBytes,
  presentationTextCharsMax,
  type Clock,
  type StaffSignOn,
  type Steward,
} from '@postern/shared';
import { Hono } from 'hono';
import { z } from 'zod';
import type { NextBand } from '../bands/next-band.ts';
import { sayPass } from '../bands/outcome-texts.ts';
import type { WritePass } from '../bands/write-pass.ts';
import { problem } from './problem.ts';
import { answerError, invalid, readBody, type Names } from './steward-problem.ts';

export interface BandRouteDeps extends Names {
  readonly steward: () => Steward;
  readonly signOn: () => StaffSignOn;
  readonly clock: Clock;
  readonly nextBand: NextBand;
  readonly writePass: WritePass;
}

/** How a request names a band. */
export const bandFields = {
  medium: z.enum(['nfc', 'ble']),
  id: z.string().regex(/^([0-9a-f]{2}){1,32}$/),
};
export const sessionSchema = z.string().regex(/^[0-9a-f]{48}$/);

const nextBandSchema = z.strictObject({ session: sessionSchema, reader: z.string().max(64).optional() });
const writePassSchema = z.strictObject({
  session: sessionSchema,
  /** The ticket's code. */
  text: z.string().min(1).max(presentationTextCharsMax),
  ...bandFields,
  /** What somebody else has written on the band may go; for supervisors. */
  overwrite: z.boolean().default(false),
});

/** Nobody holds a request open for longer; who waits asks again. */
const bandWaitMsMax = 20_000;

/** Under `/steward`, guarded there. */
export function createBandRoute(deps: BandRouteDeps): Hono {
  const { steward, signOn, clock } = deps;
  const routes = new Hono();

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
  /** Onto a band that the record gives to this ticket, and no other. 200 also where there is no pass then, with the reason. */
  routes.post('/write-pass', async (context) => {
    const request = writePassSchema.safeParse(await readBody(context));
    if (!request.success) return invalid(context, 'Name session, ticket and band', request.error);
    const { session, text, medium, id: idText, overwrite } = request.data;
    const by = await signOn().check({ session });
    if (!by.ok) return answerError(context, by.error, deps);
    if (overwrite && by.value.role !== 'supervisor') return answerError(context, { type: 'role-too-low' }, deps);
    const id = hexToBytes(idText) ?? new Uint8Array(0);
    const presentation = { medium: 'typed', text, readerId: 'steward', seenAtMs: clock.monotonicMs() } as const;
    const bound = await steward().act(
      { session },
      { type: 'bind-band', presentation, medium, id },
      context.req.raw.signal,
    );
    if (!bound.ok) return answerError(context, bound.error, deps);
    const { ticketId = '' } = bound.value;
    const outcome = await deps.writePass({ ticketId, medium, id, by: by.value, overwrite });
    return context.json({
      pass: outcome.ok ? 'written' : 'not-written',
      ...(outcome.ok ? {} : { why: outcome.error.type }),
      ...sayPass(outcome),
    });
  });
  return routes;
}

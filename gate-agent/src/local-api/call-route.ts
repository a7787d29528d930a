// `POST /call`: somebody at a lane's screen asks for staff, or staff say that they are there. Nobody signs on for it: it opens nothing, and who
// stands before the screen is who it is for.
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { StaffCalls } from '../staff-calls.ts';
import { guardChange } from './guard.ts';
import { problem } from './problem.ts';
import { invalid, readBody } from './steward-problem.ts';

const bodyBytesMax = 1_024;
const callSchema = z.strictObject({
  lane: z.string().regex(/^[a-z0-9-]{1,32}$/),
  /** True: staff are there. */
  answered: z.boolean().default(false),
});

export function createCallRoute(calls: StaffCalls): Hono {
  const routes = new Hono();
  const limit = bodyLimit({
    maxSize: bodyBytesMax,
    onError: (context) => problem(context, 413, 'body-too-large', `At most ${bodyBytesMax} bytes`),
  });
  routes.post('/', guardChange, limit, async (context) => {
    const request = callSchema.safeParse(await readBody(context));
    if (!request.success) return invalid(context, 'This is not a call for staff', request.error);
    const { lane, answered } = request.data;
    if (answered) calls.answer(lane);
    else if (!calls.call(lane).ok) return problem(context, 404, 'lane-unknown', 'This gate has no such lane');
    return context.body(null, 204);
  });
  return routes;
}

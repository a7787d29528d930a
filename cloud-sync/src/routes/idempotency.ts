// Idempotency-Key on every POST of people and programs: the same key with the same request is answered as the first time, with another
// request it is refused. Success is kept for a day; a refusal (4xx) changed nothing and frees the key.
//
// A route marked `exactlyOnce` keeps its answer in the transaction of its work (`answerOnce`): after a crash the work is done with its
// answer, or not done and the key can be used again. Every other route is done at most once: an answer that a crash or an error has cut
// off is not made up for by doing it again.
import { batchBodyBytesMax, bytesToHex, ok, sha256, utf8 } from '@postern/shared';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { matchedRoutes } from 'hono/route';
import type { StatusCode } from 'hono/utils/http-status';
import type { Actor } from '../services/actor.ts';
import type { Answer, Idempotency } from '../services/idempotency.ts';
import type { During, Within } from '../services/tickets.ts';
import type { TicketView } from '../services/ticket-views.ts';
import type { AuditAddition } from '../services/audit.ts';
import { problem, type Environment, type RouteContext } from './context.ts';
import { mayActEverywhere, mayActIn } from './enforce-access.ts';

export const idempotencyHeader = 'Idempotency-Key';
/** On an answer that is a repetition. */
const replayedHeader = 'Idempotency-Replayed';
/** Headers that belong to an answer and are kept with it. */
const keptHeaders = ['Content-Type', 'ETag', 'Location', 'Cache-Control'] as const;

/** Marks a route whose handler answers by `answerOnce`. */
export const exactlyOnce: MiddlewareHandler<Environment> = (_c, next) => next();

export function idempotent(idempotency: Idempotency): MiddlewareHandler<Environment> {
  const limit = bodyLimit({ maxSize: batchBodyBytesMax, onError: (c) => problem(c, { type: 'body-too-large' }) });
  return async (c, next) => {
    const header = c.req.method === 'POST' ? c.req.header(idempotencyHeader) : undefined;
    const routes = header === undefined ? [] : matchedRoutes(c).filter((route) => route.method === 'POST');
    const route = routes.at(-1)?.path;
    const actor = c.get('actor') as Actor | undefined;
    // Routes for anyone and for gates have no actor here: nobody's keys.
    if (header === undefined || route === undefined || actor === undefined) return next();
    const key = readKey(header);
    if (key === undefined) return problem(c, { type: 'idempotency-key-malformed' });
    return limit(c, async () => {
      const isMarked = routes.some(({ handler }) => handler === exactlyOnce);
      const claimed = await idempotency.claim({
        actor: `${actor.kind}/${actor.id}`,
        route: `POST ${route}`,
        key,
        requestHash: await hashRequest(c),
        exactlyOnce: isMarked,
      });
      if (!claimed.ok) c.res = problem(c, claimed.error);
      else if (claimed.value.type === 'repeat') c.res = repeat(c, claimed.value.answer);
      else {
        const { claim } = claimed.value;
        c.set('claim', claim);
        await next();
        const { status } = c.res;
        if ((status >= 400 && status < 500) || (status >= 500 && isMarked)) await claim.release();
        else await claim.complete(await readResponse(c));
      }
    });
  };
}

/**
 * The answer to a change of tickets, made once: in the transaction of the change where a key asks for it to be kept, else after it. The
 * route is marked `exactlyOnce`. What was done goes into the audit log in the same transaction.
 */
export function answerOnce(
  c: RouteContext,
  make: (tickets: readonly TicketView[], within?: Within) => Promise<Answer>,
): { readonly during: During; readonly answer: (tickets: readonly TicketView[]) => Promise<Response> } {
  const claim = c.get('claim');
  let made: Answer | undefined;
  return {
    during: async (within, tickets) => {
      if (claim !== undefined) {
        made = await make(tickets, within);
        const kept = await claim.keep(within.queries, { ...made, events: [...c.get('eventsAskedAbout')] });
        if (!kept.ok) return kept;
      }
      await c.get('audit')?.record(within.queries, aboutTickets(tickets));
      return ok(undefined);
    },
    answer: async (tickets) => {
      return give(c, made ?? (await make(tickets)));
    },
  };
}

/** One ticket by its id, a batch by its size. */
function aboutTickets([first, ...more]: readonly TicketView[]): AuditAddition {
  if (first === undefined) return {};
  const which = more.length === 0 ? { ticket: first.id } : { details: { tickets: more.length + 1 } };
  return { event: first.event, ...which };
}

/** An RFC 8941 string, as the draft has it, or the bare text that most clients send; undefined for anything else. */
function readKey(header: string): string | undefined {
  const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"$/.exec(header)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(["\\])/g, '$1');
  return /^[\x21\x23-\x7e]{1,255}$/.test(header) ? header : undefined;
}

async function hashRequest(c: RouteContext): Promise<string> {
  const { pathname, search } = new URL(c.req.url);
  const bytes = await c.req.arrayBuffer();
  // What is read is gone; the route's own bound has to find it again.
  if (c.req.raw.body !== null) c.req.raw = new Request(c.req.raw, { method: c.req.method, body: bytes });
  const body = bytesToHex(sha256(new Uint8Array(bytes)));
  return bytesToHex(sha256(utf8(`${c.req.method} ${pathname.replace(/\/$/, '')}${search}\n${body}`)));
}

async function readResponse(c: RouteContext): Promise<Answer> {
  const headers = keptHeaders.flatMap((name): [string, string][] => {
    const value = c.res.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  return { status: c.res.status, headers, body: await c.res.clone().text(), events: [...c.get('eventsAskedAbout')] };
}

function repeat(c: RouteContext, kept: Answer): Response {
  const refused = (kept.events ?? [])
    .map((event) => (event === 'all' ? mayActEverywhere(c) : mayActIn(c, event)))
    .find((failure) => failure !== undefined);
  if (refused !== undefined) return problem(c, refused);
  return give(c, { ...kept, headers: [...kept.headers, [replayedHeader, 'true']] });
}

/** With the headers that every answer has. */
const give = (c: RouteContext, { status, headers, body }: Answer): Response =>
  c.newResponse(status === 204 ? null : body, status as StatusCode, Object.fromEntries(headers));

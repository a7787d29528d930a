// What every route shares: the kind of context, the services it may use, and how a failure becomes a problem (RFC 9457).
import { problemContentType, type Logger, type Problem } from '@postern/shared';
import { Hono, type Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { problemStatuses, problemTitle, type Failure } from '../services/problems.ts';
import type { Actor } from '../services/actor.ts';
import type { AuditActor } from '../services/audit.ts';
import type { Claim } from '../services/idempotency.ts';
import type { Gate } from '../services/devices.ts';
import type { Holder } from '../services/holders.ts';
import type { AccessRow } from './access.ts';
import type { RequestAudit } from './audit-requests.ts';

export interface Variables {
  /** By `logRequests`. */
  requestId: string;
  /** The network address that asks (senderOf). */
  sender: string;
  /** The row of the authorisation table for this route. */
  access: AccessRow;
  /** The parameters of its path. */
  params: Readonly<Record<string, string>>;
  /** Who is asking: set for every route but those for `anyone`. */
  actor: Actor;
  /** Asks the table again, for answers that go on: signed out, or without the role, somebody gets no more. */
  isStillAllowed: () => Promise<boolean>;
  /** By `mayActIn` and `mayActEverywhere`. */
  eventsAskedAbout: readonly (number | 'all')[];
  /** The entry that this request leaves in the audit log; absent where it leaves none. */
  audit?: RequestAudit;
  /** Set by `requireGate`, with the body its token was made for. */
  gate: Gate;
  body: Uint8Array;
  /** Set by `requireHolder`. */
  holder: Holder;
  /** Set by `idempotent` where the request has a key. */
  claim?: Claim;
}
export interface Environment {
  Variables: Variables;
}
export type RouteContext = Context<Environment>;

/** Who asks, as an entry of the audit log names them. */
export function auditActorOf(c: RouteContext): AuditActor {
  const { kind, id, name } = c.get('actor');
  return { kind, id, name };
}

/** Paths mean the same with and without a slash at the end. */
export const createRouter = (): Hono<Environment> => new Hono<Environment>({ strict: false });

/** Whoever is refused for now learns for how long. */
const retryAfterSUnlessSaid = 5;

/** A failure as application/problem+json. */
export function problem(c: Context, failure: Failure, issues?: Problem['issues']): Response {
  const status = problemStatuses[failure.type];
  const retryAfterS = failure.retryAfterS ?? (status === 429 ? retryAfterSUnlessSaid : undefined);
  const body: Problem = {
    type: failure.type,
    title: problemTitle(failure.type),
    status,
    ...(failure.detail === undefined ? {} : { detail: failure.detail }),
    ...(failure.ticket === undefined ? {} : { ticket: failure.ticket }),
    ...(issues === undefined ? {} : { issues }),
  };
  return c.json(body, status as ContentfulStatusCode, {
    'Content-Type': problemContentType,
    ...(retryAfterS === undefined ? {} : { 'Retry-After': String(retryAfterS) }),
  });
}

/** Turns whatever a handler threw into a problem; a bug is logged and told without its details. */
export const createErrorHandler =
  (log: Logger) =>
  (error: Error, c: Context): Response => {
    if (error instanceof HTTPException && error.status < 500)
      return problem(c, { type: error.status === 413 ? 'body-too-large' : 'json-malformed' });
    // Whoever hung up in the middle of a body: nothing is wrong here, and nobody reads the answer.
    if (c.req.raw.signal.aborted && 'code' in error && error.code === 'ECONNRESET')
      return problem(c, { type: 'json-malformed' });
    const { path, method } = c.req;
    const request = (c as RouteContext).get('requestId');
    log.error({ request, path, method, error: error.message, stack: error.stack }, 'a request failed');
    return problem(c, { type: 'internal-error' });
  };

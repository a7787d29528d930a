// Writes the audit log for every route of audited-routes.ts. Where a route's work has a transaction that it can reach, the entry goes into
// `record`, so that both are there or neither; elsewhere it is written right after the work, before the answer leaves. A wrong
// sign-in is recorded too; other refusals changed nothing and leave nothing here, but those of tickets leave marks.
import type { AuditAction } from '@postern/shared';
import type { MiddlewareHandler } from 'hono';
import type { Actor } from '../services/actor.ts';
import type { Audit, AuditActor, AuditAddition, AuditRecord, EntryOf } from '../services/audit.ts';
import type { Queries } from '../store/database.ts';
import { auditedRoutes } from './audited-routes.ts';
import type { Environment, RouteContext } from './context.ts';
import { senderOf } from './sender.ts';

export interface RequestAudit {
  /** For the entry that is written after the work. */
  readonly add: (addition: AuditAddition) => void;
  /** Writes the entry in the transaction of the work, as the last thing in it; then nothing is written after the work. */
  readonly record: (queries: Queries, addition: AuditAddition) => Promise<void>;
  /** The entry as it stands, for who writes it with others in a transaction of their own. */
  readonly take: EntryOf;
}

/** Who is asking where nobody has signed in. */
const nobody: AuditActor = { kind: 'system', id: 'nobody' };
const deviceCharsMax = 256;

export interface AuditRequestsDeps {
  readonly audit: Pick<Audit, 'record'>;
  /** Writes an entry in a transaction of its own. */
  readonly recordAlone: (entry: AuditRecord) => Promise<void>;
}

export function auditRequests({ audit, recordAlone }: AuditRequestsDeps): MiddlewareHandler<Environment> {
  return async (c, next) => {
    const { method, path } = c.get('access');
    const action = auditedRoutes[`${method} ${path}`];
    if (action === undefined) return next();
    let added: AuditAddition = {};
    let isTaken = false;
    const entry = (): AuditRecord => ({ ...entryOf(c, action), ...added });
    const add = (addition: AuditAddition): void => {
      added = { ...added, ...addition };
    };
    const take = (addition: AuditAddition): AuditRecord => {
      add(addition);
      isTaken = true;
      return entry();
    };
    c.set('audit', { add, take, record: (queries, addition) => audit.record(queries, take(addition)) });
    await next();
    const isDone = c.res.status < 400;
    const isWrongSignIn = action === 'sign-in' && (c.res.status === 401 || c.res.status === 403);
    if (isTaken || !(isDone || isWrongSignIn)) return undefined;
    if (isWrongSignIn) add({ action: 'sign-in-failed', reason: `${c.res.status}` });
    await recordAlone(entry());
    return undefined;
  };
}

export const auditActorOf = ({ kind, id, name }: Actor): AuditActor => ({ kind, id, name });

function entryOf(c: RouteContext, action: AuditAction): AuditRecord {
  const { event, ticket, method, gate, user, client, key, operator, webhook } = c.get('params');
  const actor = c.get('actor') as Actor | undefined;
  const asked = c.get('eventsAskedAbout').find((one) => one !== 'all');
  const about = event === undefined ? asked : Number(event);
  const subject = user ?? client ?? key ?? operator ?? webhook;
  // Whoever has just gone leaves only the id that nobody has any more.
  const isGone = action === 'user-deleted';
  const device = isGone ? undefined : c.req.header('User-Agent')?.slice(0, deviceCharsMax);
  return {
    action,
    actor: actor === undefined ? nobody : isGone ? { kind: actor.kind, id: actor.id } : auditActorOf(actor),
    ...(isGone ? {} : { address: senderOf(c) }),
    ...(about === undefined ? {} : { event: about }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(method === undefined ? {} : { method }),
    ...(gate === undefined ? {} : { gate }),
    ...(subject === undefined ? {} : { subject }),
    requestId: c.get('requestId'),
    ...(device === undefined ? {} : { device }),
  };
}

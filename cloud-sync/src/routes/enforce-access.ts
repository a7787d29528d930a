// The one place that enforces the authorisation table (access.ts): a middleware before every route, and the proof at start that
// table and routes are the same list. What has no row is refused.
import { assert } from '@postern/shared';
import type { Context, Hono, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { Actor } from '../services/actor.ts';
import { problemStatuses, type Failure } from '../services/problems.ts';
import type { Subjects } from '../services/subjects.ts';
import { accessTable, refusalOf, type AccessRow, type Subject } from './access.ts';
import { problem, type Environment, type RouteContext } from './context.ts';
import { parseEvent } from './input.ts';

export interface AccessDeps {
  /** Who is asking; a problem when they cannot be told. */
  readonly identify: (c: RouteContext) => Promise<Actor | Failure>;
  readonly subjects: Subjects;
  readonly table?: readonly AccessRow[];
}

/** What a request matches: its row, and the parameters of its path. */
export interface RouteFound {
  readonly row: AccessRow;
  readonly params: Readonly<Record<string, string>>;
}

const keyOf = (route: { readonly method: string; readonly path: string }): string => `${route.method} ${route.path}`;
const byKey = (table: readonly AccessRow[]): ReadonlyMap<string, AccessRow> =>
  new Map(table.map((row) => [keyOf(row), row]));
/** Middleware is registered for every method; routes are not. */
const everyMethod = 'ALL';

const accessRows = byKey(accessTable);

/** Undefined where there is no route, or none with a row. */
export function findRoute(c: RouteContext, rows: ReadonlyMap<string, AccessRow> = accessRows): RouteFound | undefined {
  const matched = matchedRoutes(c);
  const index = matched.findIndex((route) => route.method !== everyMethod);
  const route = matched[index];
  const row = route === undefined ? undefined : rows.get(keyOf(route));
  return row === undefined ? undefined : { row, params: paramsAt(c, index) };
}

export function enforceAccess({ identify, subjects, table = accessTable }: AccessDeps): MiddlewareHandler<Environment> {
  const rows = byKey(table);
  return async (c, next) => {
    const found = findRoute(c, rows);
    if (found === undefined) return problem(c, { type: 'not-found' });
    const { row, params } = found;
    c.set('access', row);
    c.set('eventsAskedAbout', []);
    c.set('params', params);
    // Gates and holders prove themselves by a token over the whole body, which the route bounds first (assertAccess sees that it does).
    if (typeof row.who === 'string') return next();
    const judge = async (): Promise<Actor | Failure> => {
      const actor = await identify(c);
      if ('type' in actor) return actor;
      const type = refusalOf(row, actor, await subjectOf(row, params, actor, subjects));
      return type === undefined ? actor : { type };
    };
    const actor = await judge();
    if ('type' in actor) {
      if (problemStatuses[actor.type] === 401) challenge(c);
      return problem(c, actor);
    }
    c.set('actor', actor);
    c.set('isStillAllowed', async () => !('type' in (await judge())));
    await next();
    assert(
      row.event !== 'body' || !c.res.ok || c.get('eventsAskedAbout').length > 0,
      'a route whose event is in the body asks mayActIn about it',
    );
    return undefined;
  };
}

/** RFC 6750 3: says how to ask, and whether what was sent is to blame. */
function challenge(c: RouteContext): void {
  const isTokenSent = c.req.header('Authorization') !== undefined;
  c.header('WWW-Authenticate', `Bearer realm="postern"${isTokenSent ? ', error="invalid_token"' : ''}`);
}

/** For rows with `event: 'body'`: a failure unless the actor may do this at that event. */
export function mayActIn(c: RouteContext, event: number): Failure | undefined {
  c.set('eventsAskedAbout', [...c.get('eventsAskedAbout'), event]);
  const refusal = refusalOf(c.get('access'), c.get('actor'), { unknown: 'event-unknown', event });
  return refusal === undefined ? undefined : { type: refusal };
}

/** For rows with `event: 'body'`, where the body names no event: a failure unless the actor may do this at all of them. */
export function mayActEverywhere(c: RouteContext): Failure | undefined {
  c.set('eventsAskedAbout', [...c.get('eventsAskedAbout'), 'all']);
  const actor = c.get('actor');
  return actor.admin || actor.events === 'all' ? undefined : { type: 'role-too-low' };
}

/** The parameters exactly as the route at `index` will see them, whatever its path's encoding. */
function paramsAt(c: Context, index: number): Readonly<Record<string, string>> {
  const own = c.req.routeIndex;
  c.req.routeIndex = index;
  const params = c.req.param();
  c.req.routeIndex = own;
  return params;
}

async function subjectOf(
  row: AccessRow,
  { event, ticket, gate }: Readonly<Record<string, string>>,
  actor: Actor,
  subjects: Subjects,
): Promise<Subject | undefined> {
  if (row.event !== 'own') return undefined;
  const at = (number: number | undefined): Pick<Subject, 'event'> => (number === undefined ? {} : { event: number });
  if (ticket !== undefined) {
    const of = await subjects.eventOfTicket(ticket);
    const isForeign = event !== undefined && parseEvent(event) !== of;
    return {
      unknown: 'ticket-unknown',
      ...at(isForeign ? undefined : of),
      isHolder: !isForeign && (await subjects.ownsTicket(actor, ticket)),
    };
  }
  if (gate !== undefined) {
    const of = parseEvent(event ?? '');
    const isThere = of !== undefined && (await subjects.isGateAt(of, gate));
    return { unknown: 'gate-unknown', ...at(isThere ? of : undefined) };
  }
  return { unknown: 'event-unknown', ...at(parseEvent(event ?? '')) };
}

/**
 * Throws unless every route of `app` has exactly one row and every row a route, rows with `own` name what they are about, and every
 * row for gates or holders runs what checks their token.
 */
export function assertAccess(
  app: Hono<Environment>,
  proofOf: Readonly<Record<'gate' | 'holder', MiddlewareHandler<Environment>>>,
  table: readonly AccessRow[] = accessTable,
): void {
  const rows = byKey(table);
  const routes = app.routes.filter((route) => route.method !== everyMethod);
  const registered = new Set(routes.map(keyOf));
  assert(rows.size === table.length, 'the authorisation table has one row a route');
  for (const key of registered) assert(rows.has(key), `the authorisation table has no row for ${key}`);
  for (const row of table) {
    const key = keyOf(row);
    assert(registered.has(key), `the authorisation table has a row for ${key}, which does not exist`);
    if (row.who === 'gate' || row.who === 'holder') {
      const proof = proofOf[row.who];
      assert(
        routes.some((route) => keyOf(route) === key && route.handler === proof),
        `${key} is for a ${row.who} and must check its token`,
      );
      if (row.who === 'holder') assert(/:holder\b/.test(row.path), `${key} must say in its path whose it is`);
    } else if (row.event === 'own')
      assert(/:(event|ticket)\b/.test(row.path), `${key} must say in its path what it is about`);
  }
}

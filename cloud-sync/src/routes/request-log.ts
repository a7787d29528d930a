// Every request has an id: the one that a proxy has given it, or a new one. It is in the answer, in the log and in the audit log, so that
// they can be laid side by side. The log's line says who asked for which route and how that went, never what was in it.
import { bytesToHex, type Clock, type Logger, type Random } from '@postern/shared';
import type { MiddlewareHandler } from 'hono';
import type { Actor } from '../services/actor.ts';
import type { Metrics } from '../services/metrics.ts';
import { requestKind } from './access.ts';
import type { Environment } from './context.ts';
import { findRoute } from './enforce-access.ts';

export const requestIdHeader = 'X-Request-Id';
const requestIdPattern = /^[A-Za-z0-9._-]{8,64}$/;
const idBytes = 8;

export interface RequestLogDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'observeRequest'>;
  /** Proxies before this service: without one, ids of senders are not taken over. */
  readonly trustedProxies: number;
}

export function logRequests(deps: RequestLogDeps): MiddlewareHandler<Environment> {
  const { clock, random, log, metrics, trustedProxies } = deps;
  return async (c, next) => {
    const given = trustedProxies > 0 ? c.req.header(requestIdHeader) : undefined;
    const request = given !== undefined && requestIdPattern.test(given) ? given : bytesToHex(random(idBytes));
    c.set('requestId', request);
    c.header(requestIdHeader, request);
    const startedMs = clock.monotonicMs();
    await next();
    const ms = clock.monotonicMs() - startedMs;
    const { status } = c.res;
    const row = findRoute(c)?.row;
    const kind = row === undefined ? 'page' : requestKind(row);
    metrics.observeRequest(kind, status, ms / 1_000);
    // Gates ask all the time, and pages are nobody's doing; what fails is said anyway.
    if (status < 500 && (kind === 'page' || kind === 'gate' || kind === 'time')) return;
    const actor = c.get('actor') as Actor | undefined;
    const fields = {
      request,
      route: row === undefined ? c.req.method : `${row.method} ${row.path}`,
      status,
      ms: Math.round(ms * 10) / 10,
      ...(actor === undefined ? {} : { actor: `${actor.kind}/${actor.id}` }),
    };
    log.info(fields, 'request');
  };
}

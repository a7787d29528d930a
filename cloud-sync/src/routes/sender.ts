// The network address of whoever asks, for limits and logs.
import { getConnInfo } from '@hono/node-server/conninfo';
import type { MiddlewareHandler } from 'hono';
import { readAddress } from '../services/network.ts';
import type { Environment, RouteContext } from './context.ts';

/** There is none in tests without a socket. */
const unknown = 'unknown';

export const senderOf = (c: RouteContext): string => c.get('sender');

/**
 * Finds out the address once a request. Each trusted proxy adds to X-Forwarded-For whom it has heard, so with n of them the n-th from
 * the right is the client; what stands before it is whatever the client liked to write.
 */
export const noteSender =
  (trustedProxies: number): MiddlewareHandler<Environment> =>
  (c, next) => {
    c.set('sender', forwardedFor(c, trustedProxies) ?? peerOf(c));
    return next();
  };

function forwardedFor(c: RouteContext, trustedProxies: number): string | undefined {
  const header = c.req.header('X-Forwarded-For');
  if (trustedProxies === 0 || header === undefined) return undefined;
  const hops = header.split(',');
  return readAddress(hops[Math.max(0, hops.length - trustedProxies)] ?? '');
}

function peerOf(c: RouteContext): string {
  const bindings: unknown = c.env;
  if (typeof bindings !== 'object' || bindings === null || !('incoming' in bindings)) return unknown;
  return readAddress(getConnInfo(c).remote.address ?? '') ?? unknown;
}

// The network address of whoever asks, for limits and logs.
import { getConnInfo } from '@hono/node-server/conninfo';
import type { RouteContext } from './context.ts';

/** There is none in tests without a socket. */
export function senderOf(c: RouteContext): string {
  const bindings: unknown = c.env;
  if (typeof bindings !== 'object' || bindings === null || !('incoming' in bindings)) return 'unknown';
  return getConnInfo(c).remote.address ?? 'unknown';
}

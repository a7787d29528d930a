// Puts every request under the limits of rate-limits.ts, by the kind that its row of the authorisation table is of; a new route is
// limited by default. Who has proved who they are is counted as that account or gate and not by an address, so that nobody else at
// a venue's address locks out its gates or its stewards.
import type { MiddlewareHandler } from 'hono';
import type { Limiter } from '../services/limiter.ts';
import { requestKind } from './access.ts';
import { problem, type Environment } from './context.ts';
import { findRoute } from './enforce-access.ts';
import { senderOf } from './sender.ts';

/** Before anybody is known. What turns out to prove nobody counts more. */
export const limitAddresses =
  (limiter: Limiter): MiddlewareHandler<Environment> =>
  async (c, next) => {
    const sender = senderOf(c);
    const row = findRoute(c)?.row;
    const kind = row === undefined ? 'page' : requestKind(row);
    // Gates and holders are counted where they are known (requireGate, requireHolder).
    if (kind === 'gate' || kind === 'holder') return next();
    const spent =
      kind === 'time'
        ? await limiter.take('time', sender)
        : ((await limiter.take('address', sender)) ??
          (kind === 'open' ? await limiter.take('open', `${sender} ${row?.method} ${row?.path}`) : undefined));
    if (spent !== undefined) return problem(c, spent);
    await next();
    if (c.res.status !== 401) return undefined;
    const guessed = await limiter.take('unproven', sender);
    if (guessed !== undefined) c.res = problem(c, guessed);
    return undefined;
  };

/** After the authorisation table has let an account through. */
export const limitAccounts =
  (limiter: Limiter): MiddlewareHandler<Environment> =>
  async (c, next) => {
    const row = c.get('access');
    if (typeof row.who === 'string') return next();
    const kind = requestKind(row);
    const { kind: of, id } = c.get('actor');
    const { ticket } = c.get('params');
    const spent =
      (kind === 'reading' || kind === 'changing' || kind === 'verifying'
        ? await limiter.take(kind, `${of}/${id}`)
        : undefined) ?? (ticket === undefined ? undefined : await limiter.take('ticket', ticket));
    return spent === undefined ? next() : problem(c, spent);
  };

// Who may talk to the gate's own port. The pages need no password, so a web page elsewhere must not be able to reach them through
// the visitor's browser: unknown Host names are refused (DNS rebinding), and whatever changes something must be JSON from our own
// origin (cross-site forms and scripts cannot send that without asking first).
import type { MiddlewareHandler } from 'hono';
import { problem } from './problem.ts';

/** Host header values under which this gate is known. */
export function allowedHosts(listen: string, port: number, extra: readonly string[]): ReadonlySet<string> {
  const anyAddress = listen === '0.0.0.0' || listen === '::';
  const names = [
    '127.0.0.1',
    'localhost',
    '[::1]',
    ...(anyAddress ? [] : [listen.includes(':') ? `[${listen}]` : listen]),
    ...extra,
  ];
  return new Set(
    names.flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])].map((host) => host.toLowerCase())),
  );
}

export const guardHost =
  (hosts: () => ReadonlySet<string>): MiddlewareHandler =>
  async (context, next) => {
    const host = context.req.header('Host')?.toLowerCase() ?? '';
    if (!hosts().has(host))
      return problem(
        context,
        403,
        'host-not-allowed',
        'This gate is not known under that name; add it to local.hosts in its configuration',
      );
    return next();
  };

/** For requests that change something. Programs send no Origin and pass; browsers must be on our own pages. */
export const guardChange: MiddlewareHandler = async (context, next) => {
  const type = context.req.header('Content-Type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') return problem(context, 415, 'json-required', 'Send application/json');
  const origin = context.req.header('Origin');
  const host = context.req.header('Host')?.toLowerCase() ?? '';
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`)
    return problem(context, 403, 'cross-origin', 'Only the pages of this gate may do that');
  const site = context.req.header('Sec-Fetch-Site');
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return problem(context, 403, 'cross-origin', 'Only the pages of this gate may do that');
  return next();
};

/** Headers of every answer: nothing is cached, guessed or loaded from elsewhere; framing only where the venue says so. */
export const secureHeaders =
  (frameAncestors: readonly string[]): MiddlewareHandler =>
  async (context, next) => {
    await next();
    const headers = context.res.headers;
    headers.set('X-Content-Type-Options', 'nosniff');
    headers.set('Referrer-Policy', 'no-referrer');
    headers.set('Cross-Origin-Resource-Policy', 'same-origin');
    headers.set('Cross-Origin-Opener-Policy', 'same-origin');
    headers.set(
      'Content-Security-Policy',
      `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors ${["'self'", ...frameAncestors].join(' ')}`,
    );
    if (!headers.has('Cache-Control')) headers.set('Cache-Control', 'no-store');
  };

// Takes in marks that somebody has brought on a stick, for `gate-agent import` beside a running agent: one sync message a request. Only who
// can read the data folder knows the token; what the message holds is believed by its signatures alone.
import { createHash, timingSafeEqual } from 'node:crypto';
import {
  syncContentType,
  syncMessageBytesMax,
  type ImportedGate,
  type ImportError,
  type Result,
} from '@postern/shared';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { problem } from './problem.ts';

export interface ImportRouteDeps {
  /** From the run file. */
  readonly token: string;
  readonly importMessage: (
    message: Uint8Array,
    from: string,
  ) => Promise<Result<readonly ImportedGate[], ImportError | { readonly type: 'replication-unavailable' }>>;
}

/** What a file may be called; it is kept beside what is put aside. */
const namePattern = /^[A-Za-z0-9._-]{1,64}$/;

export function createImportRoute({ token, importMessage }: ImportRouteDeps): Hono {
  const app = new Hono();
  let busy = false;
  app.use(async (context, next) => {
    if (!isEqual(context.req.header('Authorization') ?? '', `Bearer ${token}`))
      return problem(context, 401, 'token-wrong', 'Only gate-agent import, run as the user of the gate, may do that');
    return next();
  });
  app.post(
    '/',
    bodyLimit({
      maxSize: syncMessageBytesMax,
      onError: (context) => problem(context, 413, 'body-too-large', 'A message is larger than any this gate reads'),
    }),
    async (context) => {
      if (context.req.header('Content-Type') !== syncContentType)
        return problem(context, 415, 'sync-message-required', `Send ${syncContentType}`);
      const from = context.req.query('from') ?? '';
      if (!namePattern.test(from)) return problem(context, 400, 'name-required', 'Say the name of the file in ?from=');
      if (busy) return problem(context, 429, 'one-at-a-time', 'Another import is under way');
      busy = true;
      try {
        const imported = await importMessage(new Uint8Array(await context.req.arrayBuffer()), from);
        if (imported.ok) return context.json({ gates: imported.value });
        const status = imported.error.type === 'replication-unavailable' ? 503 : 400;
        return problem(context, status, imported.error.type, 'The message was not taken');
      } finally {
        busy = false;
      }
    },
  );
  return app;
}

const isEqual = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

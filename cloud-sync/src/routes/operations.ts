// What watches over the service: whether it lives, whether it may be sent requests, and its figures for Prometheus.
import { sha256, utf8 } from '@postern/shared';
import type { Hono } from 'hono';
import type { Metrics } from '../services/metrics.ts';
import type { WalletPasses } from '../services/wallet-passes/wallet-passes.ts';
import { isEqualHash } from '../services/scrypt.ts';
import { createRouter, problem, type Environment } from './context.ts';

export interface OperationsDeps {
  readonly metrics: Metrics;
  /** What a scraper sends as a bearer token; without one there are no figures. */
  readonly metricsToken: string | undefined;
  /** Whether the database answers. */
  readonly isHealthy: () => Promise<boolean>;
  readonly stopping: AbortSignal;
  readonly walletPasses: Pick<WalletPasses, 'warnings'>;
}

export function operationRoutes(deps: OperationsDeps): Hono<Environment> {
  const { metrics, metricsToken, isHealthy, stopping, walletPasses } = deps;
  const router = createRouter();
  /** A process that only waits for its database is not to be started anew, but it is of no use either. */
  router.get('/healthz', async (c) =>
    (await isHealthy()) ? c.json({ status: 'ok' }) : c.json({ status: 'database-unusable' }, 503),
  );
  router.get('/readyz', async (c) => {
    if (stopping.aborted) return c.json({ status: 'stopping' }, 503);
    if (!(await isHealthy())) return c.json({ status: 'database-unusable' }, 503);
    const warnings = walletPasses.warnings();
    return c.json({ status: 'ready', ...(warnings.length === 0 ? {} : { warnings }) });
  });
  router.get('/metrics', async (c) => {
    if (metricsToken === undefined) return problem(c, { type: 'not-found' });
    const given = /^Bearer (\S{1,200})$/.exec(c.req.header('Authorization') ?? '')?.[1] ?? '';
    if (!isEqualHash(sha256(utf8(given)), sha256(utf8(metricsToken)))) {
      c.header('WWW-Authenticate', 'Bearer realm="postern-metrics"');
      return problem(c, { type: 'sign-in-needed' });
    }
    const { contentType, text } = await metrics.read();
    return c.body(text, 200, { 'Content-Type': contentType });
  });
  return router;
}

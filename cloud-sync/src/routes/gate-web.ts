// How handhelds come to trust the gates of a venue: gates ask for certificates of their names on the LAN, phones for the authority behind them.
import {
  jsonBodyBytesMax,
  webCertificatePath,
  webCertificateRequestSchema,
  webCertificateResponseSchema,
  type Nonces,
  type WebCertificateResponse,
} from '@postern/shared';
import type { Hono, MiddlewareHandler } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { WebAuthority } from '../services/web-authority.ts';
import { giveNonce } from './auth.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonOfBoundedBody, limitBody, validJson } from './input.ts';

export interface GateWebRoutesDeps {
  readonly webAuthority: WebAuthority;
  readonly nonces: Nonces;
  readonly publicUrl: () => string;
  /** Refuses whatever no gate has signed (requireGate). */
  readonly gateOnly: MiddlewareHandler<Environment>;
}

export function gateWebRoutes({ webAuthority, nonces, publicUrl, gateOnly }: GateWebRoutesDeps): Hono<Environment> {
  const router = createRouter();
  router.post(
    webCertificatePath,
    giveNonce(nonces),
    describeRoute(
      describe(
        'A certificate for the name under which handhelds reach the gate on the LAN',
        'gates',
        { schema: webCertificateResponseSchema },
        [...bodyProblems, 'nonce-needed', 'token-invalid', 'gate-revoked', 'gate-domain-unset'],
      ),
    ),
    limitBody(jsonBodyBytesMax),
    gateOnly,
    jsonOfBoundedBody,
    validJson(webCertificateRequestSchema),
    async (c) => {
      const { publicKey } = c.req.valid('json');
      const issued = await webAuthority.certify(c.get('gate').id, Buffer.from(publicKey, 'base64'));
      if (!issued.ok) return problem(c, issued.error);
      const response: WebCertificateResponse = { v: 1, ...issued.value, origin: new URL(publicUrl()).origin };
      return c.json(response, 200);
    },
  );
  return router;
}

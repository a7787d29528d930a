// Programs for administrators: OAuth2 clients and API keys. Secrets are answered once.
import {
  apiKeyCreatedSchema,
  apiKeyListSchema,
  apiKeyRequestSchema,
  clientCreatedSchema,
  clientListSchema,
  clientRequestSchema,
  type ClientView,
} from '@postern/shared';
import type { Hono } from 'hono';
import { describeRoute } from 'hono-openapi';
import type { AuditAddition } from '../services/audit.ts';
import type { ApiKeys } from '../services/api-keys.ts';
import type { Clients } from '../services/clients.ts';
import { createRouter, problem, type Environment } from './context.ts';
import { bodyProblems, describe, jsonBody, userProblems, validApiKey, validClient, validJson } from './input.ts';

export interface ProgramRoutesDeps {
  readonly clients: Clients;
  readonly apiKeys: ApiKeys;
}

/** Under `/admin`. */
export function programRoutes({ clients, apiKeys }: ProgramRoutesDeps): Hono<Environment> {
  const router = createRouter();
  const createProblems = [...userProblems, ...bodyProblems, 'too-many-keys'] as const;

  router.get(
    '/api-keys',
    describeRoute(describe('List API keys', 'programs', { schema: apiKeyListSchema }, userProblems)),
    async (c) => c.json({ apiKeys: await apiKeys.list() }),
  );
  router.post(
    '/api-keys',
    describeRoute(
      describe(
        'Make an API key, shown this once',
        'programs',
        { status: 201, schema: apiKeyCreatedSchema },
        createProblems,
      ),
    ),
    jsonBody(),
    validJson(apiKeyRequestSchema),
    async (c) => {
      const created = await apiKeys.create(c.req.valid('json'), c.get('actor'));
      if (!created.ok) return problem(c, created.error);
      c.get('audit')?.add(aboutProgram(created.value));
      return c.json(created.value, 201, { 'Cache-Control': 'no-store' });
    },
  );
  router.delete(
    '/api-keys/:key',
    describeRoute(
      describe('Revoke an API key', 'programs', { status: 204 }, [
        ...userProblems,
        'request-invalid',
        'api-key-unknown',
      ]),
    ),
    validApiKey,
    async (c) => {
      const revoked = await apiKeys.revoke(c.req.valid('param').key);
      return revoked.ok ? c.body(null, 204) : problem(c, revoked.error);
    },
  );

  router.get(
    '/clients',
    describeRoute(describe('List OAuth2 clients', 'programs', { schema: clientListSchema }, userProblems)),
    async (c) => c.json({ clients: await clients.list() }),
  );
  router.post(
    '/clients',
    describeRoute(
      describe(
        'Register an OAuth2 client, its secret shown this once',
        'programs',
        { status: 201, schema: clientCreatedSchema },
        createProblems,
      ),
    ),
    jsonBody(),
    validJson(clientRequestSchema),
    async (c) => {
      const created = await clients.create(c.req.valid('json'));
      if (!created.ok) return problem(c, created.error);
      c.get('audit')?.add(aboutProgram(created.value));
      return c.json(created.value, 201, { 'Cache-Control': 'no-store' });
    },
  );
  router.delete(
    '/clients/:client',
    describeRoute(
      describe('Revoke an OAuth2 client and its tokens', 'programs', { status: 204 }, [
        ...userProblems,
        'request-invalid',
        'client-unknown',
      ]),
    ),
    validClient,
    async (c) => {
      const revoked = await clients.revoke(c.req.valid('param').client);
      return revoked.ok ? c.body(null, 204) : problem(c, revoked.error);
    },
  );
  return router;
}

/** What it may do, and where. */
const aboutProgram = ({ id, scopes, events }: ClientView): AuditAddition => ({
  subject: id,
  details: { scopes: scopes.join(' '), events: events?.join(' ') ?? 'all' },
});

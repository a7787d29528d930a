// The endpoints that OAuth2 names: forms in, RFC 6749's own errors out, nothing kept by caches.
import { err, jsonBodyBytesMax, oauthErrorSchema, ok, tokenResponseSchema, type Result } from '@postern/shared';
import type { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { describeRoute, resolver, type DescribeRouteOptions } from 'hono-openapi';
import type { ClientCredentials, Form, Oauth, OauthFailure } from '../services/oauth.ts';
import { readBasic } from './basic.ts';
import { createRouter, type Environment, type RouteContext } from './context.ts';
import { senderOf } from './sender.ts';

const formType = 'application/x-www-form-urlencoded';
const noStore = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const;

export function oauthRoutes({ oauth }: { readonly oauth: Oauth }): Hono<Environment> {
  const router = createRouter();
  const bounded = bodyLimit({
    maxSize: jsonBodyBytesMax,
    onError: (c) => refuse(c, { type: 'invalid_request', description: 'the body is too large' }),
  });

  router.post(
    '/oauth/token',
    describeRoute(describeForm('Get an access token', ['grant_type', 'scope', 'refresh_token'], true)),
    bounded,
    async (c) => {
      const request = await readRequest(c);
      if (!request.ok) return refuse(c, request.error);
      const { credentials, form } = request.value;
      const granted = await oauth.token(credentials, form, senderOf(c));
      if (granted.ok && credentials !== undefined)
        c.get('audit')?.add({ actor: { kind: 'client', id: credentials.id } });
      return granted.ok ? c.json(granted.value, 200, noStore) : refuse(c, granted.error);
    },
  );
  router.post(
    '/oauth/revoke',
    describeRoute(describeForm('End a token, and what came with it', ['token', 'token_type_hint'], false)),
    bounded,
    async (c) => {
      const request = await readRequest(c);
      if (!request.ok) return refuse(c, request.error);
      const { credentials, form } = request.value;
      const revoked = await oauth.revoke(credentials, form, senderOf(c));
      if (revoked.ok && credentials !== undefined)
        c.get('audit')?.add({ actor: { kind: 'client', id: credentials.id } });
      return revoked.ok ? c.body(null, 200, noStore) : refuse(c, revoked.error);
    },
  );
  return router;
}

/** RFC 6749 5.2: 401 with a challenge for `invalid_client`, 400 for the rest; 429 when somebody guesses. */
function refuse(c: RouteContext, { type, description, retryAfterS }: OauthFailure): Response {
  const status = retryAfterS !== undefined ? 429 : type === 'invalid_client' ? 401 : 400;
  return c.json({ error: type, error_description: description }, status, {
    ...noStore,
    ...(status === 401 ? { 'WWW-Authenticate': 'Basic realm="postern", charset="UTF-8"' } : {}),
    ...(retryAfterS === undefined ? {} : { 'Retry-After': String(retryAfterS) }),
  });
}

interface OauthRequest {
  readonly credentials?: ClientCredentials;
  readonly form: Form;
}

async function readRequest(c: RouteContext): Promise<Result<OauthRequest, OauthFailure>> {
  const invalid = (description: string): Result<never, OauthFailure> => err({ type: 'invalid_request', description });
  const contentType = (c.req.header('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase();
  if (contentType !== formType) return invalid(`Content-Type must be ${formType}`);
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await c.req.text())) {
    // RFC 6749 3.2: no parameter more than once.
    if (form.has(name)) return invalid('a parameter comes twice');
    form.set(name, value);
  }
  const header = c.req.header('Authorization');
  const [id, secret] = [form.get('client_id'), form.get('client_secret')];
  if (header !== undefined) {
    // RFC 6749 2.3: one method of authentication a request.
    if (secret !== undefined) return invalid('the client authenticates twice');
    const credentials = readClient(header);
    if (credentials === undefined || (id !== undefined && id !== credentials.id))
      return err({ type: 'invalid_client', description: 'client authentication failed' });
    return ok({ credentials, form });
  }
  return ok(id === undefined || secret === undefined ? { form } : { credentials: { id, secret }, form });
}

/** RFC 6749 2.3.1: both halves are form-encoded before they are joined. */
function readClient(header: string): ClientCredentials | undefined {
  const basic = readBasic(header);
  if (basic === undefined) return undefined;
  const decode = (text: string): string | undefined =>
    new URLSearchParams(`value=${text.replaceAll('&', '%26')}`).get('value') ?? undefined;
  const [id, secret] = [decode(basic.user), decode(basic.password)];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

function describeForm(summary: string, fields: readonly string[], givesToken: boolean): DescribeRouteOptions {
  const error = (
    description: string,
  ): { description: string; content: Record<string, { schema: ReturnType<typeof resolver> }> } => ({
    description,
    content: { 'application/json': { schema: resolver(oauthErrorSchema) } },
  });
  const properties = Object.fromEntries(
    [...fields, 'client_id', 'client_secret'].map((field) => [field, { type: 'string' } as const]),
  );
  return {
    summary,
    tags: ['programs'],
    requestBody: { content: { [formType]: { schema: { type: 'object', properties } } } },
    responses: {
      200: givesToken
        ? { description: 'Done', content: { 'application/json': { schema: resolver(tokenResponseSchema) } } }
        : { description: 'Done' },
      400: error('RFC 6749 5.2'),
      401: error('`invalid_client`'),
      429: error('Too many wrong secrets'),
    },
  };
}

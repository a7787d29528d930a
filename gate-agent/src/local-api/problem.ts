// RFC 9457 problems: every refusal of the local API has the kebab-case type of its error and one sentence for a person.
import { problemContentType } from '@postern/shared';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

export function problem(
  context: Context,
  status: ContentfulStatusCode,
  type: string,
  title: string,
  more: Readonly<Record<string, unknown>> = {},
): Response {
  return context.body(JSON.stringify({ type, title, status, ...more }), status, { 'Content-Type': problemContentType });
}

// The boundary: content type, size and form of what comes in are checked here and nowhere else. Whatever does not fit is a 4xx problem
// that says where.
import {
  eventIdSchema,
  gateIdSchema,
  jobRunIdPattern,
  jsonBodyBytesMax,
  keyIdSchema,
  problemSchema,
  ticketIdSchema,
  userIdSchema,
  type Problem,
} from '@postern/shared';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { resolver, validator, type DescribeRouteOptions } from 'hono-openapi';
import { z } from 'zod';
import { problemTitle, problemStatuses, type ProblemType } from '../services/problems.ts';
import { problem, type Environment } from './context.ts';

/** Problems listed of one request. */
const issuesMax = 10;

const tooLarge = (c: Context, bytesMax: number): Response =>
  problem(c, { type: 'body-too-large', detail: `At most ${bytesMax} bytes.` });

/** 413 over `bytesMax`, whether announced or not. */
export const limitBody = (bytesMax: number): MiddlewareHandler<Environment> =>
  bodyLimit({ maxSize: bytesMax, onError: (c: Context) => tooLarge(c, bytesMax) });

/**
 * 415 unless the body says it is one of `contentTypes`, which then says `whatToSend`; 413 over `bytesMax`, whether announced or not. Who
 * sends nothing at all says no content type either.
 */
export function boundedBody(
  contentTypes: readonly string[],
  bytesMax: number,
  whatToSend = `Content-Type must be ${contentTypes[0] ?? ''}.`,
): MiddlewareHandler<Environment> {
  const limit = limitBody(bytesMax);
  return async (c, next) => {
    const unsupported = unsupportedType(c, contentTypes, whatToSend);
    if (unsupported !== undefined) return unsupported;
    const announced = c.req.header('Content-Length');
    if (announced === undefined || c.req.header('Transfer-Encoding') !== undefined) return limit(c, next);
    // What was announced is what the server reads. `limit` would ask for the body as a stream, which costs more than to read it.
    return Number(announced) > bytesMax ? tooLarge(c, bytesMax) : next();
  };
}

/** The same for a body that is read bit by bit by who bounds it: only what it says of itself is checked. */
export function announcedBody(
  contentTypes: readonly string[],
  bytesMax: number,
  whatToSend: string,
): MiddlewareHandler<Environment> {
  return async (c, next) => {
    const unsupported = unsupportedType(c, contentTypes, whatToSend);
    if (unsupported !== undefined) return unsupported;
    return Number(c.req.header('Content-Length') ?? 0) > bytesMax ? tooLarge(c, bytesMax) : next();
  };
}

function unsupportedType(c: Context, contentTypes: readonly string[], whatToSend: string): Response | undefined {
  const contentType = (c.req.header('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return contentTypes.includes(contentType)
    ? undefined
    : problem(c, { type: 'content-type-unsupported', detail: whatToSend });
}

const jsonTypes = ['application/json'];
const jsonToSend = 'Send JSON with Content-Type: application/json, and {} where there is nothing to say.';

/**
 * A bounded body that is JSON by its content type; 400 where a text in it has a NUL or half of a surrogate pair, which not every database
 * can keep, or where it is nested deeper than a recursive schema can follow.
 */
export function jsonBody(bytesMax: number = jsonBodyBytesMax): MiddlewareHandler<Environment> {
  const bounded = boundedBody(jsonTypes, bytesMax, jsonToSend);
  return (c, next) =>
    bounded(c, async () => {
      const wrong = await wrongJson(c);
      if (wrong === undefined) await next();
      else c.res = wrong;
    });
}

/** The same for a body that has been bounded, and perhaps read, before. */
export const jsonOfBoundedBody: MiddlewareHandler<Environment> = async (c, next) =>
  unsupportedType(c, jsonTypes, jsonToSend) ?? (await wrongJson(c)) ?? next();

async function wrongJson(c: Context): Promise<Response | undefined> {
  const text = await c.req.text();
  if (text.trim() === '') return problem(c, { type: 'json-malformed', detail: jsonToSend });
  if (escapedNul.test(text)) return problem(c, { type: 'request-invalid', detail: 'A text must not contain U+0000.' });
  const nested = `At most ${nestingMax} arrays and objects in each other.`;
  if (isNestedTooDeep(text)) return problem(c, { type: 'request-invalid', detail: nested });
  return hasHalfPair(text)
    ? problem(c, { type: 'request-invalid', detail: 'A text must not contain half of a surrogate pair.' })
    : undefined;
}

/** Half a surrogate pair is no text in UTF-8: one database makes one character of it and another one three, and gates something else. */
function hasHalfPair(json: string): boolean {
  // Only an escape can write one, and nearly no body has any.
  if (!/\\u[dD][89a-fA-F]/.test(json)) return false;
  let found = false;
  const look = (text: unknown): void => void (found ||= typeof text === 'string' && /\p{Cs}/u.test(text));
  try {
    JSON.parse(json, (key, value: unknown) => {
      look(key);
      look(value);
      return value;
    });
  } catch {
    // No JSON: whoever reads it says so.
  }
  return found;
}

/** Arrays and objects in each other. */
const nestingMax = 64;

function isNestedTooDeep(json: string): boolean {
  let depth = 0;
  let isInText = false;
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (isInText) {
      if (character === '\\') index++;
      else if (character === '"') isInText = false;
    } else if (character === '"') isInText = true;
    else if (character === '[' || character === '{') {
      depth++;
      if (depth > nestingMax) return true;
    } else if (character === ']' || character === '}') depth--;
  }
  return false;
}

/** As JSON writes it; the backslash itself may not be escaped. */
const escapedNul = /(?<!\\)(?:\\\\)*\\u0000/;

/** The same for addresses. */
export const refuseNulInUrl: MiddlewareHandler<Environment> = async (c, next) =>
  c.req.url.includes('%00')
    ? problem(c, { type: 'request-invalid', detail: 'An address must not contain U+0000.' })
    : next();

interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
type Checked = { readonly success: true } | { readonly success: false; readonly error: readonly SchemaIssue[] };

export const orProblem = (result: Checked, c: Context): Response | undefined =>
  result.success ? undefined : problem(c, { type: 'request-invalid' }, listIssues(result.error));

const listIssues = (issues: readonly SchemaIssue[]): NonNullable<Problem['issues']> =>
  issues.slice(0, issuesMax).map((issue) => ({
    path: (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message: issue.message,
  }));

/** The body as `schema` reads it; also documents it. */
// oxlint-disable-next-line typescript/explicit-function-return-type -- the validator's type carries the schema
export const validJson = <S extends z.ZodType>(schema: S) => validator('json', schema, orProblem);

/** The query string as `schema` reads it; also documents it. */
// oxlint-disable-next-line typescript/explicit-function-return-type -- the validator's type carries the schema
export const validQuery = <S extends z.ZodType>(schema: S) => validator('query', schema, orProblem);

/** An event's number in a path. */
export const eventText = z
  .string()
  .regex(/^[0-9]{1,10}$/)
  .transform(Number)
  .pipe(eventIdSchema);
/** An event's number out of a path, read as `validEvent` reads it. */
export const parseEvent = (text: string): number | undefined => eventText.safeParse(text).data;
export const validEvent = validator('param', z.object({ event: eventText }), orProblem);
export const validUser = validator('param', z.object({ user: userIdSchema }), orProblem);
export const validMember = validator('param', z.object({ event: eventText, user: userIdSchema }), orProblem);
export const validOperator = validator(
  'param',
  z.object({ event: eventText, operator: z.string().regex(/^[a-z0-9]{8,16}$/) }),
  orProblem,
);
const programId = z.string().regex(/^[0-9a-f]{12}$/);
export const validApiKey = validator('param', z.object({ key: programId }), orProblem);
export const validClient = validator('param', z.object({ client: programId }), orProblem);
export const validSession = validator('param', z.object({ session: z.string().regex(/^[0-9a-f]{16}$/) }), orProblem);
const runId = z.string().regex(jobRunIdPattern);
export const validRun = validator('param', z.object({ run: runId }), orProblem);
export const validEventRun = validator('param', z.object({ event: eventText, run: runId }), orProblem);
const derivedId = z.string().regex(/^[0-9a-f]{32}$/);
export const validSuspicion = validator('param', z.object({ event: eventText, suspicion: derivedId }), orProblem);
export const validCase = validator('param', z.object({ event: eventText, case: derivedId }), orProblem);
export const validConflict = validator('param', z.object({ event: eventText, conflict: derivedId }), orProblem);
export const validGate = validator('param', z.object({ event: eventText, gate: gateIdSchema }), orProblem);
export const validQuarantined = validator(
  'param',
  z.object({ event: eventText, chunk: z.string().regex(/^[0-9a-f]{64}$/) }),
  orProblem,
);
export const validTicket = validator('param', z.object({ ticket: ticketIdSchema }), orProblem);
export const validKey = validator('param', z.object({ key: keyIdSchema }), orProblem);
export const validSha256 = validator('param', z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }), orProblem);

interface ConditionalHeader {
  readonly header: { readonly name: string; readonly description: string };
  /** Another good answer, without a body. */
  readonly also?: { readonly status: number; readonly description: string };
}
/** For routes that answer with an entity tag. */
export const ifNoneMatch: ConditionalHeader = {
  header: { name: 'If-None-Match', description: 'Entity tags that are known already' },
  also: { status: 304, description: 'It is still one of these' },
};
/** For changes; without it the last one wins. */
export const ifMatch: ConditionalHeader = {
  header: {
    name: 'If-Match',
    description: 'Entity tag that it must still have, else 412; without it the last change wins',
  },
};

/** What a route answers, for the OpenAPI document: one good answer and its problems. */
export function describe(
  summary: string,
  tag: string,
  good: {
    readonly status?: number;
    readonly schema?: z.ZodType;
    readonly contentType?: string;
    /** Text that it can also be asked for, by content type. */
    readonly alsoAs?: string;
  } & Partial<ConditionalHeader>,
  problems: readonly ProblemType[] = [],
): DescribeRouteOptions {
  const contentType = good.contentType ?? 'application/json';
  const text = { schema: { type: 'string' } as const };
  const content = {
    [contentType]: good.schema === undefined ? text : { schema: resolver(good.schema) },
    ...(good.alsoAs === undefined ? {} : { [good.alsoAs]: text }),
  };
  const byStatus = new Map<number, ProblemType[]>();
  for (const type of new Set(problems))
    byStatus.set(problemStatuses[type], [...(byStatus.get(problemStatuses[type]) ?? []), type]);
  return {
    summary,
    tags: [tag],
    ...(good.header === undefined
      ? {}
      : { parameters: [{ in: 'header', required: false, schema: { type: 'string' }, ...good.header }] }),
    responses: {
      [good.status ?? 200]:
        good.status === 204 || good.status === 302 ? { description: 'Done' } : { description: 'Done', content },
      ...(good.also === undefined ? {} : { [good.also.status]: { description: good.also.description } }),
      ...Object.fromEntries(
        [...byStatus].map(([status, types]) => [
          status,
          {
            description: types.map((type) => `\`${type}\`: ${problemTitle(type)}`).join('. '),
            content: { 'application/problem+json': { schema: resolver(problemSchema) } },
          },
        ]),
      ),
    },
  };
}

/** Problems of every route with a JSON body. */
export const bodyProblems: readonly ProblemType[] = [
  'request-invalid',
  'json-malformed',
  'content-type-unsupported',
  'body-too-large',
];
/** Problems of every route for signed-in people. */
export const userProblems: readonly ProblemType[] = ['sign-in-needed', 'role-too-low', 'scope-too-narrow'];

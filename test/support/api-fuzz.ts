// Hostile requests made from the API's own description: every route, every field of its body, path, query and headers, missing, of
// another type, huge, deep, odd. Whatever comes, the answer is one that the document lists, in the form that it states, and never a 5xx.
// A route that is new in the document is covered without a line here.
import fc from 'fast-check';
import { misfits, valuesOf, type JsonSchema } from './json-schema.ts';

interface Content {
  readonly [contentType: string]: { readonly schema?: JsonSchema };
}
interface Parameter {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly schema?: JsonSchema;
}
interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: Content }>>;
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface Route {
  readonly method: string;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly operation: Operation;
  readonly bodySchema: JsonSchema | undefined;
}

export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}
export type Send = (request: FuzzRequest) => Promise<Response>;
/** Path and query parameters of things that exist, by name. */
export type Samples = Readonly<Record<string, string>>;

export const routesOf = (document: OpenApi): readonly Route[] =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
      bodySchema: operation.requestBody?.content['application/json']?.schema,
    })),
  );
export const labelOf = ({ method, path }: Route): string => `${method} ${path}`;

/** Sends `request` and checks the answer; resolves with its status. */
export async function checkAnswer(route: Route, send: Send, request: FuzzRequest): Promise<number> {
  const answer = await send(request);
  const what = `${request.method} ${request.path.slice(0, 200)} ${JSON.stringify(request.body)?.slice(0, 300) ?? ''} answered ${answer.status}`;
  if (answer.status >= 500) throw new Error(`${what}: ${await answer.text()}`);
  const listed = route.operation.responses[answer.status];
  if (listed === undefined) throw new Error(`${what}, which is not listed: ${(await answer.text()).slice(0, 300)}`);
  const contentType = (answer.headers.get('Content-Type') ?? '').split(';')[0] ?? '';
  if (contentType === 'text/event-stream') {
    await answer.body?.cancel();
    return answer.status;
  }
  const bytes = await answer.bytes();
  if (listed.content === undefined) {
    if (bytes.length > 0) throw new Error(`${what} with a body that is not described`);
    return answer.status;
  }
  const described = listed.content[contentType];
  if (described === undefined) throw new Error(`${what} as ${contentType}, which is not listed`);
  if (!/^application\/(?:problem\+)?json$/.test(contentType)) return answer.status;
  const value: unknown = JSON.parse(Buffer.from(bytes).toString());
  const wrong = misfits(described.schema ?? {}, value);
  if (wrong.length > 0) throw new Error(`${what}: ${wrong.join(', ')} in ${JSON.stringify(value).slice(0, 500)}`);
  if (contentType === 'application/problem+json') checkProblem(what, answer.status, listed.description ?? '', value);
  return answer.status;
}

function checkProblem(what: string, status: number, description: string, value: unknown): void {
  const problem = value as { readonly type: string; readonly status: number };
  if (problem.status !== status) throw new Error(`${what}, but its problem says ${problem.status}`);
  if (!description.includes(`\`${problem.type}\``)) throw new Error(`${what}: ${problem.type} is not listed`);
}

/** Values that no field expects, or few do. */
const hostileValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  -0,
  1e300,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  4_294_967_296,
  '',
  ' ',
  '0',
  'x'.repeat(5_000),
  '\u0000',
  'a\u0000b',
  '\ud800',
  'a\udfffb',
  '\u202edlrow',
  'Z̸̧̛a͠l̶g̷o',
  '👩‍👩‍👧‍👦'.repeat(20),
  '\ufeff\u200b\u2028',
  "'; drop table ticket; --",
  '" or 1=1 --',
  '%_\\',
  '<script>alert(1)</script>',
  '${7*7}{{7*7}}',
  '../../etc/passwd',
  [],
  {},
  [[[[[[[[]]]]]]]],
  { $ne: null },
  JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":1}}'),
];
/** As they stand in a URL. */
const hostileSegments: readonly string[] = [
  '0',
  '-1',
  '1e3',
  '99999999999999999999',
  '%00',
  '%ff%fe',
  '%',
  '%zz',
  '..%2f..%2fmaster.key',
  '%F0%9F%8E%AB',
  "'%20or%201=1--",
  '%3Cscript%3E',
  'x'.repeat(2_000),
  '__proto__',
  '0'.repeat(32),
  '0'.repeat(64),
];
const hostileHeaders: readonly string[] = [
  '',
  '*',
  '"',
  'W/',
  '"a", "b"',
  '\u00ff',
  'x'.repeat(1_000),
  '-1',
  ', ,',
  '{}',
];
const hostileBodies: readonly (string | Uint8Array<ArrayBuffer>)[] = [
  '',
  'null',
  '{',
  '[1,',
  '"',
  'NaN',
  '{"a":1}{"b":2}',
  '\ufeff{}',
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  `{"a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`,
  Uint8Array.of(0xff, 0xfe, 0x00),
  Uint8Array.of(0x22, 0xc3, 0x28, 0x22),
];
const contentTypes: readonly string[] = [
  '',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/json; charset=utf-16',
];

const json = { 'Content-Type': 'application/json' };

export interface FuzzOptions {
  readonly send: Send;
  readonly samples: Samples;
  /** Values of body fields that name something that exists, by the field's name. */
  readonly known?: Readonly<Record<string, unknown>>;
  /** Random requests a route, after those that are always sent. */
  readonly runs: number;
  /** One in so many of the requests that are always sent; 1 sends all. */
  readonly every?: number;
}

/** Of a route with more fields than that, every second (third …) request is sent. */
const fixedRequestsMax = 450;

/** All of it for one route; resolves with the statuses that came. */
export async function fuzzRoute(route: Route, options: FuzzOptions): Promise<ReadonlySet<number>> {
  const { send, runs } = options;
  const statuses = new Set<number>();
  const attempt = async (request: FuzzRequest): Promise<void> =>
    void statuses.add(await checkAnswer(route, send, request));
  const fixed = [...fixedRequests(route, options)];
  const every = Math.max(options.every ?? 1, Math.ceil(fixed.length / fixedRequestsMax));
  for (const [index, request] of fixed.entries()) if (index % every === 0) await attempt(request);
  await fc.assert(fc.asyncProperty(randomRequests(route, options), attempt), { numRuns: runs });
  return statuses;
}

/** Every field of the route with every hostile value, one at a time. */
function* fixedRequests(route: Route, { samples, known = {} }: FuzzOptions): Generator<FuzzRequest> {
  const { method, operation, bodySchema } = route;
  const path = fill(route, samples);
  const [value] =
    bodySchema === undefined ? [] : fc.sample(valuesOf(bodySchema, { all: true, known }), { numRuns: 1, seed: 1 });
  const good: FuzzRequest = {
    method,
    path,
    headers: bodySchema === undefined ? {} : json,
    ...(bodySchema === undefined ? {} : { body: JSON.stringify(value) }),
  };
  yield good;
  for (const parameter of operation.parameters ?? []) {
    if (parameter.in === 'header')
      for (const header of hostileHeaders) yield { ...good, headers: { ...good.headers, [parameter.name]: header } };
    else
      for (const segment of hostileSegments)
        yield { ...good, path: fill(route, { ...samples, [parameter.name]: segment }) };
    if (parameter.in === 'query') {
      const { [parameter.name]: _left, ...others } = samples;
      yield { ...good, path: fill(route, others) };
      yield { ...good, path: withQuery(path, `${parameter.name}=1&${parameter.name}=2`) };
    }
  }
  yield { ...good, path: withQuery(path, 'surplus=1') };
  if (method !== 'GET') {
    for (const body of hostileBodies) yield { ...good, headers: json, body };
    for (const contentType of contentTypes)
      yield { ...good, headers: { 'Content-Type': contentType }, body: good.body ?? '{}' };
  }
  if (value === undefined) return;
  for (const place of placesIn(value)) {
    yield { ...good, body: JSON.stringify(without(value, place)) };
    for (const hostile of hostileValues) yield { ...good, body: JSON.stringify(replaced(value, place, hostile)) };
  }
  yield { ...good, body: JSON.stringify({ ...(value as object), surplus: 1 }) };
}

function randomRequests(route: Route, { samples, known = {} }: FuzzOptions): fc.Arbitrary<FuzzRequest> {
  const { method, operation, bodySchema } = route;
  const usually = <T>(good: fc.Arbitrary<T>, bad: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: bad });
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in !== 'header');
  const paths = fc
    .tuple(
      ...parameters.map(({ name, schema = {} }) => {
        const sample = samples[name];
        const good = fc.oneof(
          fc.constant(sample),
          valuesOf(schema).map((text) => encodeURIComponent(String(text))),
        );
        const odd = fc.string({ unit: 'binary', minLength: 1, maxLength: 50 }).map(encoded);
        return usually(good, fc.oneof(odd, fc.constantFrom(...hostileSegments))).map((text) => [name, text] as const);
      }),
    )
    .map((pairs) => fill(route, Object.fromEntries(pairs.flatMap(([name, text]) => (text ? [[name, text]] : [])))));
  if (bodySchema === undefined) return paths.map((path) => ({ method, path, headers: {} }));
  const hostile = fc.oneof(fc.constantFrom(...hostileValues), fc.string({ unit: 'binary' }), fc.jsonValue());
  const values = valuesOf(bodySchema, { known });
  const mutated = fc.tuple(values, fc.nat(), fc.option(hostile, { nil: undefined })).map(([value, index, other]) => {
    const places = [...placesIn(value)];
    const place = places[index % Math.max(1, places.length)] ?? [];
    return other === undefined ? without(value, place) : replaced(value, place, other);
  });
  const bodies = fc.oneof(values, mutated, hostile).map((value) => JSON.stringify(value) ?? '');
  return fc.tuple(paths, bodies).map(([path, body]) => ({ method, path, headers: json, body }));
}

/** Dots alone would lead to another path; halves of surrogate pairs have no percent encoding. */
const encoded = (text: string): string => {
  const whole = Buffer.from(text).toString().replaceAll('.', '-');
  return encodeURIComponent(whole);
};

/** The path with its parameters in place, and the query that `samples` has values for. */
function fill({ path, operation }: Route, samples: Samples): string {
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => samples[name] ?? '0');
  const query = (operation.parameters ?? [])
    .filter((parameter) => parameter.in === 'query' && samples[parameter.name] !== undefined)
    .map(({ name }) => `${name}=${samples[name] ?? ''}`);
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`;
}

const withQuery = (path: string, query: string): string => `${path}${path.includes('?') ? '&' : '?'}${query}`;

type Place = readonly (string | number)[];

/** Of every field and item in a JSON value. */
function* placesIn(value: unknown, at: Place = []): Generator<Place> {
  if (at.length > 0) yield at;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value))
    yield* placesIn(inner, [...at, Array.isArray(value) ? Number(key) : key]);
}

function replaced(value: unknown, place: Place, other: unknown): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return other;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (index === key ? replaced(item, rest, other) : item));
  const fields = value as Readonly<Record<string, unknown>>;
  return { ...fields, [key]: replaced(fields[key], rest, other) };
}

function without(value: unknown, place: Place): unknown {
  const last = place.at(-1);
  if (last === undefined) return undefined;
  const container = place.slice(0, -1).reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value);
  const rest = Array.isArray(container)
    ? container.filter((_item, index) => index !== last)
    : Object.fromEntries(Object.entries(container as object).filter(([key]) => key !== last));
  return replaced(value, place.slice(0, -1), rest);
}

// The description of the API (OpenAPI 3.1), made from the routes themselves: what each of them checks and answers, and what applies to all
// of a kind.
import { problemContentType, problemSchema } from '@postern/shared';
import type { Handler, Hono } from 'hono';
import { generateSpecs, resolver } from 'hono-openapi';
import { problemStatuses, problemTitle, type ProblemType } from '../services/problems.ts';
import { accessTable } from './access.ts';
import type { Environment } from './context.ts';
import { idempotencyHeader } from './idempotency.ts';

type Specs = Awaited<ReturnType<typeof generateSpecs>>;
type Operation = NonNullable<NonNullable<NonNullable<Specs['paths']>[string]>['get']>;
type Schema = Awaited<ReturnType<ReturnType<typeof resolver>['toOpenAPISchema']>>['schema'];

export function openApiHandler(app: Hono<Environment>): Handler<Environment> {
  return async (c) => {
    const document = await generateSpecs(app, { documentation });
    const { schema } = await resolver(problemSchema).toOpenAPISchema();
    for (const { method, path, who } of accessTable) {
      const item = document.paths?.[path.replaceAll(/:(\w+)/g, '{$1}')];
      const operation = item?.[method.toLowerCase() as 'get'];
      if (operation === undefined) continue;
      addProblems(operation, everywhere, schema);
      if (method === 'POST' && typeof who !== 'string') addIdempotency(operation, schema);
    }
    return c.json(document);
  };
}

/** Addresses and limits are looked at before routes are. */
const everywhere: readonly ProblemType[] = ['request-invalid', 'attempts-exhausted'];
const idempotencyProblems: readonly ProblemType[] = [
  'idempotency-key-malformed',
  'idempotency-in-progress',
  'body-too-large',
  'idempotency-key-reused',
  'idempotency-keys-exhausted',
];

/** What `idempotent` does for every POST of people and programs. */
function addIdempotency(operation: Operation, schema: Schema): void {
  operation.parameters = [
    ...(operation.parameters ?? []),
    {
      in: 'header',
      name: idempotencyHeader,
      required: false,
      schema: { type: 'string', minLength: 1, maxLength: 255 },
      description:
        'Makes it safe to send this again: for a day, the same request with the same key has the same answer',
    },
  ];
  addProblems(operation, idempotencyProblems, schema);
}

function addProblems(operation: Operation, types: readonly ProblemType[], schema: Schema): void {
  const responses = (operation.responses ??= {});
  for (const type of types) {
    const status = problemStatuses[type];
    const line = `\`${type}\`: ${problemTitle(type)}`;
    const known = responses[status];
    const description = known !== undefined && 'description' in known ? known.description : undefined;
    if (description?.includes(`\`${type}\``) === true) continue;
    responses[status] = {
      description: description === undefined ? line : `${description}. ${line}`,
      content: {
        ...(known !== undefined && 'content' in known ? known.content : {}),
        // The document's type wants a schema of OpenAPI 3.0 and 3.1 at once.
        [problemContentType]: { schema: schema as never },
      },
    };
  }
}

const documentation = {
  info: {
    title: 'Postern cloud',
    version: '1.0.0',
    description:
      'Events, tickets, gates and what happened at them. People send `Authorization: Bearer <token>`; gates a token signed for each request.',
  },
  components: {
    securitySchemes: {
      person: { type: 'http', scheme: 'bearer' },
      gate: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description:
          "EdDSA by the gate's key over the nonce of the header Postern-Nonce, method, path and SHA-256 of the body",
      },
    },
  },
} as const;

// Asks the agent that runs on a data folder how it is, through its own port. What it answers is read leniently: a command of another
// version still shows what it understands.
import { z } from 'zod';
import { readRunFile, type RunFile } from '../run-file.ts';

const timeoutMs = 2_000;

const problemSchema = z.object({ severity: z.enum(['warn', 'fail']), what: z.string(), next: z.string() });
/** Of EventFacts (local-api/health.ts), what is used here. */
const eventSchema = z.looseObject({
  event: z.number(),
  eventName: z.string().optional(),
  zone: z.string(),
  store: z.looseObject({ healthy: z.boolean() }),
  /** `ageMs` null: infinite, as JSON says it. */
  feed: z
    .looseObject({
      version: z.number(),
      tickets: z.number(),
      changes: z.number().default(0),
      ageMs: z.number().nullable(),
      expired: z.boolean(),
    })
    .optional(),
  orders: z
    .array(
      z.looseObject({
        order: z.string(),
        zone: z.string(),
        state: z.enum(['in-force', 'lifted']),
        acknowledged: z.array(z.looseObject({ name: z.string() })),
        missing: z.array(z.looseObject({ name: z.string() })),
      }),
    )
    .default([]),
  offline: z.looseObject({ entries: z.number(), outOfTouch: z.number(), alone: z.number() }).optional(),
  contact: z.looseObject({
    noContactSinceMs: z.number().optional(),
    peers: z.array(z.looseObject({ reachable: z.boolean() })).default([]),
    lan: z.object({ found: z.number(), answering: z.number(), refused: z.number() }).optional(),
  }),
});
export type AgentEvent = z.infer<typeof eventSchema>;

/** Of GateHealth, the same. */
const healthSchema = eventSchema.extend({
  also: z.array(eventSchema).default([]),
  state: z.enum(['green', 'yellow', 'red']),
  problems: z.array(problemSchema),
  gate: z.string(),
  name: z.string(),
  upMs: z.number(),
  lanes: z.array(z.looseObject({ id: z.string(), direction: z.string(), state: z.string() })),
  readers: z.array(z.looseObject({ readerId: z.string(), lane: z.string(), state: z.string() })),
  clock: z.looseObject({ trusted: z.boolean(), text: z.string() }),
});
export type AgentHealth = z.infer<typeof healthSchema>;

export interface RunningAgent extends RunFile {
  /** Undefined when it does not answer, or not as a gate. */
  readonly health: AgentHealth | undefined;
}

/** Undefined when no agent runs on this folder. */
export async function askRunningAgent(data: string, send: typeof fetch = fetch): Promise<RunningAgent | undefined> {
  const run = await readRunFile(data);
  if (run === undefined) return undefined;
  try {
    const response = await send(`${run.url.replace(/\/$/, '')}/health`, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    });
    const health = healthSchema.safeParse(await response.json());
    return { ...run, health: health.success ? health.data : undefined };
  } catch {
    // It may be starting, stopping or stuck: for the caller all of these are "does not answer".
    return { ...run, health: undefined };
  }
}

/** What a running agent says of one of its events. */
export const eventHealth = (agent: RunningAgent | undefined, event: number): AgentEvent | undefined =>
  agent?.health === undefined ? undefined : [agent.health, ...agent.health.also].find((of) => of.event === event);

// Asks the agent that runs on a data folder how it is, through its own port. What it answers is read leniently: a command of another
// version still shows what it understands.
import { z } from 'zod';
import { readRunFile, type RunFile } from '../run-file.ts';

const timeoutMs = 2_000;

const healthSchema = z.looseObject({
  /** Every lane can admit and the journal can be written. */
  ok: z.boolean().optional(),
  state: z.enum(['green', 'yellow', 'red']).optional(),
  problems: z.array(z.object({ severity: z.enum(['warn', 'fail']), what: z.string(), next: z.string() })).optional(),
  gate: z.string().optional(),
  name: z.string().optional(),
  event: z.number().optional(),
  zone: z.string().optional(),
  upMs: z.number().optional(),
  lanes: z.array(z.looseObject({ id: z.string(), direction: z.string().optional(), state: z.string(), why: z.string().optional(), waiting: z.number().optional() })).default([]),
  readers: z.array(z.looseObject({ readerId: z.string(), lane: z.string().optional(), state: z.string(), lastError: z.string().optional(), attempts: z.number().optional() })).default([]),
  store: z.looseObject({ healthy: z.boolean(), trouble: z.string().optional(), lastSequence: z.number().optional() }).optional(),
  feed: z.looseObject({ version: z.number().optional(), tickets: z.number().optional(), ageMs: z.number().nullish(), expired: z.boolean().optional(), trouble: z.string().optional() }).optional(),
  clock: z.looseObject({ nowMs: z.number(), trusted: z.boolean(), text: z.string().optional() }).optional(),
  contact: z.looseObject({ inTouch: z.boolean().optional(), peersReachable: z.number().optional(), noContactSinceMs: z.number().optional() }).optional(),
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
    const response = await send(`${run.url.replace(/\/$/, '')}/health`, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    const health = healthSchema.safeParse(await response.json());
    return { ...run, health: health.success ? health.data : undefined };
  } catch {
    // It may be starting, stopping or stuck: for the caller all of these are "does not answer".
    return { ...run, health: undefined };
  }
}

/** In touch as the agent says; not in touch when nobody runs. */
export const isInTouch = (agent: RunningAgent | undefined): { readonly inTouch: boolean; readonly peersReachable: number } => {
  const contact = agent?.health?.contact;
  if (contact === undefined) return { inTouch: false, peersReachable: 0 };
  return { inTouch: contact.inTouch ?? contact.noContactSinceMs === undefined, peersReachable: contact.peersReachable ?? 0 };
};

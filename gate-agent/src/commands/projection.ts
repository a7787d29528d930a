// `gate-agent projection`: whether what this gate has derived from its marks is what all marks together make; `--rebuild` makes it anew.
// Exit 0 when it was right, 1 when it was not.
import { err, ok, ready, type Result } from '@postern/shared';
import { existsSync } from 'node:fs';
import { eventsOf } from '../config.ts';
import { journalPath, replicaPath } from '../event-folder.ts';
import { checkProjection, type ProjectionCheck } from '../store/replica-projection.ts';
import type { CommandError, GateFolder } from './gate-folder.ts';
import { askRunningAgent } from './running-agent.ts';

export interface EventProjection extends ProjectionCheck {
  readonly event: number;
}

export interface ProjectionDeps {
  readonly fetch?: typeof fetch;
}

/** Of every event that the gate has marks of, in the order of gate.toml. */
export async function projection(
  { data, config, diskKey }: GateFolder,
  { rebuild }: { readonly rebuild: boolean },
  { fetch }: ProjectionDeps = {},
): Promise<Result<readonly EventProjection[], CommandError>> {
  await ready;
  if (!config.ok) return config;
  const key = diskKey();
  if (!key.ok) return key;
  const events = eventsOf(config.value)
    .map(({ id }) => id)
    .filter((event) => existsSync(replicaPath(data, event)));
  if (events.length === 0)
    return err({ type: 'replica-missing', message: `there is no replica.db in ${data}: the gate has not run yet` });
  if (rebuild && (await askRunningAgent(data, fetch)) !== undefined)
    return err({ type: 'agent-running', message: 'stop the agent first: it is writing to what would be made anew' });
  try {
    return ok(
      events.map((event) => ({
        event,
        ...checkProjection(replicaPath(data, event), journalPath(data, event), { write: rebuild, key: key.value }),
      })),
    );
  } catch (cause) {
    return err({
      type: 'replica-unreadable',
      message: `replica.db cannot be read: ${cause instanceof Error ? cause.message : 'unknown'}; run gate-agent doctor`,
    });
  }
}

export const isRight = ({ live, rebuilt }: ProjectionCheck): boolean => live === rebuilt;

export function describeProjection(check: EventProjection, rebuilt: boolean): readonly string[] {
  const looked = `Event ${check.event}: ${check.marks} marks of other gates looked at.`;
  if (isRight(check)) return [looked, `The projection is right: its hash is ${check.live}.`];
  return [
    looked,
    `The projection is NOT what its marks make: ${check.differing.join(', ')} differ.`,
    rebuilt ? `It was made anew: ${check.rebuilt}.` : 'Stop the agent and run this again with --rebuild.',
  ];
}

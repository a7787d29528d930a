// The gates of an event, all pages of them, asked again while somebody looks; and the requests that change one.
import {
  ok,
  type GateChange,
  type GateDescription,
  type GateReplaced,
  type GateResponse,
  type GateView,
  type LostGateRequest,
  type Problem,
  type Result,
  type GateList,
  type LostGate,
  type RevokeGateResponse,
} from '@postern/shared';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { useRepeated } from '../asking.ts';
import { ask, tell } from '../cloud.ts';

/** Requests of one look: past these, filters of the API are for whoever has so many. */
const pagesMax = 20;
const everyMs = 10_000;

async function readGates(event: number): Promise<Result<readonly GateView[], Problem>> {
  const gates: GateView[] = [];
  let next: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const cursor: string = next === undefined ? '' : `?cursor=${encodeURIComponent(next)}`;
    const answer = await ask<GateList>('GET', `/api/events/${event}/gates${cursor}`);
    if (!answer.ok) return answer;
    gates.push(...answer.value.gates);
    next = answer.value.next;
    if (next === undefined) break;
  }
  return ok(gates);
}

export interface Gates {
  readonly gates: readonly GateView[] | undefined;
  readonly problem: Problem | undefined;
  readonly reload: () => Promise<void>;
}

export function useGates(event: number): Gates {
  const [state, setState] = useState<Omit<Gates, 'reload'>>({ gates: undefined, problem: undefined });
  const reload = useCallback(async () => {
    const read = await readGates(event);
    setState((before) =>
      read.ok ? { gates: read.value, problem: undefined } : { gates: before.gates, problem: read.error },
    );
  }, [event]);
  useEffect(() => void reload(), [reload]);
  useRepeated(everyMs, reload);
  return { ...state, reload };
}

const gatePath = (event: number, gate: string): string => `/admin/events/${event}/gates/${gate}`;

/** Makes a gate, or gives one that is there a new one-time code. */
export const inviteGate = (event: number, gate: GateDescription): Promise<Result<GateResponse, Problem>> =>
  ask<GateResponse>('POST', `/admin/events/${event}/gates`, { body: gate });

export const changeGate = (event: number, gate: string, change: GateChange): Promise<Result<unknown, Problem>> =>
  tell('PATCH', gatePath(event, gate), { body: change });

export const revokeGate = (event: number, gate: string, reason: string): Promise<Result<unknown, Problem>> =>
  ask<RevokeGateResponse>('POST', `${gatePath(event, gate)}/revoke`, { body: { reason } });

export const wipeGate = (event: number, gate: string, reason: string): Promise<Result<unknown, Problem>> =>
  tell('POST', `${gatePath(event, gate)}/wipe`, { body: { reason } });

export const replaceGate = (event: number, gate: string, reason: string): Promise<Result<GateReplaced, Problem>> =>
  ask<GateReplaced>('POST', `${gatePath(event, gate)}/replace`, { body: { reason } });

export const declareLost = (event: number, gate: string, request: LostGateRequest): Promise<Result<unknown, Problem>> =>
  ask<LostGate>('PUT', `/api/events/${event}/gates/${gate}/lost`, { body: request });

export const declareFound = (event: number, gate: string): Promise<Result<unknown, Problem>> =>
  tell('DELETE', `/api/events/${event}/gates/${gate}/lost`);

// Gates tell each other, and handhelds, the time with every answer on the LAN, as a header, while their own is trusted: one that has started without
// cloud and battery learns it from the one next door. The connection has proved who is speaking.
import type { Clock } from '@postern/shared';

export interface TimeState {
  /** The latest of trusted time, saved time and build time, Unix ms. */
  readonly atMs: number;
  readonly timeTrusted: boolean;
  /** When this was so, monotonic ms of the machine, and how exact it is: what other gates are told while the time is trusted. */
  readonly monotonicMs?: number;
  readonly uncertaintyMs?: number;
}

/** What another gate stated between sending and receiving (monotonic ms of this machine). */
export interface PeerTime {
  readonly statedMs: number;
  readonly uncertaintyMs: number;
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** `<Unix ms>;<uncertainty ms>`, whole numbers. */
export const peerTimeHeader = 'postern-time';
const pattern = /^(\d{1,16});(\d{1,9})$/;

/** Undefined while the time is not trusted: nobody passes on a guess. */
export function statePeerTime(
  { atMs, timeTrusted, monotonicMs, uncertaintyMs }: TimeState,
  clock: Clock,
): string | undefined {
  if (!timeTrusted || monotonicMs === undefined || uncertaintyMs === undefined) return undefined;
  return `${Math.round(atMs + clock.monotonicMs() - monotonicMs)};${Math.ceil(uncertaintyMs)}`;
}

/** What the header says, or undefined where there is none or it is not one. */
export function readPeerTime(
  header: string | string[] | undefined,
  sentMs: number,
  receivedMs: number,
): PeerTime | undefined {
  const [, statedMs, uncertaintyMs] = (typeof header === 'string' ? pattern.exec(header) : null) ?? [];
  return statedMs === undefined || uncertaintyMs === undefined
    ? undefined
    : { statedMs: Number(statedMs), uncertaintyMs: Number(uncertaintyMs), sentMs, receivedMs };
}

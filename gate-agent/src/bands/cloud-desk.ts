// The cloud as the band desk asks it, in bounded time: to keep a band from other desks, for what to write onto it, and whether that is what it
// says now. Where it did not answer, the next questions of some seconds are not even asked: there is a queue.
import {
  bandReservationSchema,
  bandToWriteSchema,
  err,
  gateBandPath,
  gateBandsPath,
  hexToBytes,
  ok,
  problemSchema,
  type BandReservation,
  type Clock,
  type GateBandReserve,
  type GateBandWrite,
  type GateBandWritten,
  type Result,
  type TagMedium,
} from '@postern/shared';
import { z } from 'zod';
import { answerJson, postJson } from '../http-client.ts';
import type { GateFetch } from '../peers/gate-auth.ts';

export interface BandAtDesk {
  readonly ticketId: string;
  readonly medium: TagMedium;
  /** Hexadecimal. */
  readonly id: string;
  /** Of the staff. */
  readonly operator: string;
}

export type CloudDeskError =
  | { readonly type: 'cloud-unreachable'; readonly cause: string }
  /** Its problem, by type and title. */
  | { readonly type: 'cloud-refused'; readonly problem: string; readonly cause: string };

export interface CloudDesk {
  /** Nobody else gives this band away for some minutes. */
  readonly reserve: (
    band: BandAtDesk,
    asked: Pick<GateBandReserve, 'instead' | 'replace' | 'writable'>,
    signal: AbortSignal,
  ) => Promise<Result<BandReservation, CloudDeskError>>;
  /** What to write, for a band that is kept; `tag` is its hash, `key` its public key. */
  readonly write: (
    band: BandAtDesk,
    step: { readonly tag: string; readonly key?: string },
    signal: AbortSignal,
  ) => Promise<Result<Uint8Array, CloudDeskError>>;
  /** That it says now what it had to: the band is kept no longer. */
  readonly written: (
    band: BandAtDesk,
    step: { readonly tag: string; readonly read: string },
    signal: AbortSignal,
  ) => Promise<Result<void, CloudDeskError>>;
}

export interface CloudDeskDeps {
  /** Without a slash at its end. */
  readonly url: string;
  readonly fetch: GateFetch;
  readonly clock: Clock;
}

const answerMsMax = 4_000;
const answerBytesMax = 16 * 1024;
const awayMs = 5_000;
const nothing = z.undefined();

export function createCloudDesk({ url, fetch: send, clock }: CloudDeskDeps): CloudDesk {
  let awayUntilMs = -Infinity;

  const ask = async <T>(
    path: string,
    body: GateBandReserve | GateBandWrite | GateBandWritten,
    signal: AbortSignal,
    schema: z.ZodType<T>,
  ): Promise<Result<T, CloudDeskError>> => {
    if (clock.monotonicMs() < awayUntilMs)
      return err({ type: 'cloud-unreachable', cause: 'it did not answer just now' });
    const answer = await postJson(url + path, body, { timeoutMs: answerMsMax, answerBytesMax, signal, fetch: send });
    const json = answer.ok ? answerJson(answer.value.body) : undefined;
    const isGood = answer.ok && answer.value.status < 300;
    const read = isGood ? schema.safeParse(json) : undefined;
    if (read?.success === true) return ok(read.data);
    const problem = isGood ? undefined : problemSchema.safeParse(json).data;
    if (problem !== undefined && problem.status < 500)
      return err({ type: 'cloud-refused', problem: problem.type, cause: problem.title });
    // No answer, or none of a cloud of ours: a proxy in front of one that is away says so in its own words.
    if (!signal.aborted) awayUntilMs = clock.monotonicMs() + awayMs;
    const cause = !answer.ok && 'cause' in answer.error ? answer.error.cause : 'it does not answer as a cloud';
    return err({ type: 'cloud-unreachable', cause });
  };

  return {
    reserve: ({ ticketId, medium, id, operator }, asked, signal) =>
      ask(gateBandsPath(ticketId), { operator, method: medium, uid: id, ...asked }, signal, bandReservationSchema),
    write: async ({ ticketId, id, operator }, { tag, key }, signal) => {
      const body = { operator, uid: id, ...(key === undefined ? {} : { key }) };
      const made = await ask(gateBandPath(ticketId, tag, 'write'), body, signal, bandToWriteSchema);
      return made.ok ? ok(hexToBytes(made.value.write) ?? new Uint8Array(0)) : made;
    },
    written: ({ ticketId, operator }, { tag, read }, signal) =>
      ask(gateBandPath(ticketId, tag, 'written'), { operator, read }, signal, nothing),
  };
}

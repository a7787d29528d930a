// What is asked of a gate as a whole and answered by its events together: by the first that knows, or by all of them.
import {
  hexToBytes,
  isEnough,
  type Manifest,
  type TagMedium,
  type TicketType,
  weighProofs,
  type Zone,
} from '@postern/shared';
import type { BoundBand } from './bands/write-pass.ts';
import type { EventAtGate } from './event-at-gate.ts';
import type { ReplicationStatus } from './peers/replication-status.ts';
import type { Replication } from './replication/worker-front.ts';

export interface SeveralEvents {
  readonly gateName: (gate: string) => string;
  /** While any of them is in touch the gate is. */
  readonly noContactSinceMs: () => number | undefined;
  readonly hasFeed: () => boolean;
  /** Whoever works for one of the events may act here. */
  readonly staff: () => Manifest['staff'];
  readonly zones: () => readonly Zone[];
  /** A band that is bound to this ticket; undefined where it is not. */
  readonly boundBand: (medium: TagMedium, id: Uint8Array, ticketId: string) => BoundBand | undefined;
  /** What may sign the time: a feed key of a feed in use, or one that came with enrolment, unless a feed says that it is revoked. */
  readonly feedKey: (keyId: string) => Uint8Array | undefined;
  /** Whether one of them has forgotten its list because the cloud was not heard for so long. */
  readonly leaseOver: () => boolean;
  /** Own marks that the cloud has not confirmed; undefined while that is not known of every event. */
  readonly waitingMarks: () => number | undefined;
  /** Until when one of them rehearses here, Unix ms; undefined where none does. */
  readonly rehearsalUntilMs: () => number | undefined;
  /** To the event that the message is about. */
  readonly importMessage: Replication['importMessage'];
  /** What has to be counted, an event each, in their order. */
  readonly progress: () => Promise<readonly EventProgress[]>;
}

export interface EventProgress {
  /** Last durable sequence of this process start. */
  readonly lastSequence: number;
  /** Equal on all replicas that know the same marks; undefined while that cannot be told. */
  readonly historyHash: string | undefined;
  readonly replication: ReplicationStatus;
}

export function createSeveralEvents(own: EventAtGate, further: readonly EventAtGate[]): SeveralEvents {
  const events = [own, ...further];
  const manifests = (): readonly Manifest[] => events.flatMap(({ cache }) => cache.current()?.manifest ?? []);
  return {
    gateName: (gate) => events.map(({ feed }) => feed.gateName(gate)).find((name) => name !== gate) ?? gate,
    noContactSinceMs: () => {
      const since = events.map(({ reach }) => reach.noContactSinceMs());
      return since.includes(undefined) ? undefined : Math.max(...since.flatMap((ms) => ms ?? []));
    },
    hasFeed: () => manifests().length > 0,
    staff: () => manifests().flatMap(({ staff }) => staff),
    zones: () => manifests().flatMap(({ policy }) => policy.zones),
    leaseOver: () => events.some(({ cache }) => cache.leaseEndedMs() !== undefined),
    waitingMarks: () => {
      const waiting = events.map(({ replication }) => replication.status().cloudBacklogMarks);
      return waiting.includes(undefined) ? undefined : waiting.reduce<number>((sum, marks) => sum + (marks ?? 0), 0);
    },
    boundBand: (medium, id, ticketId) => {
      for (const { feed, journal } of events) {
        const tagHash = feed.tagHash(medium, id);
        const state = tagHash === undefined ? undefined : journal.tag(tagHash);
        if (tagHash === undefined || state?.type !== 'bound' || state.ticketId !== ticketId) continue;
        const type = feed.ticket(ticketId)?.type;
        const rule = feed.policy().types.find((one) => one.id === type);
        return { tagHash, needsPass: rule !== undefined && isNumberWorthless(rule, medium) };
      }
      return undefined;
    },
    feedKey: (keyId) => {
      const keys = events.flatMap(({ cache }) => cache.feedKeys()).filter((key) => key.keyId === keyId);
      const [key] = keys;
      return key === undefined || keys.some(({ state }) => state === 'revoked') ? undefined : hexToBytes(key.publicKey);
    },
    rehearsalUntilMs: () => {
      const ends = events.flatMap(({ rehearsal }) => rehearsal.current()?.untilMs ?? []);
      return ends.length === 0 ? undefined : Math.max(...ends);
    },
    importMessage: async (message, from) => {
      const answer = await own.replication.importMessage(message, from);
      for (const { event, replication } of further)
        if (!answer.ok && answer.error.type === 'event-forbidden' && answer.error.event === event)
          return replication.importMessage(message, from);
      return answer;
    },
    progress: () => Promise.all(events.map(progressOf)),
  };
}

/** Whether a ticket of this type is refused on the number of a band, also beside another proof. */
const isNumberWorthless = (rule: TicketType, method: string): boolean =>
  !isEnough('looked-up', rule) || weighProofs(rule.proofs, [{ method, assurance: 'looked-up' }]) === 'never';

async function progressOf({ journal, replication }: EventAtGate): Promise<EventProgress> {
  const hash = await replication.contentHash();
  return {
    lastSequence: journal.lastSequence(),
    historyHash: hash.ok ? hash.value : undefined,
    replication: replication.status(),
  };
}

// Marks and rules for tests: ordinary ones, of which a test changes what it is about.
import {
  admissionPolicySchema,
  rehearsedDraft,
  type AdmissionPolicy,
  type HistoryRules,
  type Mark,
  type MarkDraft,
  type RehearsedMark,
  type Writer,
} from '@postern/shared';

export const ticketIdOfTests = '0190f3a47b6c7d8e8f90a1b2c3d4e5f6';
export const bootOfTests = '00112233aabbccdd';
/** 2026-09-21 19:00 UTC. */
export const eveningMs = 1_790_017_200_000;

type Admitted = Extract<Mark, { kind: 'admitted' }>;

export const writerOf = ({ event, gate, boot }: Mark): Writer => ({ event, gate, boot });

export const aMark = (fields: Partial<Admitted> = {}): Admitted => ({
  ...baseOf(fields),
  kind: 'admitted',
  ticketType: 1,
  zone: 'arena',
  uses: 1,
  outOfTouch: false,
  peersReachable: 1,
  ...fields,
});

/** A mark of another kind at `sequence`, `secondsLater` after the evening began. */
export function baseOf({ sequence = 1, gate = 'gate-a' }: { readonly sequence?: number; readonly gate?: string } = {}) {
  return {
    event: 7,
    gate,
    boot: bootOfTests,
    sequence,
    at: { ms: eveningMs + sequence * 60_000, counter: 0 },
    monotonicMs: sequence * 60_000,
    clock: { source: 'server', uncertaintyMs: 100 },
    lane: 'lane-1',
    ticketId: ticketIdOfTests,
    epoch: 0,
    method: 'qr',
  } as const;
}

export const someRules = (fields: Partial<HistoryRules> = {}): HistoryRules => ({
  uses: 1,
  party: 1,
  reentry: false,
  oncePerDay: false,
  exitsScannedZones: [],
  timeZone: 'UTC',
  dayStartsAtHour: 4,
  ...fields,
});

/** An event with one zone and one plain ticket type; `type` and `zone` override their fields. */
export function aPolicy({
  type = {},
  zone = {},
  ...policy
}: { readonly type?: object; readonly zone?: object; readonly [field: string]: unknown } = {}): AdmissionPolicy {
  return admissionPolicySchema.parse({
    event: 7,
    name: 'Test night',
    types: [{ id: 1, name: 'Standing', ...type }],
    zones: [{ id: 'arena', name: 'Arena', ...zone }],
    ...policy,
  });
}

/** What a gate in the session would have written instead of `mark`; nothing of what is real at any time. */
export function rehearsed(mark: Mark, session: string): readonly RehearsedMark[] {
  const { gate, boot, sequence, at, monotonicMs, clock } = mark;
  const draft = rehearsedDraft({ ...mark, rehearsal: session } as MarkDraft, session);
  return draft.kind === 'rehearsed' ? [{ ...draft, gate, boot, sequence, at, monotonicMs, clock }] : [];
}

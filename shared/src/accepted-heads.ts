// What is accepted of a revoked gate: for every segment of it that the cloud had taken in, the head it had then. A head commits to each
// mark of its own segment and to nothing of the segments before it, which is why those are named too. What lies under such a head
// is history like any other; everything else of that gate is put aside, whatever time it claims.
import type { SegmentState } from './segment.ts';

export interface AcceptedHead {
  /** 16 hexadecimal digits. */
  readonly boot: string;
  readonly segment: number;
  /** Marks accepted of this segment, from the first on. */
  readonly count: number;
  /** Hash after them, 64 hexadecimal digits. */
  readonly hash: string;
}

/** Accepted heads of one gate, and of all revoked gates of an event: a manifest carries them. */
export const acceptedHeadsPerGateMax = 2_000;
export const acceptedHeadsMax = 8_000;

export const acceptedHeadOf = (
  heads: readonly AcceptedHead[],
  { boot, segment }: Pick<AcceptedHead, 'boot' | 'segment'>,
): AcceptedHead | undefined => heads.find((head) => head.boot === boot && head.segment === segment);

/**
 * Whether a segment that is known so far can lie under an accepted head. Of a shorter one that shows only once it chains up to the
 * head: nothing of it is taken in before (gate/revoked-chunks.ts), but what was there already stays until then.
 */
export function isAccepted(
  heads: readonly AcceptedHead[],
  state: Pick<SegmentState, 'boot' | 'segment' | 'count' | 'hash'>,
): boolean {
  const head = acceptedHeadOf(heads, state);
  return head !== undefined && (state.count < head.count || (state.count === head.count && state.hash === head.hash));
}

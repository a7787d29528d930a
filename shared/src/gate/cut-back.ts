// Brings what a replica holds of one writer of a revoked gate back to what is accepted of it: marks that lie beyond leave the history,
// the chunks that carry them are put aside as evidence. Marks that are accepted stay known all the time, also where the chunk that
// brought them has to be fetched again because it brought others too.
import { asideReason } from './alarms.ts';
import type { CutBack, ReplicaStore } from './replica-store.ts';
import { acceptedHeadOf, isAccepted, type AcceptedHead } from '../accepted-heads.ts';
import type { Ledger } from '../ledger.ts';
import { advance } from '../segment-check.ts';
import type { SegmentState, WriterId } from '../segment.ts';

export interface CutBackDeps {
  readonly ledger: Pick<Ledger, 'hashAt'>;
  readonly store: ReplicaStore;
}

/** Resolves with the number of marks that left the history; undefined when somebody else has changed the writer meanwhile. */
export async function cutWriterBack(
  deps: CutBackDeps,
  writer: WriterId,
  heads: readonly AcceptedHead[],
): Promise<number | undefined> {
  const states: SegmentState[] = [];
  for (let segment = 0; ; segment++) {
    const state = await deps.store.segment({ ...writer, segment });
    if (state === undefined) break;
    states.push(state);
  }
  const first = states.findIndex((state) => !isAccepted(heads, state));
  return first === -1 ? 0 : cutFrom(deps, states.slice(first), heads, 'count');
}

/** The same for one segment that the accepted head, which has just arrived, contradicts: nothing of it is a piece of that history. */
export async function cutContradicted(
  deps: CutBackDeps,
  contradicted: SegmentState,
  heads: readonly AcceptedHead[],
): Promise<number | undefined> {
  const states: SegmentState[] = [contradicted];
  for (let segment = contradicted.segment + 1; ; segment++) {
    const state = await deps.store.segment({ ...contradicted, segment });
    if (state === undefined) break;
    states.push(state);
  }
  return cutFrom(deps, states, heads, 'nothing');
}

/** From the last segment to the first: a crash in between leaves a shorter writer, never one with a hole. */
async function cutFrom(
  deps: CutBackDeps,
  states: readonly SegmentState[],
  heads: readonly AcceptedHead[],
  firstKeeps: 'count' | 'nothing',
): Promise<number | undefined> {
  let marks = 0;
  for (const [index, state] of [...states.entries()].toReversed()) {
    const cut = await planCut(deps, state, heads, index > 0 ? 'marks' : firstKeeps);
    const done = await deps.store.cutBack(cut);
    if (!done.ok) return undefined;
    marks += Math.max(0, cut.marks.to - cut.marks.from + 1);
  }
  return marks;
}

/** `keeps`: the accepted count with its chunks; only the accepted marks, behind a segment that is cut; or nothing. */
async function planCut(
  { ledger, store }: CutBackDeps,
  state: SegmentState,
  heads: readonly AcceptedHead[],
  keeps: 'count' | 'marks' | 'nothing',
): Promise<CutBack> {
  const chunks = await store.chunks(state);
  const head = acceptedHeadOf(heads, state);
  const accepted = ((): number => {
    if (keeps === 'nothing' || head === undefined) return 0;
    if (isAccepted(heads, state)) return state.count;
    return state.count > head.count && ledger.hashAt(chunks, head.count) === head.hash ? head.count : 0;
  })();
  const kept = keeps === 'count' && head !== undefined ? chunks.filter((chunk) => chunk.head.count <= accepted) : [];
  return {
    before: state,
    after: kept.reduce<SegmentState | undefined>((known, chunk) => advance(known, chunk.head), undefined),
    kept,
    marks: { from: state.firstSequence + accepted, to: state.firstSequence + state.count - 1 },
    aside: chunks
      .filter((chunk) => chunk.head.count > accepted)
      .map((chunk) => ({
        chunk,
        reason: asideReason('gate-revoked', 'beyond what is accepted of its gate'),
        from: 'this replica',
      })),
  };
}

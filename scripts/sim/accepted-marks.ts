// What accepted heads of a revoked gate mean, told apart from the code that applies them: of each of its starts the marks of the accepted
// segments, from the first on. The referee and the judgement go by this.
import { writerKey, type AcceptedHead, type EncodedMark, type Ledger, type WriterId } from '@postern/shared';

/** What the cloud has accepted of a gate; undefined for one that is not revoked. */
export type AcceptedOf = (gate: string) => readonly AcceptedHead[] | undefined;

const headsOf = (heads: readonly AcceptedHead[], boot: string): readonly AcceptedHead[] =>
  heads.filter((head) => head.boot === boot).toSorted((a, b) => a.segment - b.segment);

export const isCovered = (
  heads: readonly AcceptedHead[],
  { boot, sequence }: { readonly boot: string; readonly sequence: number },
): boolean => sequence <= headsOf(heads, boot).reduce((sum, { count }) => sum + count, 0);

/** What is wrong with the marks of a revoked gate in a replica, in words: each accepted mark must be there, and no other. */
export function acceptedTrouble(
  ledger: Pick<Ledger, 'createSegment'>,
  { event, gate }: Pick<WriterId, 'event' | 'gate'>,
  heads: readonly AcceptedHead[],
  marks: readonly EncodedMark[],
): string | undefined {
  const beyond = marks.find(({ mark }) => !isCovered(heads, mark));
  if (beyond !== undefined) return `mark ${beyond.mark.sequence} of ${writerKey(beyond.mark)}, which is not accepted`;
  for (const boot of new Set(heads.map((head) => head.boot))) {
    const known = marks.flatMap(({ mark, bytes }) => (mark.boot === boot ? [bytes] : []));
    let from = 0;
    for (const { segment, count, hash } of headsOf(heads, boot)) {
      const document = ledger.createSegment({ event, gate, boot, segment });
      document.append(known.slice(from, from + count));
      from += count;
      if (document.count() !== count)
        return `${document.count()} of ${count} marks accepted of ${gate}/${boot}/${segment}`;
      if (document.hashAt(count) !== hash) return `other marks of ${gate}/${boot}/${segment} than were accepted`;
    }
  }
  return undefined;
}

// Which wristband belongs to which ticket, from the set of `bound` marks. A mark names those that it knowingly replaces (`settles`);
// whatever nobody has replaced holds. So bindings that two gates made without knowing of each other both hold, which is a conflict that
// a person resolves: the later one never wins by itself.
import { bytesToHex, utf8 } from './bytes.ts';
import { sha256 } from './crypto.ts';
import type { Refusal } from './decision.ts';
import { compareMarks } from './history.ts';
import { markKey, settlesMax, type Mark, type MarkDraft, type MarkName } from './mark.ts';

/** An empty ticket id takes the tag from whatever ticket it had. */
export type BoundMark = Extract<Mark, { kind: 'bound' }>;

export interface BindingConflict {
  /** 32 hexadecimal digits, the same on every replica. */
  readonly id: string;
  readonly event: number;
  /** One tag with several tickets, or one ticket with more tags than it may have. */
  readonly kind: 'tag' | 'ticket';
  /** The tag's hash, or the ticket's id. */
  readonly subject: string;
  /** The bindings that exclude each other, earliest first. */
  readonly marks: readonly BoundMark[];
}

/** What a gate may make of a tag: while there is a conflict it lets nobody in on it, and the ticket's own code still works. */
export type TagState =
  /** `released`: it was bound once, and has been taken back or replaced since. */
  | { readonly type: 'unbound'; readonly released?: true }
  | { readonly type: 'bound'; readonly ticketId: string; readonly epoch: number }
  | { readonly type: 'conflict'; readonly conflict: BindingConflict };

export interface Bindings {
  readonly tag: (tagHash: string) => TagState;
  /** In the order of their ids. */
  readonly conflicts: readonly BindingConflict[];
  /**
   * Of a tag, with those that are dead by their ticket's epoch: such a one holds again once that epoch's own are replaced, so whoever gives the
   * tag away replaces it too.
   */
  readonly claims: (tagHash: string) => readonly BoundMark[];
  /** Bindings that hold, of this tag or ticket. */
  readonly holding: (of: { readonly tagHash: string } | { readonly ticketId: string }) => readonly BoundMark[];
}

/** Bands that one ticket may have: one for each of its party. */
export type BandsMax = (ticketId: string) => number;

/** First 16 bytes of SHA-256("postern-binding-conflict-v1", event, kind, subject), hexadecimal. */
export const bindingConflictId = (event: number, kind: BindingConflict['kind'], subject: string): string =>
  bytesToHex(sha256(utf8(`postern-binding-conflict-v1\0${event}\0${kind}\0${subject}`)).slice(0, 16));

/** All of one event; other kinds are ignored. */
export function foldBindings(marks: readonly Mark[], bandsMax: BandsMax): Bindings {
  const known = new Map<string, BoundMark>();
  for (const mark of marks) if (mark.kind === 'bound') known.set(markKey(mark), mark);
  const tagsKnown = new Set([...known.values()].map(({ tagHash }) => tagHash));
  const left = withoutReplaced(known).toSorted(compareMarks);
  const holding = withoutDead(left);
  const byTag = groupBy(holding, ({ tagHash }) => tagHash);
  const byTicket = groupBy(
    holding.filter(({ ticketId }) => ticketId !== ''),
    ({ ticketId }) => ticketId,
  );
  const conflictsByTag = new Map<string, BindingConflict>();
  const conflicts: BindingConflict[] = [];
  const conflict = (kind: BindingConflict['kind'], subject: string, of: readonly BoundMark[]): void => {
    const event = of[0]?.event ?? 0;
    const found = { id: bindingConflictId(event, kind, subject), event, kind, subject, marks: of };
    conflicts.push(found);
    // A tag that two tickets claim is about that first of all.
    for (const { tagHash } of of)
      if (kind === 'tag' || !conflictsByTag.has(tagHash)) conflictsByTag.set(tagHash, found);
  };
  for (const [ticketId, of] of byTicket)
    if (distinct(of, ({ tagHash }) => tagHash) > Math.max(1, bandsMax(ticketId))) conflict('ticket', ticketId, of);
  for (const [tagHash, of] of byTag) if (distinct(of, ({ ticketId }) => ticketId) > 1) conflict('tag', tagHash, of);
  return {
    conflicts: conflicts.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    tag: (tagHash) => {
      const found = conflictsByTag.get(tagHash);
      if (found !== undefined) return { type: 'conflict', conflict: found };
      const mark = byTag.get(tagHash)?.at(-1);
      return mark === undefined || mark.ticketId === ''
        ? { type: 'unbound', ...(tagsKnown.has(tagHash) ? { released: true as const } : {}) }
        : { type: 'bound', ticketId: mark.ticketId, epoch: mark.epoch };
    },
    claims: (tagHash) => left.filter((mark) => mark.tagHash === tagHash),
    holding: (of) => ('tagHash' in of ? byTag.get(of.tagHash) : byTicket.get(of.ticketId)) ?? [],
  };
}

/**
 * Everything that could bear on a tag, when marks can be had by tag and by ticket: its bindings, those of the tickets they name, and
 * those of these tickets' tags, which may have been replaced in turn.
 */
export function bindingsAround(
  tags: readonly string[],
  tickets: readonly string[],
  find: {
    readonly byTag: (tagHash: string) => readonly Mark[];
    readonly byTicket: (ticketId: string) => readonly Mark[];
  },
): readonly BoundMark[] {
  const known = new Map<string, BoundMark>();
  const take = (marks: readonly Mark[]): void => {
    for (const mark of marks) if (mark.kind === 'bound') known.set(markKey(mark), mark);
  };
  for (const tagHash of tags) take(find.byTag(tagHash));
  const concerned = new Set([...tickets, ...[...known.values()].map(({ ticketId }) => ticketId)]);
  for (const ticketId of concerned) if (ticketId !== '') take(find.byTicket(ticketId));
  for (const tagHash of new Set([...known.values()].map((mark) => mark.tagHash)))
    if (!tags.includes(tagHash)) take(find.byTag(tagHash));
  return [...known.values()];
}

/** Why a gate lets nobody in on a tag in this state; undefined where it may go on with the ticket. */
export function tagRefusal(state: TagState): Refusal | undefined {
  if (state.type === 'bound') return undefined;
  if (state.type === 'unbound') return { type: 'code-unknown' };
  const last = state.conflict.marks.at(-1);
  return { type: 'band-disputed', detail: last === undefined ? {} : { gate: last.gate, atMs: last.at.ms } };
}

export interface BindingPlace {
  readonly event: number;
  readonly lane: string;
  readonly method: string;
  readonly operator?: string;
}

/**
 * Binds `tagHash` to a ticket (to none when its id is empty) in full knowledge of `replaces`: several marks of the same content where
 * one cannot name them all.
 */
export function draftBindings(
  { event, lane, method, operator }: BindingPlace,
  { tagHash, ticketId, epoch }: Pick<BoundMark, 'tagHash' | 'ticketId' | 'epoch'>,
  replaces: readonly MarkName[],
): readonly MarkDraft[] {
  const refs: readonly MarkName[] = replaces.map(({ gate, boot, sequence }) => ({ gate, boot, sequence }));
  const parts: (readonly MarkName[])[] = [refs.slice(0, settlesMax)];
  for (let start = settlesMax; start < refs.length; start += settlesMax)
    parts.push(refs.slice(start, start + settlesMax));
  return parts.map((settles) => ({
    kind: 'bound',
    event,
    lane,
    ...(operator === undefined ? {} : { operator }),
    ticketId,
    epoch,
    method,
    tagHash,
    ...(settles.length === 0 ? {} : { settles }),
  }));
}

/** A mark replaces what it names, as long as both are about the same tag or the same ticket. */
function withoutReplaced(known: ReadonlyMap<string, BoundMark>): readonly BoundMark[] {
  const replaced = new Set<BoundMark>();
  for (const mark of known.values())
    for (const ref of mark.settles ?? []) {
      const named = known.get(markKey({ event: mark.event, ...ref }));
      if (named === undefined || named === mark) continue;
      if (named.tagHash === mark.tagHash || (named.ticketId !== '' && named.ticketId === mark.ticketId))
        replaced.add(named);
    }
  return [...known.values()].filter((mark) => !replaced.has(mark));
}

/** A lower epoch of a ticket is dead. */
function withoutDead(left: readonly BoundMark[]): readonly BoundMark[] {
  const epochs = new Map<string, number>();
  for (const { ticketId, epoch } of left) epochs.set(ticketId, Math.max(epochs.get(ticketId) ?? 0, epoch));
  return left.filter(({ ticketId, epoch }) => ticketId === '' || epoch === epochs.get(ticketId));
}

const distinct = (marks: readonly BoundMark[], keyOf: (mark: BoundMark) => string): number =>
  new Set(marks.map(keyOf)).size;

function groupBy(marks: readonly BoundMark[], keyOf: (mark: BoundMark) => string): ReadonlyMap<string, BoundMark[]> {
  const groups = new Map<string, BoundMark[]>();
  for (const mark of marks) {
    const group = groups.get(keyOf(mark));
    if (group === undefined) groups.set(keyOf(mark), [mark]);
    else group.push(mark);
  }
  return groups;
}

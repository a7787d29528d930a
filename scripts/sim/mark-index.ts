// Where a simulated replica finds what it folds: the marks of a ticket in the order in which they became known, the bindings of
// wristbands, the orders to the venue, and the clock corrections, which say when all the others were made.
import {
  isOrderFoldMark,
  isRefusal,
  markKey,
  writerKey,
  type BoundMark,
  type CorrectedMark,
  type Mark,
  type OrderFoldMark,
} from '@postern/shared';

export interface MarkIndex {
  /** A mark that is known already is not added again. */
  readonly add: (mark: Mark) => void;
  readonly removeAll: (isGone: (mark: Mark) => boolean) => void;
  readonly ofTicket: (ticketId: string) => readonly Mark[];
  readonly bound: () => readonly BoundMark[];
  readonly corrected: () => readonly CorrectedMark[];
  readonly orders: () => readonly OrderFoldMark[];
}

/** As far as it is only read. */
export type FoldedMarks = Omit<MarkIndex, 'add' | 'removeAll'>;

export function createMarkIndex(): MarkIndex {
  const byTicket = new Map<string, Mark[]>();
  let bound: BoundMark[] = [];
  let corrected: CorrectedMark[] = [];
  let orders: OrderFoldMark[] = [];
  const addTo = <M extends Mark>(list: M[], mark: M): void => {
    if (list.every((known) => markKey(known) !== markKey(mark))) list.push(mark);
  };
  return {
    add: (mark) => {
      if (mark.kind === 'corrected') addTo(corrected, mark);
      if (mark.kind === 'bound') addTo(bound, mark);
      if (isOrderFoldMark(mark)) addTo(orders, mark);
      // Refusals are no part of a history.
      if (!('ticketId' in mark) || mark.ticketId === '' || isRefusal(mark)) return;
      const ofTicket = byTicket.get(mark.ticketId) ?? [];
      byTicket.set(mark.ticketId, ofTicket);
      addTo(ofTicket, mark);
    },
    removeAll: (isGone) => {
      for (const [ticketId, marks] of byTicket)
        if (marks.some(isGone))
          byTicket.set(
            ticketId,
            marks.filter((mark) => !isGone(mark)),
          );
      bound = bound.filter((mark) => !isGone(mark));
      corrected = corrected.filter((mark) => !isGone(mark));
      orders = orders.filter((mark) => !isGone(mark));
    },
    ofTicket: (ticketId) => byTicket.get(ticketId) ?? [],
    bound: () => bound,
    corrected: () => corrected,
    orders: () => orders,
  };
}

/** What is folded, whoever wrote it. */
export interface KnownMarks {
  /** Of a ticket, and the corrections of the process starts that they were made in. */
  readonly ofTicket: (ticketId: string) => readonly Mark[];
  readonly bound: () => readonly BoundMark[];
  readonly orders: () => readonly OrderFoldMark[];
}

/** Over several indexes: a gate has its own marks in one and the others' in another. */
export function knownMarks(indexes: () => readonly FoldedMarks[]): KnownMarks {
  return {
    ofTicket: (ticketId) => {
      const marks = indexes().flatMap((index) => index.ofTicket(ticketId));
      const writers = new Set(marks.map(writerKey));
      return [
        ...marks,
        ...indexes().flatMap((index) => index.corrected().filter((mark) => writers.has(writerKey(mark)))),
      ];
    },
    bound: () => indexes().flatMap((index) => index.bound()),
    orders: () => indexes().flatMap((index) => index.orders()),
  };
}

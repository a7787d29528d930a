// Which sightings are one presentation. A code that a scanner delivers twice, or that changes in the visitor's hand while it
// is shown, is the same presentation until it has been out of view for `outOfViewMs`; each further sighting extends that, and
// while its answer is still being worked on (decision, hold, passage) it never ends. Times are monotonic milliseconds.
import type { Presentation } from '../presentation.ts';

/** How long a code must be out of view before it counts as shown again. */
export const outOfViewMs = 2_000;
/** Presentations remembered at once; beyond it the one seen longest ago is forgotten. */
export const viewsMax = 256;
/** Codes remembered for one presentation: a rotating code left lying on a reader makes a new one for ever. */
export const textsPerViewMax = 8;

export interface View {
  readonly presentation: Presentation;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

interface OpenView extends View {
  lastSeenMs: number;
  /** Undefined while its answer is being worked on. */
  settledMs: number | undefined;
  readonly texts: Set<string>;
  ticketId: string | undefined;
}

export interface Views {
  /** A reader has this text in view now. `fresh`: nobody has begun to answer it; call `settle` or `forget` when done. */
  readonly sight: (presentation: Presentation, nowMs: number) => { readonly view: View; readonly fresh: boolean };
  /** The view turned out to show this ticket: an earlier view of the same ticket that it continues, or undefined. */
  readonly identify: (view: View, ticketId: string) => View | undefined;
  /** Its answer is complete: from now on only being in view keeps it alive. */
  readonly settle: (view: View, nowMs: number) => void;
  /** Its answer was about this one code: another code of the same ticket is no longer the same presentation. */
  readonly release: (view: View) => void;
  /** It was never answered; the next sighting starts afresh. */
  readonly forget: (view: View) => void;
}

export function createViews(): Views {
  const byText = new Map<string, OpenView>();
  const byTicket = new Map<string, OpenView>();
  const all = new Map<View, OpenView>();

  /** Whether a sighting at `atMs` continues `view`. */
  const continues = (view: OpenView, atMs: number): boolean =>
    view.settledMs === undefined || atMs < view.settledMs || atMs - view.lastSeenMs < outOfViewMs;

  const remove = (view: OpenView): void => {
    all.delete(view);
    for (const text of view.texts) if (byText.get(text) === view) byText.delete(text);
    if (view.ticketId !== undefined && byTicket.get(view.ticketId) === view) byTicket.delete(view.ticketId);
  };

  /** Forgets what no sighting can continue any more: neither one of now nor one that still waits for its answer. */
  const prune = (nowMs: number): void => {
    let oldestMs = nowMs;
    for (const view of all.values()) if (view.settledMs === undefined) oldestMs = Math.min(oldestMs, view.firstSeenMs);
    for (const view of all.values()) if (!continues(view, oldestMs)) remove(view);
    if (all.size < viewsMax) return;
    let stalest: OpenView | undefined;
    for (const view of all.values())
      if (view.settledMs !== undefined && (stalest === undefined || view.lastSeenMs < stalest.lastSeenMs))
        stalest = view;
    if (stalest !== undefined) remove(stalest);
  };

  return {
    sight: (presentation, nowMs) => {
      const text = presentation.text.trim();
      const known = byText.get(text);
      if (known !== undefined && continues(known, nowMs)) {
        known.lastSeenMs = nowMs;
        return { view: known, fresh: false };
      }
      prune(nowMs);
      const view: OpenView = {
        presentation,
        firstSeenMs: nowMs,
        lastSeenMs: nowMs,
        settledMs: undefined,
        texts: new Set([text]),
        ticketId: undefined,
      };
      all.set(view, view);
      byText.set(text, view);
      return { view, fresh: true };
    },

    identify: (view, ticketId) => {
      const open = all.get(view);
      if (open === undefined) return undefined;
      const earlier = byTicket.get(ticketId);
      if (earlier === undefined || earlier === open || !continues(earlier, open.firstSeenMs)) {
        open.ticketId = ticketId;
        byTicket.set(ticketId, open);
        return undefined;
      }
      remove(open);
      for (const text of open.texts) {
        earlier.texts.add(text);
        byText.set(text, earlier);
      }
      for (const text of earlier.texts) {
        if (earlier.texts.size <= textsPerViewMax) break;
        earlier.texts.delete(text);
        if (byText.get(text) === earlier) byText.delete(text);
      }
      earlier.lastSeenMs = Math.max(earlier.lastSeenMs, open.lastSeenMs);
      return earlier;
    },

    settle: (view, nowMs) => {
      const open = all.get(view);
      if (open !== undefined) open.settledMs = nowMs;
    },

    release: (view) => {
      const open = all.get(view);
      if (open?.ticketId === undefined) return;
      if (byTicket.get(open.ticketId) === open) byTicket.delete(open.ticketId);
      open.ticketId = undefined;
    },

    forget: (view) => {
      const open = all.get(view);
      if (open !== undefined) remove(open);
    },
  };
}

// The presentations that wait for their turn at one lane: bounded, in order, one a view. A presentation whose code was out of
// view for too long when its turn comes is not answered: its visitor has walked away.
import type { Presentation } from '../presentation.ts';
import { createViews, type View } from './views.ts';

/** Presentations that may wait at one lane; more are dropped and counted. */
export const inboxPresentationsMax = 16;
/** How long after its last sighting a waiting presentation is still worth an answer. */
export const waitMsMax = 5_000;

export interface LaneInbox {
  readonly offer: (
    presentation: Presentation,
    nowMs: number,
  ) => { readonly type: 'queued' | 'same' | 'dropped'; readonly view: View };
  /** The next one to answer; the caller says `settle` or `forget` when done with it. */
  readonly next: (nowMs: number) => View | undefined;
  readonly identify: (view: View, ticketId: string) => View | undefined;
  readonly settle: (view: View, nowMs: number) => void;
  readonly release: (view: View) => void;
  readonly forget: (view: View) => void;
  /** Forgets everything that waits. */
  readonly clear: () => void;
  readonly counts: () => { readonly waiting: number; readonly dropped: number; readonly gone: number };
}

export function createLaneInbox(): LaneInbox {
  const views = createViews();
  const waiting: View[] = [];
  let dropped = 0;
  let gone = 0;
  return {
    offer: (presentation, nowMs) => {
      const { view, fresh } = views.sight(presentation, nowMs);
      if (!fresh) return { type: 'same', view };
      if (waiting.length >= inboxPresentationsMax) {
        dropped++;
        views.forget(view);
        return { type: 'dropped', view };
      }
      waiting.push(view);
      return { type: 'queued', view };
    },
    next: (nowMs) => {
      for (let view = waiting.shift(); view !== undefined; view = waiting.shift()) {
        if (nowMs - view.lastSeenMs <= waitMsMax) return view;
        gone++;
        views.forget(view);
      }
      return undefined;
    },
    identify: views.identify,
    settle: views.settle,
    release: views.release,
    forget: views.forget,
    clear: () => {
      for (const view of waiting.splice(0)) views.forget(view);
    },
    counts: () => ({ waiting: waiting.length, dropped, gone }),
  };
}

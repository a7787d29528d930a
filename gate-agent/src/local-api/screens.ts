// What screens are told: first who this gate is and how every lane stands, then whatever happens, and a beat every two seconds.
import type { Lane, LaneEvent, LaneState, Language, TrustedTime } from '@postern/shared';
import { laneStateToView, type DisplayContext, type DisplayView } from './display-view.ts';
import type { EventHub } from './event-hub.ts';

/** What is held to a reader: a code, or a band and what else is a tag. */
export type Shown = 'code' | 'band';
type Side = 'left' | 'right' | 'above' | 'below';

export interface LaneOnScreen {
  readonly id: string;
  readonly direction: 'entry' | 'exit';
  readonly shows: readonly Shown[];
  /** Where its readers are, seen from the screen, where that is known. */
  readonly readerSide?: Side | undefined;
}

export interface DisplaySettings {
  /** Per cent; 0 is silence. */
  readonly volume: number;
  readonly callButton: boolean;
}

const shownTo = (readerUri: string): Shown => (/^(pcsc|ble):/.test(readerUri) ? 'band' : 'code');
export const shownAt = (readerUris: readonly string[]): readonly Shown[] => [...new Set(readerUris.map(shownTo))];

/** First message of every connection, and again when something in it changes. */
export interface Hello {
  readonly gate: { readonly id: string; readonly name: string };
  readonly lanes: readonly LaneOnScreen[];
  /** Changes when the agent restarts. */
  readonly boot: string;
  readonly languages: readonly Language[];
  readonly display: DisplaySettings;
}

/** What a lane's screen shows. `turn` rises with every change of the lane: the same one again is drawn anew, but nothing has happened. */
export interface ShownView extends DisplayView {
  readonly turn: number;
}

/** Every two seconds, so that a page knows it is still connected. */
export interface Beat {
  readonly nowMs: number;
  readonly timeZone: string;
  readonly clockTrusted: boolean;
  /** Unix milliseconds since when neither the cloud nor another gate has answered. */
  readonly noContactSinceMs: number | undefined;
}

export interface ScreensDeps {
  readonly hub: EventHub;
  readonly lanes: readonly Lane[];
  readonly gate: { readonly id: string; readonly name: string };
  readonly boot: string;
  readonly languages: readonly Language[];
  readonly display: DisplaySettings;
  /** What a lane's readers take, and where they are. */
  readonly readersOf: (lane: string) => Pick<LaneOnScreen, 'shows' | 'readerSide'>;
  readonly time: () => TrustedTime;
  readonly timeZone: () => string;
  readonly gateName: (gate: string) => string;
  readonly noContactSinceMs: () => number | undefined;
  /** False on a new gate that has not met its cloud yet: it can admit nobody. */
  readonly hasFeed: () => boolean;
  /** What a lane's look at a face says, while there is one. */
  readonly face: (lane: string) => DisplayContext['face'];
  /** Until when this gate rehearses, Unix ms; undefined while entries count. */
  readonly rehearsalUntilMs: () => number | undefined;
  /** Why it has none any more. */
  readonly forgotten: () => DisplayContext['forgotten'];
}

export interface Screens {
  readonly hello: () => Hello;
  readonly beat: () => Beat;
  readonly laneStates: () => readonly LaneEvent[];
  readonly views: () => readonly ShownView[];
  /** Passes on what a lane said; synchronous, whoever listens. */
  readonly tell: (event: LaneEvent) => void;
  /** Draws every lane anew: contact was lost or found. */
  readonly refresh: () => void;
}

export function createScreens(deps: ScreensDeps): Screens {
  const { hub, lanes, gate, boot, languages, time, timeZone, gateName, noContactSinceMs, hasFeed, forgotten } = deps;
  const turns = new Map<string, number>();
  const viewOf = (lane: string, state: LaneState): ShownView => {
    const direction = lanes.find((candidate) => candidate.id === lane)?.settings.direction ?? 'entry';
    const view = laneStateToView(lane, state, {
      languages,
      timeZone: timeZone(),
      gateName,
      direction,
      hasFeed: hasFeed(),
      shows: deps.readersOf(lane).shows,
      forgotten: forgotten(),
      face: deps.face(lane),
      rehearsalUntilMs: deps.rehearsalUntilMs(),
      noContactSinceMs: noContactSinceMs(),
      clockTrusted: time().trusted,
      atMs: time().nowMs,
    });
    return { ...view, turn: turns.get(lane) ?? 0 };
  };
  const views = (): readonly ShownView[] => lanes.map((lane) => viewOf(lane.id, lane.state()));
  return {
    hello: () => ({
      gate,
      boot,
      languages,
      display: deps.display,
      lanes: lanes.map((lane) => ({ id: lane.id, direction: lane.settings.direction, ...deps.readersOf(lane.id) })),
    }),
    beat: () => ({
      nowMs: time().nowMs,
      timeZone: timeZone(),
      clockTrusted: time().trusted,
      noContactSinceMs: noContactSinceMs(),
    }),
    laneStates: () => lanes.map((lane) => ({ type: 'state', lane: lane.id, state: lane.state(), atMs: time().nowMs })),
    views,
    tell: (event) => {
      hub.publish('lane', event);
      if (event.type !== 'state') return;
      turns.set(event.lane, (turns.get(event.lane) ?? 0) + 1);
      hub.publish('view', viewOf(event.lane, event.state));
    },
    refresh: () => {
      for (const view of views()) hub.publish('view', view);
    },
  };
}

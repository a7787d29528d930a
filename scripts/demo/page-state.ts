// What the demo's page shows, as the server sends it: the whole state each time it changes. Browser-safe types, and the
// messages that the page sends back.
import type { ChapterName, GateName } from './story.ts';

export type Tone = 'welcome' | 'refused' | 'wait' | 'alarm' | 'info';

/** One line of the story as it happened. */
export interface StoryLine {
  readonly id: number;
  /** Unix ms. */
  readonly atMs: number;
  readonly tone: Tone;
  readonly gate?: GateName;
  readonly title: string;
  readonly text?: string;
  /** Milliseconds in the decoder, in the check of the code, and in the commit with fsync. */
  readonly figures?: { readonly decodeMs?: number; readonly verifyMs: number; readonly commitMs: number };
}

export interface GatePane {
  readonly name: string;
  readonly running: boolean;
  readonly pid: number;
  /** Random at every start of the process. */
  readonly boot: string;
  /** The gate's own page, for the frame. */
  readonly displayUrl: string;
  /** Counted in its journal. */
  readonly entered: number;
  readonly refused: number;
  readonly marks: number;
  /** Marks of its journal that the cloud does not have yet. */
  readonly unsent: number;
  /** Unix ms of the last contact with anybody, while out of touch. */
  readonly noContactSinceMs?: number;
  readonly historyHash?: string;
  readonly hold?: { readonly id: string; readonly text: string };
}

export interface CloudPane {
  readonly pid: number;
  readonly url: string;
  readonly entered: number;
  readonly marks: number;
  readonly historyHash?: string;
  /** Live page of the cloud, for a person who wants to see it. */
  readonly liveUrl: string;
}

export interface CaseCard {
  readonly id: string;
  readonly title: string;
  readonly uses: readonly { readonly gate: string; readonly atMs: number; readonly uncertaintyMs: number }[];
  readonly orderUncertain: boolean;
}

export interface Proof {
  readonly title: string;
  readonly command: string;
  readonly result?: string;
}

export interface PageState {
  /** Unix ms of `ready:` and of this message. */
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly seconds: number;
  readonly chapter: ChapterName;
  /** Counts down and ends by itself. */
  readonly scripted: boolean;
  readonly network: 'up' | 'cut';
  readonly networkSinceMs: number;
  readonly gates: Readonly<Record<GateName, GatePane>>;
  readonly cloud: CloudPane;
  readonly cases: readonly CaseCard[];
  /** Newest last. */
  readonly story: readonly StoryLine[];
  readonly yourTicket?: { readonly label: string; readonly qrSvg: string; readonly text: string };
  readonly folder: string;
  /** Where the proofs' commands run. */
  readonly repository: string;
  readonly proofs: readonly Proof[];
}

export type PageAction =
  | { readonly action: 'cut' | 'heal' | 'kill' }
  | { readonly action: 'accept' | 'decline'; readonly gate: GateName; readonly hold: string }
  | { readonly action: 'show'; readonly gate: GateName; readonly text: string };

/** Frames of the visitor's own webcam: 640 x 480 luma bytes, posted to `/webcam/a` or `/webcam/b`. */
export const webcamFrameBytes = 640 * 480;
/** A QR code at error correction M carries no more. */
export const shownTextCharsMax = 1_500;

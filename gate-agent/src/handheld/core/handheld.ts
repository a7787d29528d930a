// The steward's handheld as its page uses it: one more gate, that runs in a phone's browser. It has a device key, a journal, a ticket list
// and segments of its own, decides without a network, and merges when something is reachable. The page shows `state`, delivers what a
// reader saw to `present`, and does what staff press by `act`; it decides nothing itself.
import type { ReadonlySignal } from '@preact/signals';
import type {
  AdmissionPolicy,
  Lane,
  LaneEvent,
  LaneState,
  Mark,
  OrdersView,
  Presentation,
  Rehearsal,
  Result,
  Shift,
  SignOnError,
  StaffName,
  StewardAction,
  StewardCredentials,
  StewardError,
  StewardOutcome,
  StoreError,
  Ticket,
} from '@postern/shared';
import type { ClockStatement } from '../../clock-trust.ts';
import type { EnrolmentError } from '../../enrolment.ts';
import type { LogLine } from './browser-system.ts';
import type { LanAccess } from './lan-access.ts';

export type Direction = 'entry' | 'exit';

/** What this phone is right now. Everything but `running` answers no scan. */
export type HandheldState =
  | { readonly phase: 'opening' }
  /** Another tab of this browser is the gate; `takeOver` makes it this one. */
  | { readonly phase: 'other-tab' }
  /** The browser lacks something without which no mark could be kept safely (`indexedDB`, `locks`, …). */
  | { readonly phase: 'unsupported'; readonly missing: readonly string[] }
  | { readonly phase: 'not-enrolled'; readonly storage: StorageStatus }
  /** What is kept here does not fit together; enrolling again makes a new gate of it. */
  | { readonly phase: 'damaged'; readonly cause: string }
  /** The cloud has said that this is no gate any more: everything is forgotten, but its own marks, sealed to the cloud as a file to carry there. */
  | {
      readonly phase: 'revoked';
      readonly atMs: number;
      readonly sealed: Uint8Array | undefined;
      /** Marks that are not sealed yet; opening the page again, or once there is room, goes on with that. */
      readonly hasUnsealed: boolean;
    }
  | ({ readonly phase: 'running' } & RunningState);

export interface RunningState {
  readonly gate: { readonly id: string; readonly name: string; readonly zone: string };
  readonly event: { readonly id: number; readonly name: string };
  readonly direction: Direction;
  readonly feed: FeedStatus;
  readonly contact: ContactStatus;
  readonly clock: ClockStatement;
  readonly storage: StorageStatus;
  /** Why the journal does not take marks, so that nobody is let in; undefined while it does. */
  readonly storeTrouble: string | undefined;
  readonly orders: OrdersView;
  /** While nothing that is scanned counts; a steward may leave it here. */
  readonly rehearsal: Rehearsal | undefined;
}

export interface FeedStatus {
  /** Undefined before the first list, and after it was forgotten. */
  readonly version: number | undefined;
  readonly tickets: number;
  /** Since the cloud last said that this is its newest list; infinite without one. */
  readonly ageMs: number;
  readonly expired: boolean;
  /** The cloud was not heard for so long that the list was forgotten, Unix ms; it comes back with the next contact. */
  readonly leaseEndedMs: number | undefined;
  /** Why the last look at the cloud's list failed. */
  readonly problem: string | undefined;
}

export interface ContactStatus {
  readonly inTouch: boolean;
  /** "Out of touch since"; Unix ms, undefined while in touch. */
  readonly outOfTouchSinceMs: number | undefined;
  /** Own marks that the cloud has not confirmed; undefined before its first answer since the start. */
  readonly waitingMarks: number | undefined;
  /** Gates whose marks are known here, and up to when (Unix ms). */
  readonly gates: readonly { readonly id: string; readonly name: string; readonly coveredMs: number }[];
  readonly problem: string | undefined;
}

export interface StorageStatus {
  /** Whether the browser has promised not to clear it by itself. */
  readonly persisted: boolean;
  readonly usedBytes: number | undefined;
  readonly quotaBytes: number | undefined;
  /** `full`: the last commit did not find room; `nearly-full`: less than `storageRoomBytesMin` is left. */
  readonly room: 'enough' | 'nearly-full' | 'full';
}

/** A ticket that `search` has found; the list has no names, so it is found by code, short code or id. */
export interface FoundTicket {
  readonly ticket: Ticket;
  readonly typeName: string;
  /** Known marks of it, own and others', oldest first. */
  readonly marks: readonly Mark[];
}

export interface Handheld {
  readonly state: ReadonlySignal<HandheldState>;
  /** The lane of the direction that is chosen; `idle` before there is one. */
  readonly laneState: ReadonlySignal<LaneState>;
  /** Undefined unless running. */
  readonly lane: () => Lane | undefined;
  /** `ignored` unless running; otherwise as `Lane.present`. */
  readonly present: (presentation: Presentation) => ReturnType<Lane['present']>;
  /** Every decision, passage and state of the chosen lane. Returns how to stop. */
  readonly listen: (listener: (event: LaneEvent) => void) => () => void;
  /** Exit mode and back; what is under way in the other direction goes on. */
  readonly setDirection: (direction: Direction) => void;
  /** While the lane is `open` for a party: how many of it have come. The rest of the uses goes back. */
  readonly partyPassed: (persons: number) => void;

  readonly signOn: (name: StaffName, pin: string) => Promise<Result<Shift, SignOnError | NotRunning>>;
  readonly signOff: (session: string) => void;
  /** Every action of steward.ts; `lane` is that of `lane().id`. */
  readonly act: (
    credentials: StewardCredentials,
    action: StewardAction,
  ) => Promise<Result<StewardOutcome, StewardError | NotRunning>>;

  /** At most `searchResultsMax` tickets of the list. */
  readonly search: (text: string) => Promise<readonly FoundTicket[]>;
  /** This phone's own last marks, newest first, at most `max`. */
  readonly history: (max: number) => Promise<readonly Mark[]>;
  readonly story: (ticketId: string) => Promise<FoundTicket | undefined>;
  /** The event's rules, with its names, zones and time zone. */
  readonly policy: () => AdmissionPolicy | undefined;
  readonly gateName: (gate: string) => string;
  /** Hash over every mark known here: equal to the cloud's where both know the same. */
  readonly contentHash: () => Promise<string | undefined>;

  /** Whether this page reaches gates on its network, and what people are told about it. */
  readonly lanAccess: ReadonlySignal<LanAccess>;
  /** After a press: lets the browser ask whether the page may. */
  readonly askForLan: () => Promise<void>;

  /** Makes this browser a gate with the one-time code; `code` may be the whole link of its QR code. */
  readonly enrol: (code: string) => Promise<Result<void, EnrolmentError | StoreError>>;
  readonly takeOver: () => Promise<void>;
  /** Asks the browser to keep what is stored; some ask the person. */
  readonly askToPersist: () => Promise<boolean>;
  /** Asks the cloud at once, as when the network came back. */
  readonly syncNow: () => void;
  /** What the gate has noted of itself since the page was opened, the last lines. */
  readonly log: () => readonly LogLine[];
  /** Files for somebody to carry to the cloud (`cloud-sync import-sealed`): marks of gates that this phone has been, until they were revoked. */
  readonly sealedMarks: () => Promise<readonly Uint8Array[]>;
  /** Lanes closed, what waits written, the worker ended. */
  readonly close: () => Promise<void>;
}

export type NotRunning = { readonly type: 'not-running' };
export const searchResultsMax = 20;
/** Less than this and the phone says so: some ten thousand marks with their segments. */
export const storageRoomBytesMin = 32 * 1024 * 1024;

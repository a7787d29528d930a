// The seams of a gate: what the lane and the replicator need from the outside world. The agent, the cloud's central verify and
// the handheld each bring their own adapters; test/contract has one acceptance suite a port.
import type { Clock, TrustedTime } from '../clock.ts';
import type { KeyPair } from '../crypto.ts';
import type { Assurance, Claim, Decision, Refusal } from '../decision.ts';
import type { History } from '../history.ts';
import type { Mark, MarkDraft } from '../mark.ts';
import type { OrderMark } from '../orders.ts';
import type { Presentation } from '../presentation.ts';
import type { TagState } from '../binding.ts';
import type { Geofence } from '../geofence-rules.ts';
import type { NftLookups } from '../nft-rules.ts';
import type { FaceLookups } from '../methods/face.ts';
import type { PretixLookups } from '../pretix-rules.ts';
import type { SunKeys } from '../sun.ts';
import type { TagMedium } from '../tag.ts';
import type { Result } from '../result.ts';
import type { AdmissionPolicy, Ticket } from '../ticket.ts';

/** Ends (resolves) when the device goes away or `signal` aborts; rejects on a fault. `supervise` starts it again. */
export interface Reader {
  readonly id: string;
  readonly run: (deliver: (presentation: Presentation) => void, signal: AbortSignal) => Promise<void>;
  /** Set where resolving means the end of the input (a file, standard input), not a device that may come back. */
  readonly finite?: true;
}

/** What happened behind an opening: `passed` persons, or nobody before the time-out. */
export type Passage =
  | {
      readonly type: 'passed';
      readonly persons: number;
      /** Persons whom the sensor has seen walk through after those for whom it was opened. */
      readonly tailgaters?: number;
    }
  | { readonly type: 'lapsed' };

export interface Actuator {
  readonly id: string;
  /**
   * Opens for `persons` and answers when they have passed or the time-out is over: fewer than `persons` when only some did. An
   * abort, or `rest` meanwhile, ends it at once with a rejection: what happened is then unknown. Must be safe to call again
   * after a rejection. One that has to wait until another opening is over says so to `hear`: `waits`, at once, and `turn` when it is;
   * without a word it opens now.
   */
  readonly open: (
    direction: 'entry' | 'exit',
    persons: number,
    signal: AbortSignal,
    hear?: (step: 'waits' | 'turn') => void,
  ) => Promise<Passage>;
  /**
   * Brings a direction of the turnstile into its state of rest: locked, or free. Called at start, at stop and on failure; the last call
   * wins.
   */
  readonly rest: (state: 'locked' | 'free', direction: 'entry' | 'exit') => Promise<void>;
}

export type StoreError = { readonly type: 'store-failed'; readonly cause: string } | { readonly type: 'store-stopped' };

/** What `decide` is given inside the transaction: the state as of this instant, for one ticket. */
export interface AdmitView {
  readonly ticket: Ticket | undefined;
  readonly history: History;
  /** What was practised with the ticket in a rehearsal's session. */
  readonly practised: (session: string) => History;
  /** Set while the gate is in a session; `history` is then what was practised in it. */
  readonly rehearsal?: string;
  /** Persons known to be in each zone, by zone id, and admitted by this gate while out of touch. */
  readonly occupancy: (zone: string) => { readonly known: number; readonly spentOutOfTouch: number };
}

/** What a decision writes: exactly one mark. */
export interface Verdict<D> {
  readonly decision: D;
  readonly mark: MarkDraft | undefined;
}

/**
 * The store's one way of using a ticket. Reads, decides and appends in ONE transaction, serialised per ticket, and returns only
 * after the mark is durable. `decide` is pure and synchronous. When the commit fails nothing may open: `store-failed`; from then
 * on `store-stopped` until `reopen` has verified the file.
 */
export interface Store {
  readonly admit: <D>(
    ticketId: string,
    decide: (view: AdmitView) => Verdict<D>,
  ) => Promise<
    Result<{ readonly decision: D; readonly mark: Mark | undefined; readonly commitMs: number }, StoreError>
  >;
  /** Appends a mark that needs no decision (lapsed, undone, overridden, refused, corrected …); durable when it resolves. */
  readonly append: (draft: MarkDraft) => Promise<Result<Mark, StoreError>>;
  /** Refusals are batched without waiting for fsync; lost ones after a power cut are acceptable, others are not. */
  readonly appendLater: (draft: MarkDraft) => void;
  readonly healthy: () => boolean;
  /** Safe to call at any time and by several lanes: every lane that a failure has closed keeps trying. */
  readonly reopen: () => Promise<Result<void, StoreError>>;
  readonly close: () => Promise<void>;
}

/** Read-only knowledge that verification methods may use. No network: everything is in the cache. */
export interface Lookups {
  /** Public key (32 bytes) of a key id and its state, or undefined. */
  readonly issuerKey: (
    keyIdHex: string,
  ) => { readonly publicKey: Uint8Array; readonly state: 'next' | 'active' | 'retired' | 'revoked' } | undefined;
  /** The ticket behind a foreign code (raw text; the adapter hashes it with the event's key), with the epoch the code was printed for. */
  readonly ticketByCode: (code: string) => Pick<Ticket, 'id' | 'epoch' | 'type'> | undefined;
  /** The ticket behind the short typed form printed under our own codes, with the epoch it was printed for. */
  readonly ticketByShortCode: (shortCode: string) => Pick<Ticket, 'id' | 'epoch' | 'type'> | undefined;
  /** The ticket to which a tag or wristband is bound, by marks. */
  readonly tag: (medium: TagMedium, id: Uint8Array) => TagState;
  readonly event: number;
  /** For tags that prove themselves (NTAG 424 DNA); absent where this gate has no keys, then such a tag is known by its UID. */
  readonly sunKeys?: SunKeys;
  /** For tickets that pretix has signed itself; absent where the event's rules name none of its keys. */
  readonly pretix?: () => PretixLookups | undefined;
  /** Where positions count; absent where the event's rules say nothing of them. */
  readonly geofence?: () => Geofence | undefined;
  /** For tickets that are tokens; absent where the event's rules name no contract. */
  readonly nft?: () => NftLookups | undefined;
  /** Enrolled faces; absent where the event's rules say nothing of them. */
  readonly face?: () => FaceLookups | undefined;
}

/** One way of proving a ticket. Generating and verifying live in one file a method (methods/*.ts). */
export interface VerificationMethod {
  readonly id: string;
  /** The most that a claim of this method is worth. */
  readonly assurance: Assurance;
  /** Whether there is anything that `generate` could make; otherwise it answers `nothing-to-generate`. */
  readonly generates: boolean;
  /**
   * Set where what is presented is a tag or wristband: it is known by its binding to a ticket, `generate` is asked with its id as `uid`, and
   * whoever generates binds it.
   */
  readonly binds?: TagMedium;
  /** Set where `generate` is asked with the holder's `wallet`, and whoever generates has a token of the ticket minted for it. */
  readonly mints?: true;
  /** Set where codes that others printed are looked up in the ticket list. */
  readonly looksUpCodes?: true;
  /** Set where it proves nothing by itself: what is presented does not say whose ticket it is. */
  readonly onlyBeside?: true;
  /** Set where a ticket is known by the token that stands for it. */
  readonly looksUpTokens?: true;
  readonly accepts: (presentation: Presentation) => boolean;
  readonly verify: (
    presentation: Presentation,
    lookups: Lookups,
    signal: AbortSignal,
  ) => Promise<Result<Claim, Refusal>>;
  /** Makes what a holder needs to present the ticket this way, signed by `issuer`. Never rejects for anything in `options`. */
  readonly generate: (request: GenerateRequest, issuer: KeyPair) => Promise<Result<Generated, GenerateError>>;
}

export interface GenerateRequest {
  readonly event: number;
  /** As it is now: its epoch is that of the credential. */
  readonly ticket: Pick<Ticket, 'id' | 'type' | 'epoch' | 'validFromS' | 'validUntilS'>;
  /** What the method wants to know besides, as it came in: each method checks its own. */
  readonly options?: unknown;
  readonly nowMs: number;
}

export interface Generated {
  /** As the claim of whoever presents it names it; absent where it is nothing but the tag. */
  readonly credentialId?: string;
  /** For the holder, ready for JSON. It opens gates: never logged, never exported. */
  readonly payload: Readonly<Record<string, string | number>>;
  /** What is written onto the tag, where anything is: the bytes that must be read back. */
  readonly toWrite?: Uint8Array;
}

export type GenerateError =
  | { readonly type: 'options-invalid'; readonly cause: string }
  /** A public key that the method does not bind a ticket to. */
  | { readonly type: 'holder-key-unsound'; readonly cause: string }
  /** The holder has it from elsewhere. */
  | { readonly type: 'nothing-to-generate' };

/** Everything a lane tells the outside: displays, live events, logs. Never contains a code's text or a person's name. */
export type LaneEvent =
  | { readonly type: 'state'; readonly lane: string; readonly state: LaneState; readonly atMs: number }
  | {
      readonly type: 'decision';
      readonly lane: string;
      readonly decision: Decision;
      readonly mark: Mark | undefined;
      readonly verifyMs: number;
      readonly commitMs: number;
      readonly decodeMs: number | undefined;
      readonly atMs: number;
    }
  | { readonly type: 'passage'; readonly lane: string; readonly passage: Passage; readonly atMs: number }
  /** An alarm: so many persons have walked through who were not let in. */
  | { readonly type: 'tailgating'; readonly lane: string; readonly persons: number; readonly atMs: number };

export type LaneState =
  | { readonly name: 'idle' }
  | { readonly name: 'deciding' }
  | { readonly name: 'held'; readonly decision: Extract<Decision, { kind: 'hold' }>; readonly holdId: string }
  /** Let in, but the turnstile has to wait for another one to close. */
  | { readonly name: 'waiting'; readonly decision?: Decision; readonly mark: Mark }
  | { readonly name: 'open'; readonly decision?: Decision; readonly mark: Mark }
  /** What the opening came to; shown for a moment, the lane is ready for the next scan. `persons` passed, or returned. */
  | { readonly name: 'passed'; readonly decision?: Decision; readonly mark: Mark; readonly persons: number }
  | { readonly name: 'lapsed'; readonly decision?: Decision; readonly mark: Mark; readonly persons: number }
  | { readonly name: 'refused'; readonly decision: Extract<Decision, { kind: 'refuse' }> }
  | { readonly name: 'closed'; readonly why: 'store' | 'actuator' | 'person' | 'stopping' }
  | { readonly name: 'free'; readonly why: 'fire' | 'failure' | 'person' }
  /** By an order to the venue: an entry is closed, an exit evacuates. */
  | { readonly name: 'closed'; readonly why: 'order'; readonly order: OrderMark }
  | { readonly name: 'free'; readonly why: 'order'; readonly order: OrderMark };

/** Sources of policy and time for one lane; read at every scan, so a new feed acts at once. */
export interface LaneContext {
  readonly policy: () => AdmissionPolicy;
  readonly time: () => TrustedTime;
  readonly feedAgeMs: () => number;
  /** False when neither the cloud nor a peer answered lately. */
  readonly inTouch: () => { readonly inTouch: boolean; readonly peersReachable: number };
  readonly gate: string;
  readonly clock: Clock;
}

/** One of a gate's events as its lanes use it: its rules, and the journal of its marks. */
export interface EventAccess {
  /** The zone of the event's venue that the gate leads into. */
  readonly zone: string;
  readonly context: LaneContext;
  readonly store: Store;
}

export interface Logger {
  readonly info: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void;
  readonly error: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

/** Calls `fn` once after `ms`, unless cancelled before. Injected, so that no test has to wait. */
export interface Timer {
  readonly after: (ms: number, fn: () => void) => () => void;
}

/** Cryptographic randomness, injected so that tests are repeatable. */
export type Random = (bytes: number) => Uint8Array;

/** One message exchange with a peer (LAN gate, cloud, USB stick): the same bytes whoever answers. */
export interface Peer {
  readonly id: string;
  readonly kind: 'cloud' | 'gate';
  /** Sends one encoded wire message (wire.ts) and resolves with the encoded answer; rejects or errs on any fault. */
  readonly exchange: (message: Uint8Array, signal: AbortSignal) => Promise<Result<Uint8Array, PeerError>>;
}

export type PeerError =
  | { readonly type: 'peer-unreachable'; readonly cause: string }
  | { readonly type: 'peer-refused'; readonly status: number; readonly cause: string }
  | { readonly type: 'peer-garbage'; readonly cause: string };

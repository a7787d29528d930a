// The closed list of what a gate can say: admit, hold or refuse, every refusal code once. The rule that chooses among them is decide.ts; what
// people read of them is in visitor-texts.ts and texts.ts.
import type { Language } from './languages.ts';
import type { HoldReason } from './ticket.ts';

export type Assurance = 'looked-up' | 'signed' | 'challenged';

/** What a method has proved from a presentation. */
export interface Claim {
  readonly method: string;
  readonly event: number;
  readonly ticketId: string;
  readonly epoch: number;
  readonly type?: number;
  /** Hexadecimal key id where a signature was verified. */
  readonly keyId?: string;
  /** Which of the ticket's credentials of this method it was, where the method can tell: never the credential itself. */
  readonly credentialId?: string;
  readonly assurance: Assurance;
  /** From the credential itself, Unix seconds. */
  readonly notBeforeS?: number;
  readonly expiresS?: number;
  /** Time step of a rotating code, Unix seconds; must be of now, and rise per ticket and epoch. */
  readonly issuedAtS?: number;
  /** Set where it proves nothing by itself, only beside another method's claim. */
  readonly onlyBeside?: true;
  /** Of a tag that counts its readings: which of the ticket's tags, and the count; must rise per tag. */
  readonly tap?: TagTap;
  /** Of a ticket that is a token on a chain. */
  readonly token?: TokenClaim;
}

export interface TokenClaim {
  /** Its owner is known as of then, Unix ms. */
  readonly asOfMs: number;
  /** The contract has it as consumed, and it was not us. */
  readonly consumed: boolean;
}

export interface TagTap {
  /** 8 hexadecimal digits that only who has the tag's key can link to its UID. */
  readonly tag: string;
  /** At most `tapCounterMax`. */
  readonly counter: number;
}

/** Three bytes in an NTAG 424 DNA. */
export const tapCounterMax = 0xff_ffff;

export const refusalCodes = [
  'not-a-ticket',
  'malformed',
  'signature-invalid',
  'key-unknown',
  'key-revoked',
  'other-event',
  'code-unknown',
  'band-disputed',
  'tag-unsupported',
  'too-many-attempts',
  'ticket-unknown',
  'other-ticket',
  'replaced',
  'revoked',
  'unpaid',
  'blocked',
  'denied',
  'not-yet-valid',
  'expired',
  'wrong-zone',
  'already-used',
  'uses-spent',
  'already-inside',
  'not-inside',
  'pass-out-needed',
  'too-soon',
  'once-per-day',
  'party-complete',
  'zone-full',
  'code-replayed',
  'cache-stale',
  'clock-untrusted',
  'assurance-too-low',
  'method-off',
  'type-unknown',
  'lane-closed',
  'entry-stopped',
  'declined',
  'hold-timed-out',
  'position-unproven',
  'not-owner',
  'owner-stale',
  'token-consumed',
  'face-unknown',
  'face-erased',
  'face-other-model',
  'face-invalid',
  'face-unproven',
  'store-failed',
] as const;
/** Every reason for which a gate says no. Stable: they appear in marks, the API and audits. */
export type RefusalCode = (typeof refusalCodes)[number];

/** Facts a text may mention; times in Unix milliseconds. */
export interface RefusalDetail {
  /** Where and when the earlier use happened. */
  readonly gate?: string;
  readonly atMs?: number;
  /** When it starts or ended being valid, or when to try again. */
  readonly whenMs?: number;
  /** How many seconds ago, or from now, the step of a rotating code begins that is not of now. */
  readonly codeOffS?: number;
  readonly admitted?: number;
  readonly party?: number;
  readonly zone?: string;
}

export interface Refusal {
  readonly type: RefusalCode;
  readonly detail?: RefusalDetail;
}

/** Whether the answer is about this one code, so that the visitor's next code deserves an answer of its own. */
export const isAboutCode = ({ type, detail }: Refusal): boolean =>
  type === 'code-replayed' || type === 'assurance-too-low' || detail?.codeOffS !== undefined;

/** Something the steward should know although the gate opens. */
export type Warning =
  | 'cache-stale'
  | 'clock-untrusted'
  | 'unknown-ticket'
  | 'over-share'
  | 'out-of-touch'
  /** Of a token: it may have changed hands since the chain was last read. */
  | 'owner-stale';

/** What a decision to admit or to hold says about the ticket. */
interface Admission {
  readonly claim: Claim;
  /** Further proofs of the same ticket, in the order in which they were presented; absent where there are none. */
  readonly others?: readonly Claim[];
  readonly ticket: { readonly id: string; readonly epoch: number; readonly type: number };
  readonly direction: 'entry' | 'exit';
  /** First person of this opening, counted from 1: "2 of 5". */
  readonly part: number;
  readonly party: number;
  /** Persons the gate opens for: the rest of the party. */
  readonly persons: number;
  readonly warnings: readonly Warning[];
  /** Of the ticket, where it has one: the visitor is spoken to in it. */
  readonly language?: Language;
}

export type Decision =
  | (Admission & { readonly kind: 'admit' })
  | (Admission & { readonly kind: 'hold'; readonly reason: HoldReason })
  | { readonly kind: 'refuse'; readonly claim?: Claim; readonly refusal: Refusal; readonly language?: Language };

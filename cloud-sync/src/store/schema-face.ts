// The tables of faces; see schema.ts. A face is sealed under a data key of its own, which lies in another table and is destroyed with the
// consent: what is left of the row then is when somebody agreed to what, and when that ended.
import type { Fixed } from './column-types.ts';

export interface FaceSchema {
  readonly face_setup: FaceSetupTable;
  readonly face_text: FaceTextTable;
  readonly face: FaceTable;
  readonly face_key: FaceKeyTable;
  readonly face_link: FaceLinkTable;
}

/** What an organiser has said of faces; without a row an event has none. */
interface FaceSetupTable {
  readonly event: Fixed<number>;
  /** Of the text that people agree to from now on. */
  readonly text_version: string | null;
  readonly dpia: string | null;
  readonly age_min: number | null;
  readonly keep_hours: number;
  /** `distanceMax` and `lookS`, JSON. */
  readonly rules: string;
}

/** Consent texts as they were published: never changed, so that everybody can be shown what they agreed to. */
interface FaceTextTable {
  readonly event: Fixed<number>;
  readonly version: Fixed<string>;
  readonly language: Fixed<string>;
  readonly text: Fixed<string>;
}

interface FaceTable {
  readonly event: Fixed<number>;
  /** Random, hexadecimal: one enrolment of one person. */
  readonly subject: Fixed<string>;
  readonly ticket: Fixed<string>;
  readonly epoch: Fixed<number>;
  readonly model: Fixed<number>;
  readonly version: Fixed<number>;
  /** `sealFace`, Base64; null once it has ended. */
  readonly sealed: string | null;
  /** FaceQuality[], JSON; null once it has ended. */
  readonly quality: string | null;
  /** The consent, FaceConsent without its end, JSON; null where visitors of the event were erased. */
  readonly consent: string | null;
  readonly agreed_at_ms: Fixed<number>;
  readonly ended_at_ms: number | null;
  readonly ended_because: string | null;
  /** Revisions of the event's rules from which, and until before which, gates have it. */
  readonly from_revision: Fixed<number>;
  readonly until_revision: number | null;
}

/** Data keys, each sealed under the master key; gone with the consent. */
interface FaceKeyTable {
  readonly event: Fixed<number>;
  readonly subject: Fixed<string>;
  readonly sealed_key: string;
}

/** Links with which somebody enrols, once, and tokens with which they withdraw. */
interface FaceLinkTable {
  readonly token_hash: Fixed<string>;
  readonly event: Fixed<number>;
  readonly ticket: Fixed<string>;
  readonly epoch: Fixed<number>;
  /** Of whom it speaks; null for a link that still enrols. */
  readonly subject: Fixed<string | null>;
  readonly created_at_ms: Fixed<number>;
  readonly expires_at_ms: Fixed<number>;
}

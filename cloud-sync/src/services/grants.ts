// What a program was granted: scopes, and the events it is for. Kept as JSON beside a hash of the secret that proves the program; the
// secrets are random and long, so that a plain hash keeps them.
import { bytesToHex, eventIdSchema, hexToBytes, scopes, sha256, utf8, type Random, type Scope } from '@postern/shared';
import { z } from 'zod';
import type { Actor } from './actor.ts';
import { isEqualHash } from './scrypt.ts';

export const programIdBytes = 6;
const secretBytes = 24;

export interface Grant {
  readonly scopes: readonly Scope[];
  /** Absent: every event. */
  readonly events?: readonly number[];
}

export interface GrantColumns {
  /** Scope[], JSON. */
  readonly scopes: string;
  /** Numbers of events, JSON; null: all. */
  readonly events: string | null;
}

export const toGrantColumns = ({
  scopes: granted,
  events,
}: {
  readonly scopes: readonly Scope[];
  readonly events?: readonly number[] | undefined;
}): GrantColumns => ({
  scopes: JSON.stringify(granted),
  events: events === undefined ? null : JSON.stringify(events),
});

const scopesSchema = z.array(z.enum(scopes));
const eventsSchema = z.array(eventIdSchema);
export const readGrant = (columns: GrantColumns): { scopes: Scope[]; events?: number[] } => ({
  scopes: scopesSchema.parse(JSON.parse(columns.scopes)),
  ...(columns.events === null ? {} : { events: eventsSchema.parse(JSON.parse(columns.events)) }),
});

export const programActor = (id: string, name: string, { scopes: granted, events }: Grant): Actor => ({
  kind: 'client',
  id,
  name,
  admin: false,
  memberships: new Map(),
  scopes: new Set(granted),
  events: events === undefined ? 'all' : new Set(events),
});

export const makeSecret = (random: Random): string => bytesToHex(random(secretBytes));
export const hashSecret = (secret: string): string => bytesToHex(sha256(utf8(secret)));
/** In constant time. */
export const isSecret = (secret: string, hash: string): boolean =>
  isEqualHash(sha256(utf8(secret)), hexToBytes(hash) ?? new Uint8Array(0));

export const isScope = (text: string): text is Scope => scopes.some((scope) => scope === text);

// What the audit log's hashes are over, to the byte. Pure: no database and no clock, so that anybody can recompute an export.
//
//   commitment = SHA-256("postern-audit-field-v1" 00 CBOR [chain, sequence, field, salt, value])
//   entry      = CBOR [1, chain, sequence, at ms, event, action, actor kind, actor, gate, method, ticket, subject, reason, request,
//                      mark, details, [[field, commitment], …]]           (null for what is absent, fields in the order below)
//   hash       = SHA-256("postern-audit-entry-v1" 00 previous hash, entry)   (the first entry follows 32 zero bytes)
//   head       = Ed25519("postern-audit-head-v1" 00 CBOR [chain, sequence, hash, previous head's sequence, at ms, closed, key id])
//
// CBOR is deterministic; chains, salts, commitments and hashes are byte strings.
import { hash } from 'node:crypto';
import { cborEncode, concatBytes, hexToBytes, utf8, type CborValue } from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Schema } from '../store/schema.ts';
import { parseJson } from './parse-json.ts';

/** Fields about a person, in the order in which they are hashed. One lower-case word each: every database sorts them alike. */
export const personalFields = ['address', 'device', 'name', 'note'] as const;
export type PersonalField = (typeof personalFields)[number];

export type EntryRow = Selectable<Schema['audit_entry']>;
export type HeadRow = Selectable<Schema['audit_head']>;
/** Hexadecimal commitments by field. */
export type Commitments = { readonly [field in PersonalField]?: string | undefined };

const formatVersion = 1;
/** What the first entry of a chain follows. */
export const noHash = '0'.repeat(64);

const domain = (name: string): Uint8Array => utf8(`postern-audit-${name}-v1\0`);
const [fieldDomain, entryDomain] = [domain('field'), domain('entry')];
const sha256 = (...parts: readonly Uint8Array[]): Buffer => hash('sha256', concatBytes(...parts), 'buffer');
/** Bytes of hexadecimal text; text that is none stays text, which no hash that we made was over. */
const bytesOf = (text: string): CborValue => (typeof text === 'string' ? hexToBytes(text) : undefined) ?? text;

export const commitmentOf = (chain: string, sequence: number, field: string, salt: string, value: string): string =>
  sha256(fieldDomain, cborEncode([bytesOf(chain), sequence, field, bytesOf(salt), value])).toString('hex');

/** The chain's next hash, hexadecimal. `previous`: the hash of the entry before, or `noHash`. */
export function entryHash(previous: string, row: Omit<EntryRow, 'hash' | 'fields'>, commitments: Commitments): string {
  const fields = personalFields.flatMap((field) => {
    const commitment = commitments[field];
    return commitment === undefined ? [] : [[field, bytesOf(commitment)]];
  });
  const entry = cborEncode([
    formatVersion,
    bytesOf(row.chain),
    row.sequence,
    row.at_ms,
    row.event,
    row.action,
    row.actor_kind,
    row.actor,
    row.gate,
    row.method,
    row.ticket,
    row.subject,
    row.reason,
    row.request,
    row.mark,
    row.details,
    fields,
  ]);
  return sha256(entryDomain, hexToBytes(previous) ?? utf8(previous), entry).toString('hex');
}

/** What the signature of a head is over. */
export const headMessage = (head: Omit<HeadRow, 'signature'>): Uint8Array =>
  concatBytes(
    domain('head'),
    cborEncode([
      bytesOf(head.chain),
      head.sequence,
      bytesOf(head.hash),
      head.previous,
      head.at_ms,
      head.closed,
      bytesOf(head.key),
    ]),
  );

/** The column `fields`; one text for the same commitments. */
export const commitmentsToText = (commitments: Commitments): string =>
  JSON.stringify(Object.fromEntries(personalFields.flatMap((field) => pairOf(field, commitments[field]))));

const pairOf = (field: string, commitment: string | undefined): [string, string][] =>
  commitment === undefined ? [] : [[field, commitment]];

const commitmentsSchema = z.partialRecord(z.enum(personalFields), z.string());

/** Undefined for a text that `commitmentsToText` would not have written. */
export function commitmentsFromText(text: string): Commitments | undefined {
  const commitments = commitmentsSchema.safeParse(parseJson(text));
  return commitments.success && commitmentsToText(commitments.data) === text ? commitments.data : undefined;
}

export interface FieldPlace {
  readonly chain: string;
  readonly sequence: number;
  readonly field: string;
}

/** What an erasure says it has emptied: a hash over the places, which are added in order of (chain, sequence, field). */
export function createErasureDigest(): { readonly add: (place: FieldPlace) => void; readonly digest: () => string } {
  let digest = sha256(domain('erasure'));
  return {
    add: ({ chain, sequence, field }) => {
      digest = sha256(digest, cborEncode([bytesOf(chain), sequence, field]));
    },
    digest: () => digest.toString('hex'),
  };
}

// What of a record goes into the columns of its entry, and what lies beside it as personal fields: bounded, and as every database gives
// it back, so that the hash is the same when it is read.
import { personalFields, type EntryRow, type PersonalField } from './audit-chain.ts';
import type { AuditRecord } from './audit.ts';

const textCharsMax = 200;
const detailsCharsMax = 2_000;
const fieldCharsMax: Readonly<Record<PersonalField, number>> = { address: 64, device: 256, name: 100, note: 500 };

export function columnsOf(record: AuditRecord, atMs: number): Omit<EntryRow, 'chain' | 'sequence' | 'fields' | 'hash'> {
  const { action, actor, details } = record;
  return {
    event: record.event ?? 0,
    at_ms: atMs,
    action,
    actor_kind: actor.kind,
    actor: storable(actor.id, textCharsMax),
    gate: optional(record.gate),
    method: optional(record.method),
    ticket: optional(record.ticket),
    subject: optional(record.subject),
    reason: optional(record.reason),
    request: optional(record.requestId),
    mark: optional(record.mark),
    details: detailsToText(details),
  };
}

function detailsToText(details: AuditRecord['details']): string | null {
  if (details === undefined) return null;
  const text = JSON.stringify(details);
  return text.length > detailsCharsMax ? JSON.stringify({ tooLong: text.length }) : storable(text, detailsCharsMax);
}

const optional = (text: string | undefined): string | null =>
  text === undefined ? null : storable(text, textCharsMax);

export const personalOf = ({
  actor,
  address,
  device,
  note,
}: AuditRecord): readonly (readonly [PersonalField, string])[] => {
  const values = { address, device, name: actor.name, note };
  return personalFields.flatMap((field) => {
    const value = values[field];
    return value === undefined || value === '' ? [] : [[field, storable(value, fieldCharsMax[field])] as const];
  });
};

/** As every database gives it back: no NUL, no half of a surrogate pair, at most `charsMax` characters. */
const storable = (text: string, charsMax: number): string =>
  Array.from(text.slice(0, charsMax * 2).replaceAll('\0', ''))
    .slice(0, charsMax)
    .join('')
    .replaceAll(/\p{Surrogate}/gu, '\ufffd');

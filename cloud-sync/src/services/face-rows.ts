// The rows of faces as every service changes them: one begins with its data key, and ends with it. Whoever ends a face destroys the key and the
// sealed template in the same transaction, and raises the revision by which gates learn of it.
import {
  assert,
  base64ToBytes,
  bytesToHex,
  faceEnds,
  facePurpose,
  ok,
  openFace,
  sealFace,
  type FaceBinding,
  type FaceConsent,
  type FaceEnd,
  type FaceModel,
  type FaceQuality,
  type Random,
  type Result,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Queries } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { raiseRulesRevision } from './events.ts';
import type { Vault, VaultError } from './vault.ts';

export type FaceRow = Selectable<Schema['face']>;

const subjectBytes = 16;
const keyBytes = 32;
const nonceBytes = 24;

/** Bound to what it opens: a key that somebody moves to another row of the database opens nothing. */
const faceKeyLabel = (event: number, subject: string): string => `face/${event}/${subject}`;

export interface NewFace extends FaceModel {
  readonly event: number;
  readonly ticketId: string;
  readonly epoch: number;
  readonly template: Uint8Array;
  readonly quality: readonly FaceQuality[];
  readonly consent: Pick<FaceConsent, 'version' | 'language' | 'ageMin' | 'by'>;
  readonly nowMs: number;
}

/** Seals and stores a face under a fresh key; whatever the ticket had before ends. Answers with the subject's id. */
export async function beginFace(
  queries: Queries,
  { vault, random }: { readonly vault: Vault; readonly random: Random },
  { template, quality, consent, nowMs, ...binding }: NewFace,
): Promise<string> {
  const { event, ticketId } = binding;
  await endFaces(queries, event, await faceSubjects(queries, event, ticketId), 'replaced', nowMs);
  const revision = await raiseRulesRevision(queries, event);
  assert(revision !== undefined, 'the event of a ticket is there');
  const subject = bytesToHex(random(subjectBytes));
  const key = random(keyBytes);
  const sealed = sealFace(template, binding, key, random(nonceBytes));
  await queries
    .insertInto('face')
    .values({
      event,
      subject,
      ticket: ticketId,
      epoch: binding.epoch,
      model: binding.model,
      version: binding.version,
      sealed: Buffer.from(sealed).toString('base64'),
      quality: JSON.stringify(quality),
      consent: JSON.stringify({ purpose: facePurpose, ...consent }),
      agreed_at_ms: nowMs,
      ended_at_ms: null,
      ended_because: null,
      from_revision: revision,
      until_revision: null,
    })
    .execute();
  await queries
    .insertInto('face_key')
    .values({ event, subject, sealed_key: vault.seal(key, faceKeyLabel(event, subject)) })
    .execute();
  key.fill(0);
  return subject;
}

/** Destroys the keys and templates of these subjects; answers how many had any. At most some hundred at a time. */
export async function endFaces(
  queries: Queries,
  event: number,
  subjects: readonly string[],
  end: FaceEnd,
  nowMs: number,
): Promise<number> {
  if (subjects.length === 0) return 0;
  const revision = await raiseRulesRevision(queries, event);
  const { numUpdatedRows } = await queries
    .updateTable('face')
    .set({ sealed: null, quality: null, ended_at_ms: nowMs, ended_because: end, until_revision: revision ?? 0 })
    .where('event', '=', event)
    .where('subject', 'in', subjects)
    .where('ended_at_ms', 'is', null)
    .executeTakeFirst();
  await queries.deleteFrom('face_key').where('event', '=', event).where('subject', 'in', subjects).execute();
  return Number(numUpdatedRows);
}

/** Whose faces are in force for a ticket: one at most. */
export async function faceSubjects(queries: Queries, event: number, ticketId: string): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('face')
    .select('subject')
    .where('event', '=', event)
    .where('ticket', '=', ticketId)
    .where('ended_at_ms', 'is', null)
    .execute();
  return rows.map(({ subject }) => subject);
}

/** A ticket has passed on, or is issued anew: the face of before is nobody's business at its door. */
export const endFacesOfTicket = async (
  queries: Queries,
  event: number,
  ticketId: string,
  nowMs: number,
): Promise<number> => endFaces(queries, event, await faceSubjects(queries, event, ticketId), 'passed-on', nowMs);

const consentSchema = z.object({
  purpose: z.string(),
  version: z.string(),
  language: z.string(),
  ageMin: z.number().int(),
  by: z.enum(['link', 'holder', 'staff']),
});

/** Undefined where visitors of the event were erased. */
export function toConsent(row: FaceRow): FaceConsent | undefined {
  if (row.consent === null) return undefined;
  const end = faceEnds.find((one) => one === row.ended_because);
  return {
    ...consentSchema.parse(JSON.parse(row.consent)),
    agreedAtMs: row.agreed_at_ms,
    ...(row.ended_at_ms === null ? {} : { endedAtMs: row.ended_at_ms }),
    ...(end === undefined ? {} : { end }),
  };
}

export const bindingOf = (row: Pick<FaceRow, 'event' | 'ticket' | 'epoch' | 'model' | 'version'>): FaceBinding => ({
  event: row.event,
  ticketId: row.ticket,
  epoch: row.epoch,
  model: row.model,
  version: row.version,
});

/** Faces in force of an event, with what opens them. */
export const selectKeyedFaces = (queries: Queries, event: number) =>
  queries
    .selectFrom('face')
    .innerJoin('face_key', (join) =>
      join.onRef('face_key.event', '=', 'face.event').onRef('face_key.subject', '=', 'face.subject'),
    )
    .selectAll('face')
    .select('face_key.sealed_key')
    .where('face.event', '=', event)
    .where('face.ended_at_ms', 'is', null);

/** What `beginFace` has sealed of a face that is in force; undefined where it has ended meanwhile. */
export async function openFaceRow(queries: Queries, vault: Vault, row: FaceRow): Promise<Uint8Array | undefined> {
  const kept = await queries
    .selectFrom('face_key')
    .select('sealed_key')
    .where('event', '=', row.event)
    .where('subject', '=', row.subject)
    .executeTakeFirst();
  if (kept === undefined || row.sealed === null) return undefined;
  const key = openFaceKey(vault, row, kept.sealed_key);
  const template = openFace(base64ToBytes(row.sealed) ?? new Uint8Array(0), bindingOf(row), key);
  key.fill(0);
  assert(template !== undefined, 'a face opens with its own key');
  return template;
}

export function openFaceKey(
  vault: Vault,
  { event, subject }: Pick<FaceRow, 'event' | 'subject'>,
  sealedKey: string,
): Uint8Array {
  const key = vault.open(sealedKey, faceKeyLabel(event, subject));
  assert(key.ok, 'a data key opens with this master key');
  return key.value;
}

/** Seals all data keys under another master key; answers how many. */
export async function resealFaceKeys(queries: Queries, from: Vault, to: Vault): Promise<Result<number, VaultError>> {
  const rows = await queries.selectFrom('face_key').selectAll().execute();
  for (const { event, subject, sealed_key: sealedKey } of rows) {
    const label = faceKeyLabel(event, subject);
    const key = from.open(sealedKey, label);
    if (!key.ok) return key;
    await queries
      .updateTable('face_key')
      .set({ sealed_key: to.seal(key.value, label) })
      .where('event', '=', event)
      .where('subject', '=', subject)
      .execute();
  }
  return ok(rows.length);
}

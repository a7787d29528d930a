// Everything that is kept about the visitors of an event and names somebody, in one list. Whoever stores something new about visitors adds
// a line here. What stays leads to nobody: tickets, marks and uses by pseudonyms, cases without their notes.
import type { Clock } from '@postern/shared';
import type { Queries } from '../store/database.ts';
import { systemActor, type Audit } from './audit.ts';
import { endFaces } from './face-rows.ts';
import { facesInForce } from './face-setup.ts';
import { forgetConnection } from './pretix/connections.ts';

/** Rows of one transaction. */
const rowsMax = 1_000;

/** Erases at most so much that the transaction stays short; answers how many rows or fields, 0 once nothing is left. */
export type ForgetVisitors = (queries: Queries, event: number) => Promise<number>;

export interface Forgetting {
  /** Counts by what was erased are named so. */
  readonly what: string;
  readonly forget: ForgetVisitors;
}

export const createForgettings = ({
  audit,
  clock,
}: {
  readonly audit: Pick<Audit, 'erase'>;
  readonly clock: Clock;
}): readonly Forgetting[] => [
  { what: 'holders', forget: forgetHolders },
  { what: 'notes', forget: forgetNotes },
  { what: 'phones', forget: forgetPhones },
  { what: 'tokens', forget: forgetTokens },
  { what: 'faces', forget: (queries, event) => forgetFaces(queries, event, clock.wallMs()) },
  { what: 'wallets', forget: forgetWallets },
  // It would bring names in again; and what it has kept leads to people by way of the shop.
  { what: 'pretix', forget: (queries, event) => forgetConnection(queries, event, rowsMax) },
  // Last: what the log says of the visitors' requests goes with the log's own proof that it went.
  {
    what: 'auditFields',
    forget: async (queries, event) =>
      (await hasAuditFields(queries, event)) ? audit.erase(queries, { event, fieldsMax: rowsMax }, systemActor) : 0,
  },
];

/** With order numbers: they lead to people through whoever sold them. Account or none, a ticket is nobody's then. */
async function forgetHolders(queries: Queries, event: number): Promise<number> {
  const some = await queries
    .selectFrom('ticket_holder')
    .select('ticket')
    .where('event', '=', event)
    .limit(rowsMax)
    .execute();
  const tickets = some.map(({ ticket }) => ticket);
  if (tickets.length === 0) return 0;
  await queries
    .updateTable('ticket')
    .set(({ eb }) => ({ version: eb('version', '+', 1) }))
    .where('event', '=', event)
    .where('id', 'in', tickets)
    .execute();
  await queries.deleteFrom('ticket_holder').where('event', '=', event).where('ticket', 'in', tickets).execute();
  return tickets.length;
}

/** Where they were is forgotten long before; when they were there, and whose ticket that was, goes now. So do keys, and what leads to them. */
async function forgetPhones(queries: Queries, event: number): Promise<number> {
  let phones = 0;
  for (const table of ['geofence_sender', 'holder', 'claim_link'] as const) {
    const some = queries.selectFrom(table).select('id').where('event', '=', event).limit(rowsMax);
    const gone = await queries.deleteFrom(table).where('event', '=', event).where('id', 'in', some).executeTakeFirst();
    phones += Number(gone.numDeletedRows);
  }
  return phones;
}

/** Whose wallet had which ticket. What the chain says of it nobody can erase; without these rows it leads to no ticket. */
async function forgetTokens(queries: Queries, event: number): Promise<number> {
  const some = queries.selectFrom('nft_token').select('token').where('event', '=', event).limit(rowsMax);
  const gone = await queries
    .deleteFrom('nft_token')
    .where('event', '=', event)
    .where('token', 'in', some)
    .executeTakeFirst();
  return Number(gone.numDeletedRows);
}

/** Faces that are still there, with their keys; then who has agreed to what. The rows stay empty, so that every gate hears of the end. */
async function forgetFaces(queries: Queries, event: number, nowMs: number): Promise<number> {
  const subjects = await facesInForce(queries, event, rowsMax);
  if (subjects.length > 0) return endFaces(queries, event, subjects, 'erased', nowMs);
  const links = await queries.deleteFrom('face_link').where('event', '=', event).executeTakeFirst();
  const some = queries
    .selectFrom('face')
    .select('subject')
    .where('event', '=', event)
    .where('consent', 'is not', null)
    .limit(rowsMax);
  const emptied = await queries
    .updateTable('face')
    .set({ consent: null })
    .where('event', '=', event)
    .where('subject', 'in', some)
    .executeTakeFirst();
  return Number(links.numDeletedRows) + Number(emptied.numUpdatedRows);
}

/** Which wallet has let a phone show which ticket. What the chain says of tokens it says to everybody, for good. */
async function forgetWallets(queries: Queries, event: number): Promise<number> {
  const some = queries.selectFrom('wallet_binding').select('nonce').where('event', '=', event).limit(rowsMax);
  const gone = await queries
    .deleteFrom('wallet_binding')
    .where('event', '=', event)
    .where('nonce', 'in', some)
    .executeTakeFirst();
  return Number(gone.numDeletedRows);
}

/** What people have written of cases, suspicions and lost gates. */
async function forgetNotes(queries: Queries, event: number): Promise<number> {
  let notes = 0;
  for (const table of ['case_work', 'suspicion', 'gate_lost'] as const) {
    const emptied = await queries
      .updateTable(table)
      .set({ note: null })
      .where('event', '=', event)
      .where('note', 'is not', null)
      .executeTakeFirst();
    notes += Number(emptied.numUpdatedRows);
  }
  return notes;
}

async function hasAuditFields(queries: Queries, event: number): Promise<boolean> {
  const row = await queries
    .selectFrom('audit_field')
    .innerJoin('audit_entry', (join) =>
      join
        .onRef('audit_entry.chain', '=', 'audit_field.chain')
        .onRef('audit_entry.sequence', '=', 'audit_field.sequence'),
    )
    .select('audit_field.field')
    .where('audit_entry.event', '=', event)
    .where('audit_field.value', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

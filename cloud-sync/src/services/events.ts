// Events and their rules. An event is a number, an admission policy and the key of its code hashes; every change to the rules raises
// `rules_revision`, which is how the feed knows that there is something to publish.
import {
  admissionPolicySchema,
  bytesToHex,
  err,
  faceMethodId,
  knownMethods,
  ok,
  unknownMembers,
  type AdmissionPolicy,
  type Clock,
  type GeofenceRules,
  type NftRules,
  type Random,
  type Result,
} from '@postern/shared';
import { sql, type Selectable } from 'kysely';
import type { Database, Queries } from '../store/database.ts';
import { inTransaction, rulesLock } from '../store/locks.ts';
import type { Schema } from '../store/schema.ts';
import type { Failure } from './problems.ts';

const codeHashKeyBytes = 32;
const eventNumberMax = 4_294_967_295;

export interface EventRecord {
  readonly id: number;
  readonly policy: AdmissionPolicy;
  /** Hexadecimal. */
  readonly codeHashKey: string;
  readonly revision: number;
  readonly rulesRevision: number;
  readonly createdAtMs: number;
}

export interface Events {
  /** `event` absent: the next free number. */
  readonly create: (
    policy: Omit<AdmissionPolicy, 'event'> & { readonly event?: number | undefined },
  ) => Promise<Result<EventRecord, Failure>>;
  readonly list: () => Promise<readonly EventRecord[]>;
  readonly find: (event: number) => Promise<Result<EventRecord, Failure>>;
  readonly changePolicy: (
    event: number,
    policy: Omit<AdmissionPolicy, 'event'>,
  ) => Promise<Result<EventRecord, Failure>>;
  /** The part about positions alone; `undefined` takes it away. */
  readonly changeGeofence: (
    event: number,
    geofence: GeofenceRules | undefined,
  ) => Promise<Result<EventRecord, Failure>>;
  /** The part about tokens alone; `undefined` takes it away. */
  readonly changeNft: (event: number, nft: NftRules | undefined) => Promise<Result<EventRecord, Failure>>;
  readonly ticketCount: (event: number) => Promise<number>;
}

export interface EventsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
}

export function createEvents({ database, clock, random }: EventsDeps): Events {
  const find = async (event: number): Promise<Result<EventRecord, Failure>> => {
    const record = await readEvent(database, event);
    return record === undefined ? err({ type: 'event-unknown' }) : ok(record);
  };
  /** Undefined when there is one with this number. */
  const insertEvent = (
    queries: Queries,
    id: number,
    policy: Omit<AdmissionPolicy, 'event'>,
  ): Promise<{ readonly id: number } | undefined> =>
    queries
      .insertInto('event')
      .values({
        id,
        policy: policyText(policy, id),
        code_hash_key: bytesToHex(random(codeHashKeyBytes)),
        revision: 0,
        rules_revision: 1,
        created_at_ms: clock.wallMs(),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
  /** Reads and writes in one transaction, so that nobody's change is lost under another's. */
  const rewrite = async (
    event: number,
    change: (before: AdmissionPolicy) => Omit<AdmissionPolicy, 'event'>,
  ): Promise<Result<EventRecord, Failure>> => {
    const problem = await inTransaction(database, rulesLock(event), async (queries) => {
      const before = await readEvent(queries, event);
      if (before === undefined) return undefined;
      const policy = change(before.policy);
      const fault = checkPolicy(policy);
      if (fault !== undefined) return fault;
      await queries
        .updateTable('event')
        .set(({ eb }) => ({
          policy: policyText(policy, event),
          rules_revision: eb('rules_revision', '+', 1),
        }))
        .where('id', '=', event)
        .execute();
      return undefined;
    });
    return problem === undefined ? find(event) : err(problem);
  };
  return {
    create: async ({ event, ...policy }) => {
      const problem = checkPolicy(policy);
      if (problem !== undefined) return err(problem);
      const created = await inTransaction(database, 'event-numbers', async (queries) =>
        insertEvent(queries, event ?? (await nextNumber(queries)), policy),
      );
      return created === undefined ? err({ type: 'event-exists' }) : find(created.id);
    },
    list: async () => (await database.selectFrom('event').selectAll().orderBy('id').execute()).map(toRecord),
    find,
    changePolicy: (event, policy) => rewrite(event, () => policy),
    changeGeofence: (event, geofence) => rewrite(event, (policy) => ({ ...policy, geofence })),
    changeNft: (event, nft) => rewrite(event, (policy) => ({ ...policy, nft })),
    ticketCount: async (event) => {
      const { tickets } = await database
        .selectFrom('ticket')
        .select(({ fn }) => fn.countAll<number>().as('tickets'))
        .where('event', '=', event)
        .executeTakeFirstOrThrow();
      return tickets;
    },
  };
}

export async function readEvent(queries: Queries, event: number): Promise<EventRecord | undefined> {
  const row = await queries.selectFrom('event').selectAll().where('id', '=', event).executeTakeFirst();
  return row === undefined ? undefined : toRecord(row);
}

/**
 * Tickets have changed: the next delta shows the rows with a higher revision. Locks the event until the transaction ends, so that
 * revisions are committed in order. Undefined when there is no such event.
 */
export async function raiseRevision(queries: Queries, event: number): Promise<number | undefined> {
  const raised = await queries
    .updateTable('event')
    .set(({ eb }) => ({ revision: eb('revision', '+', 1) }))
    .where('id', '=', event)
    .returning('revision')
    .executeTakeFirst();
  return raised?.revision;
}

/** Gates, staff, faces or a policy have changed: the next manifest says so. Undefined when there is no such event. */
export async function raiseRulesRevision(queries: Queries, event: number): Promise<number | undefined> {
  const raised = await queries
    .updateTable('event')
    .set(({ eb }) => ({ rules_revision: eb('rules_revision', '+', 1) }))
    .where('id', '=', event)
    .returning('rules_revision')
    .executeTakeFirst();
  return raised?.rules_revision;
}

/** The same at several events at once, in one order everywhere, so that two transactions never wait for each other. */
export async function raiseRulesRevisions(queries: Queries, events: readonly number[]): Promise<void> {
  for (const event of events.toSorted((a, b) => a - b)) await raiseRulesRevision(queries, event);
}

/** What every manifest says has changed: the keys. */
export async function raiseAllRulesRevisions(queries: Queries): Promise<void> {
  await queries
    .updateTable('event')
    .set(({ eb }) => ({ rules_revision: eb('rules_revision', '+', 1) }))
    .execute();
}

/** JSON leaves out what is undefined. What gates are told of faces is made from what was said of consent (face-setup.ts), never from here. */
const policyText = (policy: Omit<AdmissionPolicy, 'event'>, event: number): string =>
  JSON.stringify({ ...policy, face: undefined, event });

/** Policies by the text that they were read from: the rules are read at every verify, and reading them takes longer than deciding by them. */
const policiesByText = new Map<string, AdmissionPolicy>();
const policiesKeptMax = 1_000;

/** What it answers is shared, and nobody's to change. */
function readPolicy(text: string): AdmissionPolicy {
  const known = policiesByText.get(text);
  if (known !== undefined) return known;
  const policy = admissionPolicySchema.parse(JSON.parse(text));
  if (policiesByText.size >= policiesKeptMax) policiesByText.clear();
  policiesByText.set(text, policy);
  return policy;
}

const toRecord = (row: Selectable<Schema['event']>): EventRecord => ({
  id: row.id,
  policy: readPolicy(row.policy),
  codeHashKey: row.code_hash_key,
  revision: row.revision,
  rulesRevision: row.rules_revision,
  createdAtMs: row.created_at_ms,
});

/** One more than the highest, or where that is taken by the highest number there can be, the first gap. */
async function nextNumber(queries: Queries): Promise<number> {
  const { highest } = await queries
    .selectFrom('event')
    .select(({ fn }) => fn.max<number | null>('id').as('highest'))
    .executeTakeFirstOrThrow();
  if (highest === null || highest < eventNumberMax) return (highest ?? 0) + 1;
  const { before } = await queries
    .selectFrom('event')
    .leftJoin('event as next', (join) => join.on('next.id', '=', sql`event.id + 1`))
    .select(({ fn }) => fn.min<number>('event.id').as('before'))
    .where('next.id', 'is', null)
    .executeTakeFirstOrThrow();
  return before + 1;
}

/** What the schema cannot say: ids are unique, and types name zones that exist. */
function checkPolicy(policy: Omit<AdmissionPolicy, 'event'>): Failure | undefined {
  const zones = new Set(policy.zones.map((zone) => zone.id));
  if (zones.size < policy.zones.length || new Set(policy.types.map((type) => type.id)).size < policy.types.length)
    return { type: 'types-repeated' };
  const beside = policy.geofence?.zones.find(({ zone }) => !zones.has(zone));
  if (beside !== undefined)
    return {
      type: 'zone-unknown',
      detail: `Zone "${beside.zone}", before which "${beside.id}" lies, is not among the event's zones.`,
    };
  const unknown = policy.types.flatMap((type) => type.zones).find((zone) => !zones.has(zone));
  if (unknown !== undefined)
    return { type: 'zone-unknown', detail: `Zone "${unknown}" of a ticket type is not among the event's zones.` };
  const methods = knownMethods.map(({ id }) => id);
  const [misspelt] = policy.types.flatMap(({ proofs }) => unknownMembers(proofs, methods));
  if (misspelt !== undefined)
    return {
      type: 'proof-unknown',
      detail: `"${misspelt}" in the proofs of a ticket type is neither a method (${methods.join(', ')}) nor looked-up, signed or challenged.`,
    };
  const isFaceAlone = policy.types.some(({ proofs }) =>
    proofs.some((combination) => combination.every((member) => member === faceMethodId)),
  );
  return isFaceAlone
    ? {
        type: 'proof-unknown',
        detail: 'Gates look for a face only beside what names the ticket: say what that is, as in ["qr", "face"].',
      }
    : undefined;
}

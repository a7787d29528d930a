// Proves the audit log from its rows: every hash again, sequences without gaps, heads against the signatures of our keys, personal
// fields against their commitments, erased ones against the erasure that says so. The first row that does not fit is named; nothing
// after it is looked at. Memory does not grow with the log.
import { bytesToHex, hexToBytes, verifySignature } from '@postern/shared';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import {
  commitmentOf,
  commitmentsFromText,
  entryHash,
  headMessage,
  noHash,
  personalFields,
  type EntryRow,
  type HeadRow,
  type PersonalField,
} from './audit-chain.ts';
import type { AuditKeys } from './audit-keys.ts';
import { readTip, storeHead, sumErasure, type HeadDeps, type Tip } from './audit-heads.ts';
import { parseJson } from './parse-json.ts';

export interface Flaw {
  readonly chain: string;
  readonly sequence: number;
  /** What is wrong, for people. */
  readonly what: string;
}

export interface AuditReport {
  readonly chains: number;
  readonly entries: number;
  readonly heads: number;
  /** Personal fields that an erasure has emptied. */
  readonly erased: number;
  /** Entries after the last signed head of chains that have not ended in good order: cut off, they would not be missed. */
  readonly unsigned: number;
  /** Key ids that have signed heads, to be compared with what one has written down. */
  readonly keys: readonly string[];
  readonly flaw: Flaw | undefined;
}

export interface VerifyOptions {
  /** Only the chains in which this event occurs; whole, as their hashes need every entry. */
  readonly event?: number;
  /** Called now and then with the number of entries proved. */
  readonly progress?: (entries: number) => void;
}

type ChainRow = Selectable<Schema['audit_chain']>;
type FieldRow = Selectable<Schema['audit_field']>;

const pageRows = 1_000;

/** Thrown inside this file only, where the first flaw is found. */
class FlawError extends Error {
  readonly flaw: Flaw;
  constructor(chain: string, sequence: number, what: string) {
    super(what);
    this.flaw = { chain, sequence, what };
  }
}

interface Sums {
  entries: number;
  heads: number;
  erased: number;
  unsigned: number;
  readonly keys: Set<string>;
}

/** All chains in the order of their starts, or those with entries of one event. */
export const readChains = (
  database: Database,
  event: number | undefined,
): Promise<readonly Pick<Selectable<Schema['audit_chain']>, 'id' | 'number' | 'started_at_ms'>[]> =>
  database
    .selectFrom('audit_chain')
    .select(['id', 'number', 'started_at_ms'])
    .$if(event !== undefined, (query) =>
      query.where('id', 'in', (inner) =>
        inner
          .selectFrom('audit_entry')
          .select('chain')
          .where('event', '=', event ?? 0),
      ),
    )
    .orderBy('number')
    .execute();

export async function verifyAudit(
  database: Database,
  keys: Pick<AuditKeys, 'publicKey'>,
  { event, progress = () => undefined }: VerifyOptions = {},
): Promise<AuditReport> {
  const sums: Sums = { entries: 0, heads: 0, erased: 0, unsigned: 0, keys: new Set() };
  const chains = await readChains(database, event);
  const report = (flaw: Flaw | undefined): AuditReport => {
    progress(sums.entries);
    return { ...sums, chains: chains.length, keys: [...sums.keys], flaw };
  };
  try {
    for (const [index, { id, number }] of chains.entries()) {
      if (event === undefined && number !== index + 1)
        throw new FlawError(id, 1, `follows a chain that is missing, or its number is not ${number}`);
      await inSnapshot(database, (queries) => verifyChain(queries, keys, id, sums, { progress }));
    }
    await inSnapshot(database, async (queries) => {
      await findOrphan(queries);
      await verifyErasures(queries);
    });
    return report(undefined);
  } catch (cause) {
    if (cause instanceof FlawError) return report(cause.flaw);
    throw cause;
  }
}

/** Everything read as of one moment, while processes go on writing. */
const inSnapshot = <T>(database: Database, work: (queries: Queries) => Promise<T>): Promise<T> =>
  database.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(work);

/**
 * Signs where the chains of processes stand that did not end in good order (or still run), after proving what has come
 * since their last head. From then on nothing can be cut off them unseen.
 */
export async function witnessChains(
  database: Database,
  keys: AuditKeys,
  deps: Omit<HeadDeps, 'signer'>,
): Promise<void> {
  const grown = await database
    .selectFrom('audit_chain')
    .select('id')
    .where('closed', '=', 0)
    .whereRef('tip_sequence', '>', 'signed_sequence')
    .orderBy('number')
    .execute();
  for (const { id } of grown) {
    const sums: Sums = { entries: 0, heads: 0, erased: 0, unsigned: 0, keys: new Set() };
    try {
      await database.transaction().execute(async (queries) => {
        const { signed_sequence: previous } = await queries
          .selectFrom('audit_chain')
          .select('signed_sequence')
          .where('id', '=', id)
          .executeTakeFirstOrThrow();
        const tip = await verifyChain(queries, keys, id, sums, { progress: () => undefined, fromHead: true });
        await storeHead(queries, { ...deps, signer: keys.signer }, { chain: id, tip, previous, closed: 0 });
      });
    } catch (cause) {
      if (!(cause instanceof FlawError)) throw cause;
      deps.log.error({ ...cause.flaw }, 'an audit chain does not prove; run cloud-sync audit verify');
    }
  }
}

/** Proves one chain, from its first entry or from its last signed head on; answers with where it stands. */
async function verifyChain(
  queries: Queries,
  keys: Pick<AuditKeys, 'publicKey'>,
  id: string,
  sums: Sums,
  { progress, fromHead = false }: { readonly progress: (entries: number) => void; readonly fromHead?: boolean },
): Promise<Tip> {
  const chain = await queries.selectFrom('audit_chain').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  let lastHead = fromHead ? await readHead(queries, chain) : undefined;
  let tip: Tip = { sequence: lastHead?.sequence ?? 0, hash: lastHead?.hash ?? noHash };
  if (lastHead !== undefined) verifyHead(lastHead, tip, keys);
  for (;;) {
    const page = await readPage(queries, id, tip.sequence);
    for (const entry of page.entries) {
      tip = verifyEntry(entry, tip);
      if (tip.sequence === 1) await verifyStart(queries, chain, entry);
      sums.erased += verifyFields(entry, page.fields.get(tip.sequence) ?? []);
      const head = page.heads.get(tip.sequence)?.[0];
      if (lastHead?.closed === 1) throw flawOf(entry, 'comes after the signed end of its chain');
      if (head === undefined) continue;
      verifyHead(head, tip, keys);
      if (head.previous !== (lastHead?.sequence ?? 0))
        throw flawOf(head, `has a head that follows another one, at ${head.previous}`);
      lastHead = head;
      sums.heads += 1;
      sums.keys.add(head.key);
    }
    sums.entries += page.entries.length;
    progress(sums.entries);
    if (page.entries.length < pageRows) break;
  }
  const next = { chain: id, sequence: tip.sequence + 1 };
  if (chain.tip_sequence !== tip.sequence)
    throw flawOf(next, `is missing, or its chain does not end at ${chain.tip_sequence}`);
  await findStray(queries, 'audit_head', tip, id);
  await findStray(queries, 'audit_field', tip, id);
  if (chain.signed_sequence !== (lastHead?.sequence ?? 0) || chain.closed !== (lastHead?.closed ?? 0))
    throw flawOf({ chain: id, sequence: chain.signed_sequence }, 'should have the last signed head of its chain');
  if (chain.closed === 0) sums.unsigned += tip.sequence - chain.signed_sequence;
  return tip;
}

/** The last signed head, as the chain's row says. */
const readHead = (queries: Queries, chain: ChainRow): Promise<HeadRow | undefined> =>
  queries
    .selectFrom('audit_head')
    .selectAll()
    .where('chain', '=', chain.id)
    .where('sequence', '=', chain.signed_sequence)
    .executeTakeFirst();

interface Place {
  readonly chain: string;
  readonly sequence: number;
}

const flawOf = ({ chain, sequence }: Place, what: string): FlawError => new FlawError(chain, sequence, what);

interface Page {
  readonly entries: readonly EntryRow[];
  readonly fields: ReadonlyMap<number, readonly FieldRow[]>;
  readonly heads: ReadonlyMap<number, readonly HeadRow[]>;
}

async function readPage(queries: Queries, chain: string, after: number): Promise<Page> {
  const entries = await queries
    .selectFrom('audit_entry')
    .selectAll()
    .where('chain', '=', chain)
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(pageRows)
    .execute();
  const through = entries.at(-1)?.sequence ?? after;
  const fields = await queries
    .selectFrom('audit_field')
    .selectAll()
    .where('chain', '=', chain)
    .where('sequence', '>', after)
    .where('sequence', '<=', through)
    .execute();
  const heads = await queries
    .selectFrom('audit_head')
    .selectAll()
    .where('chain', '=', chain)
    .where('sequence', '>', after)
    .where('sequence', '<=', through)
    .execute();
  return { entries, fields: bySequence(fields), heads: bySequence(heads) };
}

function bySequence<T extends Place>(rows: readonly T[]): ReadonlyMap<number, readonly T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) groups.set(row.sequence, [...(groups.get(row.sequence) ?? []), row]);
  return groups;
}

/** The tip after `entry`, which must be the next one. */
function verifyEntry(entry: EntryRow, tip: Tip): Tip {
  const sequence = tip.sequence + 1;
  if (entry.sequence !== sequence) throw flawOf({ chain: entry.chain, sequence }, 'is missing');
  const commitments = commitmentsFromText(entry.fields);
  if (commitments === undefined) throw flawOf(entry, 'has hashes of personal fields that we never wrote');
  const hash = entryHash(tip.hash, entry, commitments);
  if (hash !== entry.hash) throw flawOf(entry, 'is not what its hash was made of, or follows another entry');
  return { sequence, hash };
}

/** The chain's row and the chain before are as the first entry says. */
async function verifyStart(queries: Queries, chain: ChainRow, entry: EntryRow): Promise<void> {
  const details = startDetailsSchema.safeParse(parseJson(entry.details ?? ''));
  if (entry.action !== 'chain-started' || !details.success) throw flawOf(entry, 'does not begin a chain');
  const { number, previous, previousSequence = 0, previousHash } = details.data;
  if (number !== chain.number || entry.at_ms !== chain.started_at_ms)
    throw flawOf(entry, 'has another number or time than its chain');
  if (number === 1) return;
  const before = await queries
    .selectFrom('audit_chain')
    .select('number')
    .where('id', '=', previous ?? '')
    .executeTakeFirst();
  if (before?.number !== number - 1) throw flawOf(entry, `follows chain ${previous ?? ''}, which is missing`);
  if ((await readTip(queries, previous ?? '', previousSequence))?.hash !== previousHash)
    throw flawOf(entry, `saw chain ${previous ?? ''} reach ${previousSequence} with another hash`);
}

const startDetailsSchema = z.object({
  number: z.number(),
  previous: z.string().optional(),
  previousSequence: z.number().optional(),
  previousHash: z.string().optional(),
});

/** The number of erased fields. */
function verifyFields(entry: EntryRow, rows: readonly FieldRow[]): number {
  const commitments = commitmentsFromText(entry.fields) ?? {};
  let erased = 0;
  for (const row of rows) {
    const commitment = isPersonalField(row.field) ? commitments[row.field] : undefined;
    if (commitment === undefined) throw flawOf(entry, `has a field "${row.field}" that does not belong to it`);
    if (row.value === null && row.salt === null && row.erasure !== null) erased += 1;
    else if (
      row.value === null ||
      row.salt === null ||
      row.erasure !== null ||
      commitmentOf(entry.chain, entry.sequence, row.field, row.salt, row.value) !== commitment
    )
      throw flawOf(entry, `has another field "${row.field}" than was recorded`);
  }
  const lost = Object.keys(commitments).find((field) => rows.every((row) => row.field !== field));
  if (lost !== undefined) throw flawOf(entry, `has lost its field "${lost}" without an erasure`);
  return erased;
}

const isPersonalField = (text: string): text is PersonalField => personalFields.some((field) => field === text);

function verifyHead(head: HeadRow, tip: Tip, keys: Pick<AuditKeys, 'publicKey'>): void {
  const publicKey = keys.publicKey(head.key);
  if (publicKey === undefined) throw flawOf(head, `has a head signed by a key that is not ours (${head.key})`);
  const signature = typeof head.signature === 'string' ? hexToBytes(head.signature) : undefined;
  if (signature === undefined || !verifySignature(publicKey, headMessage(head), signature))
    throw flawOf(head, 'has a head whose signature is wrong');
  if (bytesToHex(signature) !== head.signature) throw flawOf(head, 'has a head whose signature was rewritten');
  if (head.hash !== tip.hash)
    throw flawOf(head, 'is not the entry that was signed as head: what is there was rewritten');
}

/** A row that hangs on no entry of its chain. */
async function findStray(
  queries: Queries,
  table: 'audit_head' | 'audit_field',
  tip: Tip,
  chain: string,
): Promise<void> {
  const stray = await queries
    .selectFrom(table)
    .select('sequence')
    .where('chain', '=', chain)
    .where((where) => where.or([where('sequence', '>', tip.sequence), where('sequence', '<', 1)]))
    .orderBy('sequence')
    .executeTakeFirst();
  if (stray === undefined) return;
  const { sequence } = stray;
  throw flawOf(
    { chain, sequence },
    table === 'audit_head' ? 'is missing: its head was signed' : 'is missing: it had personal fields',
  );
}

/** A row of a chain that is not there. */
async function findOrphan(queries: Queries): Promise<void> {
  for (const table of ['audit_entry', 'audit_head', 'audit_field'] as const) {
    const orphan = await queries
      .selectFrom(table)
      .select(['chain', 'sequence'])
      .where('chain', 'not in', (inner) => inner.selectFrom('audit_chain').select('id'))
      .executeTakeFirst();
    if (orphan !== undefined) throw flawOf(orphan, 'is of a chain that is missing');
  }
}

/** What was emptied is exactly what an entry says was erased. */
async function verifyErasures(queries: Queries): Promise<void> {
  for (let last: string | undefined; ;) {
    const place = await queries
      .selectFrom('audit_field')
      .select(['erasure', 'chain', 'sequence'])
      .where('erasure', 'is not', null)
      .$if(last !== undefined, (select) => select.where('erasure', '>', last ?? ''))
      .orderBy('erasure')
      .limit(1)
      .executeTakeFirst();
    if (place === undefined || place.erasure === null) return;
    last = place.erasure;
    const entry = await queries
      .selectFrom('audit_entry')
      .select(['chain', 'sequence', 'details'])
      .where('subject', '=', last)
      .where('action', '=', 'erasure')
      .executeTakeFirst();
    if (entry === undefined) throw flawOf(place, 'has lost a field to an erasure that was never recorded');
    const told = erasureDetailsSchema.safeParse(parseJson(entry.details ?? ''));
    const found = await sumErasure(queries, last);
    if (!told.success || told.data.fields !== found.fields || told.data.digest !== found.digest)
      throw flawOf(entry, 'tells of another erasure than has happened');
  }
}

const erasureDetailsSchema = z.object({ fields: z.number(), digest: z.string() });

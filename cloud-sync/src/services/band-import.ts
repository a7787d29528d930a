// Binds wristbands that somebody else has encoded, out of a CSV: looks at every line first and binds none while one is wrong. A second time
// it changes nothing. Such bands are known by their ids and never written here.
import {
  bytesToHex,
  codeHash,
  err,
  importErrorsMax,
  ok,
  ticketIdPattern,
  type BandImport,
  type BandImportError,
  type Clock,
  type Result,
  type Ticket,
} from '@postern/shared';
import { freeBands, readBands, readKept, storeBands, withBands } from '../store/band-reservations.ts';
import type { Database, Queries } from '../store/database.ts';
import type { Actor } from './actor.ts';
import { readBandCsv, type BandLine } from './band-csv.ts';
import { bandMethod, bandOf, codeHashKeyOf } from './band-id.ts';
import { bandKeptMs } from './band-keeping.ts';
import { planBinding, type BandPlan } from './band-plan.ts';
import { bandsOfTicket, holdingOfMany } from './band-states.ts';
import { bindBand } from './bind-band.ts';
import type { EventRecord } from './events.ts';
import type { Keys } from './keys.ts';
import { operatorOf } from './operators.ts';
import { problemTitle, type Failure } from './problems.ts';
import type { EffectiveEvents } from './ticket-methods.ts';
import { findByShortCode } from './ticket-search.ts';
import { readTickets } from './ticket-views.ts';
import type { StoreOf } from './working-store.ts';

const linesPerStep = 500;
/** Who keeps the bands meanwhile, where it is a command and no person. */
const systemKeeper = 'cloud-sync';

export interface BandImports {
  /** `event-unknown`, `csv-malformed`, or `store-unavailable` half-way: then it can be done again. */
  readonly run: (
    event: number,
    file: Uint8Array,
    options: { readonly dryRun: boolean; readonly by: Actor | undefined },
  ) => Promise<Result<BandImport, Failure>>;
}

export interface BandImportsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: Keys;
  /** With what is switched off in its policy. */
  readonly readEffective: EffectiveEvents;
  readonly storeOf: StoreOf;
}

/** A line with the band and the ticket that it is about. */
interface Pair {
  readonly line: number;
  readonly method: string;
  readonly tag: string;
  readonly ticket: Ticket;
}
type Planned = Pair & { readonly plan: BandPlan };
type Judged = Planned | BandImportError;
const isWrong = (one: object): one is BandImportError => 'problem' in one;

export function createBandImports({ database, clock, keys, readEffective, storeOf }: BandImportsDeps): BandImports {
  /** Of lines that are whole, one after the other; `taken`: the bands of each ticket, with those of the lines before. */
  const judge = async (
    queries: Queries,
    event: number,
    pairs: readonly Pair[],
    keeper: string,
    taken: Map<string, Set<string>>,
  ): Promise<readonly Judged[]> => {
    const tags = pairs.map(({ tag }) => tag);
    const { byTag, claimsByTag } = await holdingOfMany(queries, event, tags);
    const bands = await readBands(queries, event, tags);
    await readTaken(queries, event, pairs, taken);
    const nowMs = clock.wallMs();
    return pairs.map((pair): Judged => {
      const { line, tag, ticket } = pair;
      const row = bands.get(tag);
      if (row !== undefined && row.ticket !== null && row.until_ms > nowMs && row.reserved_by !== keeper)
        return { line, problem: problemTitle('band-reserved'), ticket: row.ticket };
      const own = taken.get(ticket.id) ?? new Set();
      const planned = planBinding({
        ticket,
        ofTag: byTag.get(tag) ?? [],
        claims: claimsByTag.get(tag) ?? [],
        others: own.has(tag) ? own.size - 1 : own.size,
        takeFrom: [],
      });
      if (!planned.ok) return toError(line, planned.error);
      own.add(tag);
      return { ...pair, plan: planned.value };
    });
  };

  const readTaken = async (
    queries: Queries,
    event: number,
    pairs: readonly Pair[],
    taken: Map<string, Set<string>>,
  ): Promise<void> => {
    const fresh = new Map(pairs.flatMap(({ ticket }) => (taken.has(ticket.id) ? [] : [[ticket.id, ticket]])));
    const kept = await readKept(queries, event, [...fresh.keys()], clock.wallMs());
    for (const ticket of fresh.values()) taken.set(ticket.id, new Set(await bandsOfTicket(queries, event, ticket)));
    for (const { ticket, tag } of kept) taken.get(ticket ?? '')?.add(tag);
    for (const { ticket, instead } of kept) taken.get(ticket ?? '')?.delete(instead ?? '');
  };

  const run: BandImports['run'] = async (eventId, file, { dryRun, by }) => {
    const event = await readEffective(eventId);
    if (event === undefined) return err({ type: 'event-unknown' });
    const read = await readBandCsv(file);
    if (!read.ok) return read;
    const { bands, wrong } = read.value;
    const operator = by === undefined ? undefined : operatorOf(keys, by, event.id);
    const keeper = operator ?? systemKeeper;
    const errors: BandImportError[] = [...wrong];
    const planned: Planned[] = [];
    const linesByTag = new Map<string, number>();
    const taken = new Map<string, Set<string>>();
    for (const lines of inSteps(bands)) {
      const pairs = await toPairs(database, event, lines, linesByTag);
      errors.push(...pairs.filter(isWrong));
      const judged = await judge(
        database,
        event.id,
        pairs.flatMap((one) => (isWrong(one) ? [] : [one])),
        keeper,
        taken,
      );
      for (const one of judged)
        if (isWrong(one)) errors.push(one);
        else planned.push(one);
    }
    const unchanged = planned.filter(({ plan }) => plan.existing !== undefined).length;
    const report = (bound: number): BandImport => ({
      dryRun,
      bands: bands.length + wrong.length,
      bound,
      unchanged,
      errorCount: errors.length,
      errors: errors.toSorted((a, b) => a.line - b.line).slice(0, importErrorsMax),
    });
    if (dryRun) return ok(report(planned.length - unchanged));
    if (errors.length > 0) return ok(report(0));
    let bound = 0;
    for (const pairs of inSteps(planned)) {
      const done = await bindStep(event.id, pairs, operator, keeper);
      if (!done.ok) return done;
      bound += done.value.bound;
      errors.push(...done.value.errors);
    }
    return ok(report(bound));
  };

  /** Some lines: nobody else gives their bands away meanwhile, and what has changed since they were looked at counts. */
  const bindStep = async (
    event: number,
    pairs: readonly Pair[],
    operator: string | undefined,
    keeper: string,
  ): Promise<Result<{ readonly bound: number; readonly errors: readonly BandImportError[] }, Failure>> => {
    const judged = await withBands(database, event, async (queries) => {
      const all = await judge(queries, event, pairs, keeper, new Map());
      const nowMs = clock.wallMs();
      const rows = all.flatMap((one) => (isWrong(one) ? [] : [one]));
      await storeBands(
        queries,
        rows.map(({ tag, method, ticket }) => ({
          event,
          tag,
          method,
          writable: 0,
          ticket: ticket.id,
          reserved_by: keeper,
          until_ms: nowMs + bandKeptMs,
          take_from: '[]',
          instead: null,
          write_hash: null,
          read_back: 0,
        })),
      );
      return all;
    });
    const errors = judged.filter(isWrong);
    const kept = judged.flatMap((one) => (isWrong(one) ? [] : [one]));
    const fresh = kept.filter(({ plan }) => plan.existing === undefined);
    const nowMs = clock.wallMs();
    const results = await Promise.all(
      fresh.map(async ({ line, method, tag, ticket, plan: { replaces } }) => ({
        line,
        bound: await bindBand(storeOf, ticket.id, { event, tag, method, operator, replaces, nowMs }),
      })),
    );
    await database.transaction().execute((queries) =>
      freeBands(
        queries,
        event,
        kept.map(({ tag }) => tag),
        keeper,
      ),
    );
    let count = 0;
    for (const { line, bound } of results) {
      if (bound.ok) count += 1;
      else if (bound.error.type === 'store-unavailable') return bound;
      else errors.push(toError(line, bound.error));
    }
    return ok({ bound: count, errors });
  };

  return { run };
}

/** Finds tag and ticket of each line; a band that an earlier line has is wrong. */
async function toPairs(
  queries: Queries,
  event: EventRecord,
  lines: readonly BandLine[],
  linesByTag: Map<string, number>,
): Promise<readonly (Pair | BandImportError)[]> {
  const idsByCode = await findCodes(
    queries,
    event,
    lines.flatMap(({ code }) => code ?? []),
  );
  const idOf = ({ ticket, code }: BandLine): { readonly id: string; readonly epoch?: number } | undefined =>
    code === undefined ? { id: ticket ?? '' } : idsByCode.get(code);
  const ids = lines.flatMap((line) => idOf(line)?.id ?? []).filter((id) => ticketIdPattern.test(id));
  const tickets =
    ids.length === 0 ? new Map<string, Ticket>() : await readTickets(queries, event.id, [...new Set(ids)]);
  return lines.map((bandLine): Pair | BandImportError => {
    const { line, method: methodId, uid } = bandLine;
    const method = bandMethod(methodId, event);
    if (!method.ok) return toError(line, method.error);
    const tag = bandOf(event, method.value, uid);
    if (!tag.ok) return toError(line, tag.error);
    const earlier = linesByTag.get(tag.value);
    if (earlier !== undefined) return { line, problem: `The band of line ${earlier} again` };
    linesByTag.set(tag.value, line);
    const found = idOf(bandLine);
    const ticket = tickets.get(found?.id ?? '');
    if (ticket === undefined) return { line, problem: problemTitle('ticket-unknown') };
    if (found?.epoch !== undefined && found.epoch < ticket.epoch)
      return { line, problem: 'The code was replaced by a newer one', ticket: ticket.id };
    if (ticket.status !== 'valid') return { line, problem: problemTitle('ticket-not-valid'), ticket: ticket.id };
    return { line, method: methodId, tag: tag.value, ticket };
  });
}

/** Codes that somebody else has printed, and the short ones under our own; with the epoch that each was printed for. */
async function findCodes(
  queries: Queries,
  event: EventRecord,
  codes: readonly string[],
): Promise<ReadonlyMap<string, { readonly id: string; readonly epoch: number }>> {
  const found = new Map<string, { readonly id: string; readonly epoch: number }>();
  if (codes.length === 0) return found;
  const codeHashKey = codeHashKeyOf(event);
  const hashes = new Map(codes.map((code) => [code, bytesToHex(codeHash(codeHashKey, code))]));
  const rows = await queries
    .selectFrom('ticket_code')
    .select(['hash', 'ticket', 'epoch'])
    .where('event', '=', event.id)
    .where('hash', 'in', [...new Set(hashes.values())])
    .execute();
  const byHash = new Map(rows.map((row) => [row.hash, row]));
  for (const [code, hash] of hashes) {
    const row = byHash.get(hash);
    const [only, another] = row === undefined ? await findByShortCode(queries, event.id, codeHashKey, code) : [row];
    if (only !== undefined && another === undefined) found.set(code, { id: only.ticket, epoch: only.epoch });
  }
  return found;
}

const toError = (line: number, { type, detail, ticket }: Failure): BandImportError => ({
  line,
  problem: detail ?? problemTitle(type),
  ...(ticket === undefined ? {} : { ticket }),
});

function* inSteps<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += linesPerStep) yield all.slice(start, start + linesPerStep);
}

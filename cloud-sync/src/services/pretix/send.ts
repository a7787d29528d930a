// Sends admissions and exits back to a pretix server, by its check-in API: with the time at which they happened, a nonce that makes repeats harmless,
// and `force`, since they have happened. What the server will never take is kept with its reason; what failed on the way is tried again,
// each time later.
import { err, ok, type Clock, type Result } from '@postern/shared';
import type { Database } from '../../store/database.ts';
import { transact } from '../../store/transact.ts';
import { secretLabel, type PositionRow } from './state.ts';
import type { Held } from './connections.ts';
import type { PretixImporter } from './import.ts';
import { nameOf, nonceOf, type CheckInRow } from './outbox.ts';
import type { Failure } from '../problems.ts';

export interface SendDeps {
  readonly database: Database;
  readonly clock: Clock;
}

export interface Sent {
  readonly sent: number;
  readonly failed: number;
  /** Why it ended before everything was sent that was due. */
  readonly failure?: Failure;
}

const rowsAtOnceMax = 100;
/** Requests under way at a time. */
const lanes = 4;
const triesMax = 24;
const firstWaitMs = 30_000;
const waitMsMax = 3_600_000;
/** Requests of one run that may fail before the server is left alone. */
const failuresMax = 3;

/** How a row ends for now. */
type Outcome =
  | { readonly state: 'sent' | 'skipped' }
  | { readonly state: 'failed' | 'waiting'; readonly reason: string };
/** Rows with their outcome; a check-in and what annuls it may end together. */
type Outcomes = readonly (readonly [CheckInRow, Outcome])[];

/** Until nothing is due, or the server does not answer or does not let us. */
export async function sendCheckIns(deps: SendDeps, held: Held, importer: PretixImporter): Promise<Sent> {
  const { database, clock } = deps;
  const { event } = held.connection.row;
  const total = { sent: 0, failed: 0 };
  let failures = 0;
  for (;;) {
    const due = await readDue(database, event, clock.wallMs());
    if (due.length === 0) return total;
    const annuls = await readAnnuls(database, event, due);
    const queue = groupByPosition(due);
    const outcomes: (readonly [CheckInRow, Outcome])[] = [];
    let stopped: Failure | undefined;
    const work = async (): Promise<void> => {
      for (let rows = queue.pop(); rows !== undefined && stopped === undefined; rows = queue.pop())
        for (const row of rows) {
          if (stopped !== undefined) return;
          const done =
            row.kind === 'annul' ? await annul(deps, held, row) : await checkIn(deps, held, importer, row, annuls);
          if (done.ok) {
            outcomes.push(...done.value);
            continue;
          }
          const isOfRow = done.error.type === 'pretix-unreachable' || done.error.type === 'pretix-answer-wrong';
          if (isOfRow) outcomes.push([row, { state: 'waiting', reason: done.error.type }]);
          failures += 1;
          if (!isOfRow || failures >= failuresMax) stopped = done.error;
        }
    };
    await Promise.all(Array.from({ length: lanes }, work));
    const stored = await storeOutcomes(deps, held, outcomes);
    if (!stored.ok) return { ...total, failure: stored.error };
    total.sent += stored.value.sent;
    total.failed += stored.value.failed;
    if (stopped !== undefined) return { ...total, failure: stopped };
  }
}

const readDue = (database: Database, event: number, nowMs: number): Promise<readonly CheckInRow[]> =>
  database
    .selectFrom('pretix_check_in')
    .selectAll()
    .where('event', '=', event)
    .where('state', '=', 'waiting')
    .where('next_at_ms', '<=', nowMs)
    .orderBy('next_at_ms')
    .orderBy('at_ms')
    .limit(rowsAtOnceMax)
    .execute();

/** What takes these check-ins back, by the name of the check-in. */
async function readAnnuls(
  database: Database,
  event: number,
  rows: readonly CheckInRow[],
): Promise<ReadonlyMap<string, CheckInRow>> {
  const found = await database
    .selectFrom('pretix_check_in')
    .selectAll()
    .where('event', '=', event)
    .where('of', 'in', rows.map(nameOf))
    .execute();
  return new Map(found.flatMap((row) => (row.of === null ? [] : [[row.of, row]])));
}

async function checkIn(
  { database }: SendDeps,
  { connection }: Held,
  importer: PretixImporter,
  row: CheckInRow,
  annuls: ReadonlyMap<string, CheckInRow>,
): Promise<Result<Outcomes, Failure>> {
  const annulled = annuls.get(nameOf(row));
  // Never asked for, so there is nothing to take back.
  if (annulled !== undefined && row.tries === 0) return ok([skip(row), skip(annulled)]);
  let position = await readPosition(database, row);
  for (let isFirst = true; position !== undefined; isFirst = false) {
    const secret = connection.secrets.open(position.sealed_secret, secretLabel(row.event, row.position));
    if (!secret.ok) break;
    const { list, at_ms: atMs } = row;
    const kind = row.kind === 'exit' ? 'exit' : 'entry';
    const answered = await connection.client.checkIn({
      list,
      secret: Buffer.from(secret.value).toString(),
      kind,
      atMs,
      nonce: nonceOf(row),
    });
    if (!answered.ok) return answered;
    if (answered.value.type === 'taken') return ok([[row, { state: 'sent' }]]);
    const failed = ok([[row, { state: 'failed', reason: answered.value.reason }]] as const);
    if (answered.value.reason !== 'invalid' || !isFirst) return failed;
    // The secret may have been replaced since the orders were last read.
    const refreshed = await importer.refresh(position.order_code);
    if (!refreshed.ok) return refreshed.error.type === 'pretix-unknown' ? failed : refreshed;
    const now = await readPosition(database, row);
    if (now?.hash === position.hash) return failed;
    position = now;
  }
  return ok([[row, { state: 'failed', reason: 'position_unknown' }]]);
}

async function annul(
  { database }: SendDeps,
  { connection }: Held,
  row: CheckInRow,
): Promise<Result<Outcomes, Failure>> {
  const [gate = '', boot = '', sequence = ''] = (row.of ?? '').split('/');
  const target = await database
    .selectFrom('pretix_check_in')
    .selectAll()
    .where((where) => where.and({ event: row.event, gate, boot, sequence: Number(sequence) }))
    .executeTakeFirst();
  // The gate that let in has not been heard yet.
  if (target === undefined) return ok([[row, { state: 'waiting', reason: 'check_in_unknown' }]]);
  if (target.state === 'failed' || target.state === 'skipped') return ok([skip(row)]);
  if (target.state === 'waiting' && target.tries === 0) return ok([skip(row), skip(target)]);
  const answered = await connection.client.annul({ list: target.list, nonce: nonceOf(target), atMs: row.at_ms });
  if (!answered.ok) return answered;
  const { value } = answered;
  if (target.state === 'waiting') return ok([[row, { state: 'sent' }], skip(target)]);
  if (value.type === 'taken') return ok([[row, { state: 'sent' }]]);
  return ok([[row, { state: 'failed', reason: value.type === 'refused' ? value.reason : 'annulment_unknown' }]]);
}

const skip = (row: CheckInRow): readonly [CheckInRow, Outcome] => [row, { state: 'skipped' }];

const readPosition = (
  database: Database,
  { event, position }: CheckInRow,
): Promise<Pick<PositionRow, 'hash' | 'sealed_secret' | 'order_code'> | undefined> =>
  database
    .selectFrom('pretix_position')
    .select(['hash', 'sealed_secret', 'order_code'])
    .where('event', '=', event)
    .where('position', '=', position)
    .executeTakeFirst();

/** Together: what is lost with a crash is sent again under the same nonce. */
async function storeOutcomes(
  { database, clock }: SendDeps,
  { update }: Held,
  outcomes: Outcomes,
): Promise<Result<Sent, Failure>> {
  const total = { sent: 0, failed: 0 };
  const nowMs = clock.wallMs();
  return transact(database, async (queries): Promise<Result<Sent, Failure>> => {
    if (!(await update(queries, {}))) return err({ type: 'pretix-stopped' });
    for (const [row, outcome] of outcomes) {
      const tries = row.tries + 1;
      const state = outcome.state === 'waiting' && tries >= triesMax ? 'failed' : outcome.state;
      if (state === 'sent' || state === 'failed') total[state] += 1;
      await queries
        .updateTable('pretix_check_in')
        .set({
          state,
          tries: state === 'skipped' ? row.tries : tries,
          reason: 'reason' in outcome ? outcome.reason : null,
          next_at_ms: state === 'waiting' ? nowMs + Math.min(waitMsMax, firstWaitMs * 2 ** row.tries) : 0,
        })
        .where((where) => where.and({ event: row.event, gate: row.gate, boot: row.boot, sequence: row.sequence }))
        .execute();
    }
    return ok(total);
  });
}

/** What is about one position is sent one after the other. */
function groupByPosition(rows: readonly CheckInRow[]): CheckInRow[][] {
  const groups = new Map<number, CheckInRow[]>();
  for (const row of rows) groups.set(row.position, [...(groups.get(row.position) ?? []), row]);
  return [...groups.values()];
}

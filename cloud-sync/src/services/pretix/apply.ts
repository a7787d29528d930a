// Brings orders of a pretix server into tickets, in the caller's transaction: new positions become tickets, changed ones change what pretix has
// changed and nothing else, and what is equal is not touched. Doing it again changes nothing.
import { ok, type Result } from '@postern/shared';
import type { Selectable, Updateable } from 'kysely';
import type { Queries } from '../../store/database.ts';
import type { Schema } from '../../store/schema.ts';
import { lockTicketRows, readKnownTickets } from '../../store/ticket-bulk.ts';
import type { Failure } from '../problems.ts';
import { changeTicket } from '../ticket-changes.ts';
import { hashCode } from '../ticket-issue.ts';
import type { TicketRow } from '../ticket-views.ts';
import { isUsableSecret, toTicketState, withSecret, type SecretState } from './mapping.ts';
import type { PretixOrder } from './messages.ts';
import {
  addApplied,
  columnsBetween,
  hashHolder,
  newsOf,
  nothingApplied,
  readSecretStates,
  readStoredState,
  sealSecret,
  statusBetween,
  toHolder,
  withAccount,
  type Applied,
  type ApplyDeps,
  type Candidate,
  type PositionRow,
  type StoredState,
  type TicketNews,
} from './state.ts';
import { takeIn } from './take-in.ts';

type Looked = Pick<Candidate, 'order' | 'position'>;
type ProblemRow = Selectable<Schema['pretix_problem']>;

const positionsAtOnceMax = 500;

/** A failure is to roll all of it back. */
export async function applyOrders(
  queries: Queries,
  deps: ApplyDeps,
  orders: readonly PretixOrder[],
): Promise<Result<Applied, Failure>> {
  // Of two with the same id the later one is newer.
  const byId = new Map(
    orders.flatMap((order) => order.positions.map((position) => [position.id, { order, position }])),
  );
  const all = [...byId.values()];
  let applied = nothingApplied;
  for (let start = 0; start < all.length; start += positionsAtOnceMax) {
    const some = await applyPositions(queries, deps, all.slice(start, start + positionsAtOnceMax));
    if (!some.ok) return some;
    applied = addApplied(applied, some.value);
  }
  return ok(applied);
}

async function applyPositions(
  queries: Queries,
  deps: ApplyDeps,
  some: readonly Looked[],
): Promise<Result<Applied, Failure>> {
  const event = deps.event.id;
  const problems: ProblemRow[] = [];
  const noteProblem = ({ order, position }: Looked, problem: string): void => {
    problems.push({ event, order_code: order.code, position: position.id, problem });
  };
  const candidates = some.map((looked) => toCandidate(deps, looked));
  for (const candidate of candidates) if (candidate.problem !== undefined) noteProblem(candidate, candidate.problem);
  const rows = await readPositions(
    queries,
    event,
    candidates.map(({ position }) => position.id),
  );
  const hashes = [...new Set([...candidates, ...rows.values()].map(({ hash }) => hash))];
  const secrets = await readSecretStates(queries, event, hashes);
  const codes = await readCodes(queries, event, hashes);
  const fresh = candidates.filter(({ position, state }) => !rows.has(position.id) && state !== undefined);
  const plans = candidates.flatMap((candidate) => {
    const row = rows.get(candidate.position.id);
    if (row === undefined || candidate.problem === 'item-unknown') return [];
    let followed = candidate;
    if (candidate.state !== undefined && candidate.hash !== row.hash) {
      if (codes.has(candidate.hash)) {
        // Nobody knows whose it is now, and its old one is dead.
        noteProblem(candidate, 'secret-of-another');
        followed = { ...candidate, state: undefined };
      } else codes.set(candidate.hash, row.ticket);
    }
    return planFollowing(row, followed, secrets) ?? [];
  });
  await lockTickets(
    queries,
    event,
    plans.map(({ row }) => row.ticket),
  );
  const news = new Map<TicketNews, string[]>();
  for (const plan of plans) {
    const followed = await follow(queries, deps, plan);
    if (!followed.ok) return followed;
    news.set(plan.news, [...(news.get(plan.news) ?? []), plan.row.ticket]);
  }
  for (const [kind, tickets] of news) await deps.tell(queries, event, kind, tickets);
  const created = await takeIn(queries, deps, fresh, { codes, secrets, noteProblem });
  if (!created.ok) return created;
  await storeProblems(queries, event, some, problems);
  return ok(addApplied(created.value, { created: 0, changed: plans.length, unchanged: rows.size - plans.length }));
}

function toCandidate(deps: ApplyDeps, { order, position }: Looked): Candidate {
  const mapped = toTicketState(order, position, deps.rules);
  const holder = toHolder(order, position, deps.names);
  const state = mapped.ok ? mapped.value : undefined;
  return {
    order,
    position,
    hash: isUsableSecret(position.secret) ? hashCode(deps.event, position.secret) : '',
    holder,
    state: state === undefined ? undefined : { ...state, holder: hashHolder(deps.key, holder) },
    ...(mapped.ok ? {} : { problem: mapped.error.type }),
  };
}

/** What the server has changed since the last time. */
interface Following {
  readonly row: PositionRow;
  readonly candidate: Candidate;
  readonly after: StoredState;
  readonly columns: Updateable<TicketRow>;
  readonly isReissued: boolean;
  readonly isHolderNew: boolean;
  readonly news: TicketNews;
}

/** Undefined where nothing has. What opens no gate any more is cancelled. */
function planFollowing(
  row: PositionRow,
  candidate: Candidate,
  secrets: ReadonlyMap<string, SecretState>,
): Following | undefined {
  const { state, hash, order } = candidate;
  const before = readStoredState(row.state);
  const after: StoredState = state ?? { ...before, status: 'revoked' };
  const isReissued = state !== undefined && hash !== row.hash;
  const isSame = JSON.stringify(before) === JSON.stringify(after) && !isReissued && row.order_code === order.code;
  if (isSame) return undefined;
  const was = withSecret(before.status, secrets.get(row.hash));
  const is = withSecret(after.status, secrets.get(isReissued ? hash : row.hash));
  return {
    row,
    candidate,
    after,
    columns: { ...columnsBetween(before, after), ...statusBetween(was, is) },
    isReissued,
    isHolderNew: before.holder !== after.holder,
    news: isReissued ? 'ticket.reissued' : newsOf(was, is),
  };
}

async function follow(
  queries: Queries,
  deps: ApplyDeps,
  { row, candidate: { order, position, hash, holder }, after, columns, isReissued, isHolderNew }: Following,
): Promise<Result<void, Failure>> {
  if (Object.keys(columns).length > 0 || isReissued || isHolderNew) {
    const changed = await changeTicket(queries, deps.clock, {
      ticketId: row.ticket,
      issuerKeyId: deps.issuerKeyId,
      plan: (ticket) =>
        ok({
          columns: { ...columns, ...(isReissued ? { epoch: ticket.epoch + 1 } : {}) },
          ...(isHolderNew ? { holder: withAccount(holder, ticket) } : {}),
          ...(isReissued ? { code: position.secret } : {}),
        }),
    });
    // A ticket that was cleared away here stays away.
    if (!changed.ok && changed.error.type !== 'ticket-unknown') return changed;
  }
  await queries
    .updateTable('pretix_position')
    .set({
      order_code: order.code,
      state: JSON.stringify(after),
      ...(isReissued ? { hash, sealed_secret: sealSecret(deps, position) } : {}),
    })
    .where('event', '=', row.event)
    .where('position', '=', row.position)
    .execute();
  return ok(undefined);
}

/** In one order, before any of them is changed: whoever else changes several waits, and not each for the other. */
async function lockTickets(queries: Queries, event: number, ids: readonly string[]): Promise<void> {
  if (ids.length < 2) return;
  const { byId } = await readKnownTickets(queries, event, { codes: [], ids });
  await lockTicketRows(
    queries,
    event,
    [...byId.values()].map(({ row }) => row),
  );
}

async function readPositions(
  queries: Queries,
  event: number,
  positions: readonly number[],
): Promise<ReadonlyMap<number, PositionRow>> {
  const rows = await queries
    .selectFrom('pretix_position')
    .selectAll()
    .where('event', '=', event)
    .where('position', 'in', positions)
    .execute();
  return new Map(rows.map((row) => [row.position, row]));
}

/** Whose these codes are, or were. */
async function readCodes(queries: Queries, event: number, hashes: readonly string[]): Promise<Map<string, string>> {
  const rows = await queries
    .selectFrom('ticket_code')
    .select(['hash', 'ticket'])
    .where('event', '=', event)
    .where('hash', 'in', hashes)
    .execute();
  return new Map(rows.map(({ hash, ticket }) => [hash, ticket]));
}

/** What was wrong with these positions and is not any more goes. */
async function storeProblems(
  queries: Queries,
  event: number,
  looked: readonly Looked[],
  problems: readonly ProblemRow[],
): Promise<void> {
  await queries
    .deleteFrom('pretix_problem')
    .where('event', '=', event)
    .where('order_code', 'in', [...new Set(looked.map(({ order }) => order.code))])
    .where('position', 'in', [0, ...looked.map(({ position }) => position.id)])
    .execute();
  if (problems.length > 0) await queries.insertInto('pretix_problem').values(problems).execute();
}

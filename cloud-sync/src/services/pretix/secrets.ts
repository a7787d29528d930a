// Secrets that a pretix server lists as revoked or blocked, which is how it tells of them beside their orders: remembered by their hash, so that
// an order that brings one later finds it, and applied at once to the ticket that has one now. A revoked one that no ticket has becomes a
// cancelled ticket: a gate that goes by pretix's signature would let it in otherwise.
import { ok, type Result, type TicketRequest } from '@postern/shared';
import type { Queries } from '../../store/database.ts';
import { newsOf, readSecretStates, readStoredState, statusBetween, type ApplyDeps } from './state.ts';
import { isUsableSecret, withSecret, type SecretState } from './mapping.ts';
import type { Failure } from '../problems.ts';
import { changeTicket } from '../ticket-changes.ts';
import { hashCode, issueTickets } from '../ticket-issue.ts';

export interface ListedSecret {
  /** Of the entry: a secret may have several. */
  readonly id: number;
  readonly secret: string;
  readonly state: Partial<SecretState>;
}

type SecretsDeps = Pick<ApplyDeps, 'clock' | 'random' | 'issuerKeyId' | 'event' | 'tell'>;

/** In a transaction that a failure rolls back; answers how many tickets it changed. At most a page of secrets. */
export async function applySecrets(
  queries: Queries,
  deps: SecretsDeps,
  listed: readonly ListedSecret[],
): Promise<Result<number, Failure>> {
  const { clock, issuerKeyId, event, tell } = deps;
  const states = new Map(
    listed.flatMap(({ secret, state }) => (isUsableSecret(secret) ? [[hashCode(event, secret), state]] : [])),
  );
  const hashes = [...states.keys()];
  if (hashes.length === 0) return ok(0);
  const known = await readSecretStates(queries, event.id, hashes);
  const positions = await queries
    .selectFrom('pretix_position')
    .select(['hash', 'ticket', 'state'])
    .where('event', '=', event.id)
    .where('hash', 'in', hashes)
    .execute();
  for (const [hash, state] of states) {
    const { revoked, blocked } = { ...nothing, ...known.get(hash), ...state };
    const columns = { revoked: revoked ? 1 : 0, blocked: blocked ? 1 : 0 };
    await queries
      .insertInto('pretix_secret')
      .values({ event: event.id, hash, ...columns })
      .onConflict((conflict) => conflict.columns(['event', 'hash']).doUpdateSet(columns))
      .execute();
  }
  const buried = await buryUnknown(queries, deps, listed);
  if (!buried.ok) return buried;
  let changed = buried.value;
  for (const { hash, ticket, state } of positions) {
    const { status } = readStoredState(state);
    const before = withSecret(status, known.get(hash));
    const after = withSecret(status, { ...nothing, ...known.get(hash), ...states.get(hash) });
    if (before === after) continue;
    const columns = statusBetween(before, after);
    const applied = await changeTicket(queries, clock, { ticketId: ticket, issuerKeyId, plan: () => ok({ columns }) });
    if (!applied.ok && applied.error.type !== 'ticket-unknown') return applied;
    if (!applied.ok) continue;
    changed += 1;
    await tell(queries, event.id, newsOf(before, after), [ticket]);
  }
  return ok(changed);
}

/** Answers how many there were. */
async function buryUnknown(
  queries: Queries,
  deps: SecretsDeps,
  listed: readonly ListedSecret[],
): Promise<Result<number, Failure>> {
  const { event } = deps;
  const [type] = event.policy.types;
  const secrets = new Map(
    listed.flatMap(({ secret, state }) =>
      state.revoked === true && isUsableSecret(secret) ? [[hashCode(event, secret), secret]] : [],
    ),
  );
  if (secrets.size === 0 || type === undefined) return ok(0);
  const known = await queries
    .selectFrom('ticket_code')
    .select('hash')
    .where('event', '=', event.id)
    .where('hash', 'in', [...secrets.keys()])
    .execute();
  for (const { hash } of known) secrets.delete(hash);
  const requests = [...secrets.values()].map((code): TicketRequest => ({
    type: type.id,
    code,
    status: 'revoked',
    party: 1,
  }));
  if (requests.length === 0) return ok(0);
  const issued = await issueTickets(queries, deps, event.id, requests);
  return issued.ok ? ok(requests.length) : issued;
}

const nothing: SecretState = { revoked: false, blocked: false };

// Many tickets of an event, one after the other: all that fit a choice, page by page, and then each with its code. Can be stopped, and says how
// far it is; nothing is asked for faster than the cloud's limits allow to one account.
import { err, ok, type Problem, type Result, type TicketList, type TicketResponse } from '@postern/shared';
import { ask } from '../cloud.ts';

export interface Choice {
  readonly event: number;
  /** Empty: all types. */
  readonly type: string;
}
export type ListedTicket = TicketList['tickets'][number];

interface CollectOptions {
  readonly signal: AbortSignal;
  readonly report: (done: number) => void;
}

const pageSize = '200';
const askedAtOnce = 6;

/** Valid tickets that nobody has entered with, in the order of their issue, `max` at most. */
export async function listTickets(
  { event, type }: Choice,
  max: number,
  { signal, report }: CollectOptions,
): Promise<Result<readonly ListedTicket[], Problem>> {
  const parameters = new URLSearchParams({ event: String(event), status: 'valid', limit: pageSize });
  if (type !== '') parameters.set('type', type);
  const listed: ListedTicket[] = [];
  while (listed.length < max && !signal.aborted) {
    const page = await ask<TicketList>('GET', `/api/tickets?${parameters}`);
    if (!page.ok) return page;
    listed.push(...page.value.tickets);
    report(Math.min(listed.length, max));
    if (page.value.next === undefined) break;
    parameters.set('cursor', page.value.next);
  }
  return ok(listed.slice(0, max));
}

/** Each with its code, in the order of `ids`. */
export async function readTickets(
  ids: readonly string[],
  { signal, report }: CollectOptions,
): Promise<Result<readonly TicketResponse[], Problem>> {
  const read = new Map<string, TicketResponse>();
  let problem: Problem | undefined;
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < ids.length && problem === undefined && !signal.aborted) {
      const id = ids[next] ?? '';
      next += 1;
      const answer = await ask<TicketResponse>('GET', `/api/tickets/${id}`);
      if (!answer.ok) problem = answer.error;
      else {
        read.set(id, answer.value);
        report(read.size);
      }
    }
  };
  await Promise.all(Array.from({ length: askedAtOnce }, work));
  return problem === undefined ? ok(ids.flatMap((id) => read.get(id) ?? [])) : err(problem);
}

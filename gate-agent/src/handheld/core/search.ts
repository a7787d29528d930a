// Finding a ticket in the list of a phone: by its id, by our own code or the short one printed under it, or by a code that others
// printed. There are no
// names in the list; whoever looks for one asks the cloud.
import { compareHybrid, decodePass, ticketIdPattern, type Ticket } from '@postern/shared';
import type { BrowserGate } from './gate.ts';
import { searchResultsMax, type FoundTicket } from './handheld.ts';

type Asked = Pick<BrowserGate, 'list' | 'feed' | 'store'>;

export async function searchTickets(gate: Asked, text: string): Promise<readonly FoundTicket[]> {
  const wanted = text.trim();
  const tickets = gate.list.current()?.tickets;
  if (wanted === '' || tickets === undefined) return [];
  const id = wanted.toLowerCase().replaceAll('-', '');
  const pass = decodePass(wanted, gate.feed.lookups.issuerKey);
  const byCode = [
    ...(pass.ok ? [pass.value.ticketId] : []),
    ...[tickets.ticketByShortCode(wanted), tickets.ticketByCode(wanted)].flatMap((found) => found?.id ?? []),
  ];
  const ids = new Set([...(ticketIdPattern.test(id) ? [id] : []), ...byCode]);
  const found = await Promise.all([...ids].slice(0, searchResultsMax).map((one) => storyOf(gate, one)));
  return found.filter((one) => one !== undefined);
}

export async function storyOf(gate: Asked, ticketId: string): Promise<FoundTicket | undefined> {
  const ticket: Ticket | undefined = gate.feed.ticket(ticketId);
  if (ticket === undefined) return undefined;
  const marks = await gate.store.marksOf(ticketId);
  return {
    ticket,
    typeName: gate.feed.policy().types.find(({ id }) => id === ticket.type)?.name ?? String(ticket.type),
    marks: marks.filter((mark) => 'ticketId' in mark).toSorted((a, b) => compareHybrid(a.at, b.at)),
  };
}

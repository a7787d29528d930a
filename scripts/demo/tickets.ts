// The demo's tickets: issued by the cloud's API, with the few that have a part of their own in the story, and what a visitor
// holds up for each.
import { base45Decode, base45Encode, type TicketRequest, type TicketResponse } from '@postern/shared';
import { foreignTicket, ticketCount, under18Ticket, type Visit } from './story.ts';

/** A code as another ticket shop prints it. */
const foreignCode = (random: string): string => `shop-${random.toLowerCase()}`;

export function ticketRequests(random: string): readonly TicketRequest[] {
  return Array.from({ length: ticketCount }, (_, index): TicketRequest => {
    const base = { type: 1, status: 'valid', party: 1 } as const;
    if (index + 1 === under18Ticket) return { ...base, hold: 'under-18' };
    if (index + 1 === foreignTicket) return { ...base, code: foreignCode(random) };
    return base;
  });
}

/** What is in the hand of a visitor with the n-th ticket. */
export function createTextOf(
  tickets: readonly TicketResponse[],
  random: string,
): (visit: Pick<Visit, 'ticket' | 'showing'>) => string {
  return ({ ticket, showing }) => {
    const text = ticket === foreignTicket ? foreignCode(random) : tickets[ticket - 1]?.text;
    if (text === undefined) throw new Error(`ticket ${ticket} was not issued`);
    return showing === 'forged' ? flipOneBit(text) : text;
  };
}

const prefix = 'PN1:';

/** The same pass with one bit of its signature changed. */
export function flipOneBit(text: string): string {
  const bytes = base45Decode(text.slice(prefix.length));
  if (!bytes.ok) throw new Error(`not a pass: ${text.slice(0, 20)}`);
  const last = bytes.value.length - 1;
  const flipped = bytes.value.with(last, (bytes.value[last] ?? 0) ^ 1);
  return prefix + base45Encode(flipped);
}

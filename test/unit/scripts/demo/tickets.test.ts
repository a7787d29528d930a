// Goal: what visitors hold up is what the cloud issued, and a forgery differs from it in one bit.
import { base45Decode, base45Encode, type TicketResponse } from '@postern/shared';
import { expect, test } from 'vitest';
import { foreignTicket, ticketCount, under18Ticket } from '../../../../scripts/demo/story.ts';
import { createTextOf, flipOneBit, ticketRequests } from '../../../../scripts/demo/tickets.ts';

const pass = `PN1:${base45Encode(Uint8Array.from({ length: 121 }, (_, index) => index * 7))}`;

test('a forged pass differs from the real one in exactly one bit', () => {
  const bytes = (text: string): Uint8Array => {
    const decoded = base45Decode(text.slice('PN1:'.length));
    if (!decoded.ok) throw new Error('not Base45');
    return decoded.value;
  };
  const [real, forged] = [bytes(pass), bytes(flipOneBit(pass))];
  const bits = real.reduce(
    (sum, byte, index) => sum + (byte ^ (forged[index] ?? 0)).toString(2).replaceAll('0', '').length,
    0,
  );
  expect(bits).toBe(1);
});

test('one ticket is for somebody under 18, one was printed by somebody else, all others are ordinary', () => {
  const requests = ticketRequests('ABCDEF');
  expect(requests).toHaveLength(ticketCount);
  expect(requests.filter(({ hold }) => hold !== undefined)).toEqual([requests[under18Ticket - 1]]);
  expect(requests[foreignTicket - 1]?.code).toBe('shop-abcdef');
});

test('a copy is the same text, a foreign ticket is its own code, and a ticket nobody issued is a bug', () => {
  const tickets = Array.from({ length: 410 }, () => ({ text: pass }) as TicketResponse);
  const textOf = createTextOf(tickets, 'ABCDEF');
  expect(textOf({ ticket: 401, showing: 'copy' })).toBe(textOf({ ticket: 401, showing: 'own' }));
  expect(textOf({ ticket: foreignTicket, showing: 'own' })).toBe('shop-abcdef');
  expect(() => textOf({ ticket: 411, showing: 'own' })).toThrow('not issued');
});

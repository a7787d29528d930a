// Blocks a ticket now: a `denied` mark, which wins over the ticket list at every gate that it reaches. Re-issuing the ticket ends it,
// since a new epoch is not denied.
import { err, markKey, ok, type DenyResponse, type Result } from '@postern/shared';
import type { TicketReader } from '../store/ticket-reads.ts';
import type { Actor } from './actor.ts';
import type { EntryOf } from './audit.ts';
import type { Keys } from './keys.ts';
import { operatorOf } from './operators.ts';
import type { Failure } from './problems.ts';
import { workingStore, type StoreOf } from './working-store.ts';

export interface Denials {
  /** `ticket-unknown`, or `store-unavailable`: then nothing is blocked. */
  readonly deny: (ticketId: string, by: Actor, entry?: EntryOf) => Promise<Result<DenyResponse, Failure>>;
}

export interface DenialsDeps {
  readonly readTicket: TicketReader;
  readonly keys: Pick<Keys, 'serverHash'>;
  readonly storeOf: StoreOf;
}

export const createDenials = ({ readTicket, keys, storeOf }: DenialsDeps): Denials => ({
  deny: async (ticketId, by, entry) => {
    const found = await readTicket(ticketId);
    if (found === undefined) return err({ type: 'ticket-unknown' });
    const { event } = found;
    const store = await workingStore(storeOf, event, (_decision, mark) =>
      mark === undefined ? undefined : { audit: entry?.({ event, ticket: ticketId, mark: markKey(mark) }) },
    );
    // The epoch is read in the transaction: what is re-issued at this moment is either blocked as a whole or not at all.
    const denied = await store?.admit(ticketId, ({ ticket, history }) => ({
      decision: undefined,
      mark: {
        kind: 'denied',
        event,
        lane: '',
        operator: operatorOf(keys, by, event),
        ticketId,
        epoch: Math.max(ticket?.epoch ?? found.epoch, history.epochSeen),
        method: '',
      },
    }));
    const mark = denied?.ok === true ? denied.value.mark : undefined;
    if (mark?.kind !== 'denied') return err({ type: 'store-unavailable' });
    const { gate, boot, sequence, epoch, at } = mark;
    return ok({ ticket: ticketId, epoch, mark: { gate, boot, sequence }, atMs: at.ms });
  },
});

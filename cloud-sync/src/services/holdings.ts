// How a ticket stands, as the phone that has it is told: where and when it opens which doors, what has come of it, and the pass that the phone
// signs time steps with. It is signed again at every asking, so that a phone that comes by has a key that gates believe.
import {
  dynamicMethod,
  err,
  ok,
  stepS,
  type AdmissionPolicy,
  type Clock,
  type Holding,
  type HoldingState,
  type Result,
  type Ticket,
  type TicketType,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import type { Credentials } from './credentials.ts';
import type { Devices } from './devices.ts';
import type { EventRecord } from './events.ts';
import type { PhoneRow } from './holders.ts';
import { findToken, isToken } from './nft/feed-tokens.ts';
import type { Failure } from './problems.ts';
import { foldTickets } from './stories.ts';
import { whyNotMethod } from './ticket-methods.ts';
import type { FindTicket } from './ticket-of-event.ts';
import type { Tickets } from './tickets.ts';
import type { WalletPasses } from './wallet-passes/wallet-passes.ts';

const noWallets: Holding['wallets'] = { apple: false, google: false };
/** Entrances of all zones that are named. */
const gatesMax = 200;

export interface Holdings {
  /** `ticket-unknown` where nothing is left of it. */
  readonly read: (holder: PhoneRow) => Promise<Result<Holding, Failure>>;
}

export interface HoldingsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly tickets: Pick<Tickets, 'find'>;
  readonly credentials: Pick<Credentials, 'generate'>;
  readonly devices: Pick<Devices, 'nameOf'>;
  readonly findTicket: FindTicket;
  readonly walletsOf: WalletPasses['walletsOf'];
}

export function createHoldings(deps: HoldingsDeps): Holdings {
  const { database, clock, tickets, credentials, devices, findTicket, walletsOf } = deps;

  const readZones = async (policy: AdmissionPolicy, type: TicketType | undefined): Promise<Holding['zones']> => {
    const gates = await database
      .selectFrom('gate')
      .select(['name', 'zone'])
      .where('event', '=', policy.event)
      .where('revoked_at_ms', 'is', null)
      .orderBy('name')
      .limit(gatesMax)
      .execute();
    const opens = type?.zones ?? [];
    return policy.zones
      .filter(({ id }) => opens.length === 0 || opens.includes(id))
      .map(({ id, name }) => ({ name, gates: gates.filter(({ zone }) => zone === id).map((gate) => gate.name) }));
  };

  const readOffer = async ({ event, ticket, epoch }: PhoneRow): Promise<Holding['offered']> => {
    const offer = await database
      .selectFrom('claim_link')
      .select('expires_at_ms')
      .where('event', '=', event)
      .where('ticket', '=', ticket)
      .where('epoch', '=', epoch)
      .where('kind', '=', 'transfer')
      .where('claims_left', '>', 0)
      .where('expires_at_ms', '>', clock.wallMs())
      .limit(1)
      .executeTakeFirst();
    return offer === undefined ? undefined : { expiresAtMs: offer.expires_at_ms };
  };

  /** Also before the ticket has followed its token. */
  const isSold = async ({ token, epoch }: PhoneRow, event: EventRecord): Promise<boolean> => {
    const found = token === undefined ? undefined : await findToken(database, event, BigInt(token));
    return found !== undefined && (found.row.epoch > epoch || found.row.handed_on === 1);
  };

  return {
    read: async (holder) => {
      const found = await findTicket(holder.ticket);
      if (!found.ok) return found;
      const { ticket, event } = found.value;
      if (event.id !== holder.event) return err({ type: 'ticket-unknown' });
      const view = await tickets.find(ticket.id);
      if (!view.ok) return view;
      const { policy } = event;
      const type = policy.types.find(({ id }) => id === ticket.type);
      const history = (await foldTickets(database, policy, [ticket.id])).get(ticket.id);
      const isDenied = history?.deniedEpoch !== undefined && ticket.epoch <= history.deniedEpoch;
      const isOff = whyNotMethod(dynamicMethod, ticket, event) !== undefined;
      const state = (await isSold(holder, event)) ? 'sold' : stateOf(holder, ticket, { isDenied, isOff });
      const made =
        state === 'valid'
          ? await credentials.generate(event, ticket, dynamicMethod.id, { holderKey: holder.public_key }, undefined)
          : undefined;
      if (made?.ok === false) return made;
      const isHere = ticket.epoch === holder.epoch;
      const offered = isHere ? await readOffer(holder) : undefined;
      const { used } = view.value;
      const [fromS, untilS] = [ticket.validFromS ?? type?.validFromS, ticket.validUntilS ?? type?.validUntilS];
      const usesMax = (type?.uses ?? 1) * ticket.party;
      return ok({
        holder: holder.id,
        ticket: ticket.id,
        state,
        nowMs: clock.wallMs(),
        event: { id: event.id, name: policy.name, timeZone: policy.timeZone },
        type: type?.name ?? '',
        party: ticket.party,
        ...(fromS === undefined ? {} : { validFromMs: fromS * 1_000 }),
        ...(untilS === undefined ? {} : { validUntilMs: untilS * 1_000 }),
        zones: await readZones(policy, type),
        // What its next holder does with it is not for this phone.
        ...(used === undefined || !isHere
          ? {}
          : { used: { atMs: used.atMs, gate: await devices.nameOf(event.id, used.gate) } }),
        ...(type?.uses === 0 || !isHere ? {} : { usesLeft: Math.max(0, usesMax - view.value.usesSpent) }),
        reentry: type?.reentry ?? false,
        transferable: holder.transferable === 1 && !(await isToken(database, event, ticket)),
        ...(offered === undefined ? {} : { offered }),
        ...(made === undefined ? {} : { holderPass: String(made.value.payload['holderPass']) }),
        stepS,
        wallets: state === 'valid' ? walletsOf(view.value, event) : noWallets,
      });
    },
  };
}

function stateOf(
  holder: PhoneRow,
  { epoch, status }: Ticket,
  { isDenied, isOff }: { readonly isDenied: boolean; readonly isOff: boolean },
): HoldingState {
  if (epoch !== holder.epoch)
    return holder.ended_as === 'moved' || holder.ended_as === 'given' ? holder.ended_as : 'replaced';
  if (status !== 'valid') return status;
  if (isDenied) return 'blocked';
  return isOff ? 'method-off' : 'valid';
}

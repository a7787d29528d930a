// What a wallet shows of a ticket, whichever wallet: made from the ticket, its event, and the code that stands on paper too.
import { toPosition, type AdmissionPolicy, type GeofenceShape, type Position } from '@postern/shared';
import type { TicketView } from '../ticket-views.ts';

/** As many as both wallets take. */
const locationsMax = 10;

export interface WalletPass {
  readonly ticketId: string;
  readonly event: number;
  readonly epoch: number;
  readonly eventName: string;
  readonly typeName: string;
  readonly timeZone: string;
  readonly holderName?: string;
  readonly party: number;
  /** The window in which it admits. */
  readonly fromS?: number;
  readonly untilS?: number;
  /** Where the venue is, as far as its zones for positions say. */
  readonly locations: readonly Position[];
  /** `void`: cancelled or blocked. `used`: nothing is left of it. */
  readonly state: 'active' | 'used' | 'void';
  /** The static pass, `PN1:…`: what the QR code says. */
  readonly text: string;
  readonly shortCode: string;
}

export function toWalletPass(
  ticket: TicketView,
  policy: AdmissionPolicy,
  { text, shortCode }: Pick<WalletPass, 'text' | 'shortCode'>,
): WalletPass {
  const type = policy.types.find(({ id }) => id === ticket.type);
  const [fromS, untilS] = [ticket.validFromS ?? type?.validFromS, ticket.validUntilS ?? type?.validUntilS];
  const isSpent = type !== undefined && type.uses > 0 && !type.reentry && ticket.usesSpent >= type.uses * ticket.party;
  return {
    ticketId: ticket.id,
    event: ticket.event,
    epoch: ticket.epoch,
    eventName: policy.name,
    typeName: type?.name ?? '',
    timeZone: policy.timeZone,
    party: ticket.party,
    locations: (policy.geofence?.zones ?? []).slice(0, locationsMax).map(({ shape }) => middleOf(shape)),
    state: ticket.status === 'valid' ? (isSpent ? 'used' : 'active') : 'void',
    text,
    shortCode,
    ...(ticket.holder?.name === undefined ? {} : { holderName: ticket.holder.name }),
    ...(fromS === undefined ? {} : { fromS }),
    ...(untilS === undefined ? {} : { untilS }),
  };
}

/** Of a polygon the middle of its corners: near enough to say that somebody is there. */
function middleOf(shape: GeofenceShape): Position {
  if (shape.type === 'Circle') return toPosition(shape.center);
  const corners = (shape.coordinates[0] ?? []).slice(1);
  const mean = (axis: 0 | 1): number => corners.reduce((sum, corner) => sum + corner[axis], 0) / corners.length;
  return toPosition([mean(0), mean(1)]);
}

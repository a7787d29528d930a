// The passes that visitors show: tickets are sold before the doors open; once the issuer's key has changed, some have got a new pass.
import { encodePass, type KeyPair, type Ticket } from '@postern/shared';
import type { World } from './world.ts';

export interface Passes {
  /** `epoch`: of a pass that was issued anew in the place of the ticket's first one. */
  readonly of: (ticket: Ticket, epoch?: number) => string;
}

/** In percent, by the newest key. */
const newestKeyPercent = 50;

export function createPasses({ event, feed, random }: Pick<World, 'event' | 'feed' | 'random'>): Passes {
  const firstIssuer = feed.issuer();
  return {
    of: (ticket, epoch = ticket.epoch) =>
      issue(event, ticket, epoch, random.chance(newestKeyPercent) ? feed.issuer() : firstIssuer),
  };
}

const issued = new WeakMap<KeyPair, Map<string, string>>();

function issue(event: number, { id, type }: Ticket, epoch: number, key: KeyPair): string {
  const ofKey = issued.get(key) ?? new Map<string, string>();
  issued.set(key, ofKey);
  const pass = ofKey.get(`${id} ${epoch}`) ?? encodePass({ ticketId: id, event, type, epoch }, key);
  ofKey.set(`${id} ${epoch}`, pass);
  return pass;
}

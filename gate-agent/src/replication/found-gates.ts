// What announcements on the LAN have said, bounded whoever says it. An announcement is a hint where to knock, never who answers:
// that is decided by the certificate behind the door.
import { gateIdPattern, type Clock } from '@postern/shared';
import { isIPv4 } from 'node:net';

export interface FoundGate {
  readonly gate: string;
  /** `HOST:PORT`. */
  readonly address: string;
}

/** As it came over the network. */
export interface Announcement {
  readonly event: unknown;
  readonly gate: unknown;
  readonly port: unknown;
  /** What it gives as its addresses. */
  readonly addresses: readonly unknown[];
  /** Where the packet came from. */
  readonly sender: unknown;
}

export interface FoundGates {
  /** True when it says something new. */
  readonly hear: (announcement: Announcement) => boolean;
  /** It says goodbye; true when it was known. */
  readonly forget: (announcement: Announcement) => boolean;
  readonly all: () => readonly FoundGate[];
  /** Gates that claim this event and are not in its list. */
  readonly strangers: () => number;
}

export interface FoundGatesDeps {
  readonly event: number;
  /** This gate: it hears itself too. */
  readonly gate: string;
  /** Whether the event has such a gate; everybody passes before the first list. */
  readonly isListed: (gate: string) => boolean;
  readonly clock: Clock;
}

export const foundGatesMax = 256;
/** A gate that moves to another address, or somebody who uses its name. */
export const addressesPerGateMax = 3;
/** Nobody has asked in vain for so long. */
export const forgetAfterMs = 15 * 60_000;

export function createFoundGates({ event, gate: self, isListed, clock }: FoundGatesDeps): FoundGates {
  /** When each address was last heard of, the latest last. */
  const heardByGate = new Map<string, Map<string, number>>();
  const strangers = new Set<string>();

  const gateOf = (announcement: Announcement): string | undefined => {
    const { gate } = announcement;
    const isOurs = announcement.event === String(event) && typeof gate === 'string' && gateIdPattern.test(gate);
    return isOurs && gate !== self ? gate : undefined;
  };

  const forgetOld = (): void => {
    const sinceMs = clock.monotonicMs() - forgetAfterMs;
    for (const [gate, heard] of heardByGate) {
      for (const [address, heardMs] of heard) if (heardMs < sinceMs) heard.delete(address);
      if (heard.size === 0) heardByGate.delete(gate);
    }
  };

  return {
    hear: (announcement) => {
      const gate = gateOf(announcement);
      if (gate === undefined) return false;
      if (!isListed(gate)) {
        if (strangers.size < foundGatesMax) strangers.add(gate);
        return false;
      }
      strangers.delete(gate);
      forgetOld();
      const heard = heardByGate.get(gate) ?? new Map<string, number>();
      if (heard.size === 0 && heardByGate.size >= foundGatesMax) return false;
      let isNew = false;
      for (const address of addressesOf(announcement)) {
        isNew ||= !heard.delete(address);
        heard.set(address, clock.monotonicMs());
      }
      for (const address of heard.keys()) {
        if (heard.size <= addressesPerGateMax) break;
        heard.delete(address);
      }
      if (heard.size > 0) heardByGate.set(gate, heard);
      return isNew;
    },
    forget: (announcement) => {
      const gate = gateOf(announcement);
      return gate !== undefined && (heardByGate.delete(gate) || strangers.delete(gate));
    },
    all: () => {
      forgetOld();
      return [...heardByGate].flatMap(([gate, heard]) => [...heard.keys()].map((address) => ({ gate, address })));
    },
    strangers: () => strangers.size,
  };
}

/** Where to knock: at the sender, who is in reach; where somebody has only passed the announcement on, at what it says. */
function addressesOf({ port, addresses, sender }: Announcement): readonly string[] {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) return [];
  const said = addresses
    .slice(0, 16)
    .filter((address): address is string => typeof address === 'string' && isIPv4(address));
  const isSender = typeof sender === 'string' && isIPv4(sender) && (said.length === 0 || said.includes(sender));
  return (isSender ? [sender] : said.slice(0, 2)).map((host) => `${host}:${port}`);
}

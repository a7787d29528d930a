// What announcements on the LAN have said, bounded whoever says it. An announcement is a hint where to knock, never who answers:
// that is decided by the certificate behind the door.
import { gateIdPattern, type Clock } from '@postern/shared';
import { isIP, SocketAddress } from 'node:net';

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
/** A gate with two network cards and both kinds of addresses, one that moves, or somebody who uses its name. */
export const addressesPerGateMax = 4;
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
  const said = addresses.slice(0, 16).flatMap((address) => canonicalAddress(address) ?? []);
  const from = typeof sender === 'string' ? canonicalAddress(sender.replace(/%.*$/, '')) : undefined;
  if (typeof sender === 'string' && from !== undefined && (said.length === 0 || said.includes(from)))
    return [toHostAndPort(sender, port)];
  // On another link than its own a link-local address leads nowhere, or to somebody else.
  const elsewhere = said.filter((address) => !linkLocal.test(address));
  return elsewhere.slice(0, 2).map((host) => toHostAndPort(host, port));
}

const linkLocal = /^fe[89ab][0-9a-f]:/;

/** In the one form in which two can be compared; which network card it is behind is ours to know, so nobody else may say it. */
export function canonicalAddress(said: unknown): string | undefined {
  if (typeof said !== 'string' || said.includes('%')) return undefined;
  const family = isIP(said);
  if (family === 0) return undefined;
  return new SocketAddress({ address: said, family: family === 6 ? 'ipv6' : 'ipv4' }).address;
}

const toHostAndPort = (host: string, port: number): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

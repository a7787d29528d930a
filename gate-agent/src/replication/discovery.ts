// Finds the other gates on the LAN by mDNS and lets them find this one: service `_postern-gate._tcp`, with the event and the gate's id
// in its text. The only file that knows the library; its browsers forget nothing and miss changes of address, so every look begins
// with a new one. IPv4 and IPv6 are spoken side by side, each from every network card that has it.
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Bonjour, type Browser, type Service } from 'bonjour-service';
import type { Clock, Logger, Timer } from '@postern/shared';
import { canonicalAddress, createFoundGates, type Announcement, type FoundGate } from './found-gates.ts';
import type { LanTrouble } from '../peers/replication-status.ts';
import { openMulticastSocket } from './multicast-socket.ts';

export interface DiscoveryDeps {
  readonly event: number;
  readonly gate: string;
  /** The address at which this gate is answered, and from which it looks; undefined where it only looks, everywhere. */
  readonly host: string | undefined;
  /** The port at which it is answered, from when it is. */
  readonly port: () => number | undefined;
  readonly isListed: (gate: string) => boolean;
  /** Whether fewer gates answer than would be good: then it asks again soon. */
  readonly isWanting: () => boolean;
  readonly onFound: (found: readonly FoundGate[]) => void;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Logger;
}

export interface Discovery {
  /** Asks at once: the list of gates has changed. */
  readonly look: () => void;
  /** Gates that claim this event and are not in its list. */
  readonly strangers: () => number;
  /** Why nothing can be found, when that is so. */
  readonly trouble: () => LanTrouble | undefined;
  readonly close: () => Promise<void>;
}

/** Where nobody is to be found. */
export const noDiscovery: Discovery = {
  look: () => undefined,
  strangers: () => 0,
  trouble: () => undefined,
  close: async () => undefined,
};

const serviceType = 'postern-gate';
const lookFirstMs = 1_000;
const lookWantingMsMax = 30_000;
/** Every question is answered by every gate: who has enough neighbours asks seldom. */
const lookContentMs = 5 * 60_000;
const tickMs = 1_000;
/** Of each family. */
const interfacesMax = 8;
/** Services that one browser keeps before it is left deaf until the next look. */
const servicesMax = 512;
const goodbyeMs = 500;
/** After a socket has failed. */
const restMs = 10_000;

/** One network interface in one family: asks and answers there. */
interface Voice {
  readonly look: () => void;
  /** Says where this gate is answered, once that is known. */
  readonly announce: () => void;
  readonly close: () => Promise<void>;
}

export function startDiscovery(deps: DiscoveryDeps): Discovery {
  const { clock, timer, log } = deps;
  const found = createFoundGates(deps);
  const voices = new Map<string, Voice>();
  const opening = new Set<string>();
  /** Where it cannot speak, and why. */
  const troubles = new Map<string, string>();
  /** A network card that takes no multicast would else have a new socket every second. */
  const restUntilMs = new Map<string, number>();
  let lookAtMs = 0;
  let intervalMs = lookFirstMs;
  let closed = false;
  let cancel = (): void => {};

  const hear = (announcement: Announcement): void => {
    if (found.hear(announcement)) deps.onFound(found.all());
  };
  const hearGoodbye = (announcement: Announcement): void => {
    if (found.forget(announcement)) deps.onFound(found.all());
  };

  const open = async (place: string): Promise<void> => {
    opening.add(place);
    try {
      const voice = await openVoice(place, deps, { hear, hearGoodbye, lost: () => lose(place) });
      troubles.delete(place);
      if (closed) return await voice.close();
      voices.set(place, voice);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      if (troubles.get(place) !== text) log.warn({ place, cause: text }, 'other gates cannot be found by mDNS here');
      troubles.set(place, text);
    } finally {
      opening.delete(place);
    }
  };
  const drop = (place: string): void => {
    void voices.get(place)?.close();
    voices.delete(place);
  };
  const lose = (place: string): void => {
    restUntilMs.set(place, clock.monotonicMs() + restMs);
    drop(place);
  };
  const mayOpen = (place: string): boolean =>
    !voices.has(place) && !opening.has(place) && (restUntilMs.get(place) ?? 0) <= clock.monotonicMs();

  const look = (): void => {
    lookAtMs = clock.monotonicMs();
    for (const voice of voices.values()) voice.look();
    deps.onFound(found.all());
  };
  const tick = (): void => {
    if (closed) return;
    const places = placesToSpeak(deps.host, networkInterfaces());
    for (const place of places) if (mayOpen(place)) void open(place);
    for (const place of voices.keys()) if (!places.includes(place)) drop(place);
    for (const known of [troubles, restUntilMs])
      for (const place of known.keys()) if (!places.includes(place)) known.delete(place);
    for (const voice of voices.values()) voice.announce();
    const waitMs = deps.isWanting() ? intervalMs : lookContentMs;
    if (clock.monotonicMs() - lookAtMs >= waitMs) {
      intervalMs = deps.isWanting() ? Math.min(lookWantingMsMax, intervalMs * 2) : lookFirstMs;
      look();
    }
    cancel = timer.after(tickMs, tick);
  };
  tick();

  return {
    look,
    strangers: found.strangers,
    trouble: () => {
      const [trouble] = troubles.values();
      return trouble === undefined ? undefined : describeTrouble(trouble);
    },
    close: async () => {
      closed = true;
      cancel();
      await Promise.all([...voices.values()].map((voice) => voice.close()));
    },
  };
}

interface VoiceListener {
  readonly hear: (announcement: Announcement) => void;
  readonly hearGoodbye: (announcement: Announcement) => void;
  /** The socket has failed. */
  readonly lost: () => void;
}

async function openVoice(
  place: string,
  { event, gate, host, port, clock, timer }: DiscoveryDeps,
  { hear, hearGoodbye, lost }: VoiceListener,
): Promise<Voice> {
  const family = familyOf(place);
  const { guarded } = await openMulticastSocket(family, clock, lost);
  const group = { type: family, ip: groups[family], interface: place };
  const bonjour = new Bonjour({ socket: guarded, bind: false, ...group } as object, lost);
  // It joins the group on that interface when it is told that the socket listens; what it said before would go elsewhere.
  await Promise.resolve();
  let browser: Browser | undefined;
  let closed = false;
  const look = (): void => {
    browser?.stop();
    browser?.removeAllListeners();
    const fresh = bonjour.find({ type: serviceType });
    browser = fresh;
    const note = (service: Service): void => {
      if (fresh.services.length > servicesMax) fresh.stop();
      hear(announcementOf(service));
    };
    fresh.on('up', note).on('txt-update', note).on('srv-update', note);
    fresh.on('down', (service) => hearGoodbye(announcementOf(service)));
  };
  const name = `postern-${event}-${gate}`;
  let announced = false;
  const announce = (): void => {
    const answeredAt = port();
    if (announced || answeredAt === undefined || !isAnswered(host, family)) return;
    announced = true;
    // Without a probe: somebody who claims the name must not silence its gate. It is only a name.
    bonjour.publish({
      name,
      host: `${name}.local`,
      type: serviceType,
      port: answeredAt,
      txt: { event, gate, ...(host === undefined || isEverywhere(host) ? {} : { at: host }) },
      probe: false,
      disableIPv6: !isAnswered(host, 'udp6'),
    });
  };
  announce();
  look();
  return {
    look,
    announce,
    close: async () => {
      if (closed) return;
      closed = true;
      browser?.stop();
      await new Promise<void>((resolve) => {
        const cancel = timer.after(goodbyeMs, resolve);
        bonjour.unpublishAll(() => {
          cancel();
          resolve();
        });
      });
      bonjour.destroy();
    },
  };
}

const describeTrouble = (cause: string): LanTrouble => ({
  what: `other gates may not find this one: ${cause}`,
  next: 'check the network, or list the gates in [lan] peers of gate.toml; it is tried again by itself',
});

const announcementOf = (service: Service): Announcement => {
  const text = service.txt as Readonly<Record<string, unknown>> | undefined;
  return {
    event: text?.['event'],
    gate: text?.['gate'],
    port: service.port,
    // The library names all addresses of the machine.
    addresses: text?.['at'] === undefined ? (service.addresses ?? []) : [text['at']],
    sender: service.referer?.address,
  };
};

type Family = 'udp4' | 'udp6';

/** RFC 6762, section 3. */
const groups: Readonly<Record<Family, string>> = { udp4: '224.0.0.251', udp6: 'ff02::fb' };

const isEverywhere = (host: string): boolean => host === '0.0.0.0' || host === '::';
const familyOf = (address: string): Family => (isIPv6(address) ? 'udp6' : 'udp4');

/** Whether who listens at `host` is answered over that family. */
const isAnswered = (host: string | undefined, family: Family): boolean =>
  host === '::' || (host !== undefined && familyOf(host) === family);

/**
 * Where to speak: an IPv4 address for each network card, `::%CARD` for each that has IPv6; of the card whose address `host` is, or of
 * all. Exported for tests.
 */
export function placesToSpeak(
  host: string | undefined,
  interfaces: ReturnType<typeof networkInterfaces>,
): readonly string[] {
  const own = canonicalAddress(host);
  const isMeant = ({ address, internal }: { readonly address: string; readonly internal: boolean }): boolean =>
    host === undefined || isEverywhere(host) ? !internal : address === own;
  const ofFamily = (family: 'IPv4' | 'IPv6', placeOf: (card: string, address: string) => string): readonly string[] =>
    Object.entries(interfaces)
      .flatMap(([card, addresses = []]) =>
        addresses
          .filter((one) => one.family === family && isMeant(one))
          // The machine itself has no IPv6 multicast.
          .filter(({ internal }) => family === 'IPv4' || !internal)
          .slice(0, 1)
          .map(({ address }) => placeOf(card, address)),
      )
      .slice(0, interfacesMax);
  return [...ofFamily('IPv4', (_card, address) => address), ...ofFamily('IPv6', (card) => `::%${card}`)];
}

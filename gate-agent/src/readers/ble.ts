// The reader for wristbands: delivers each band that is held up to it, and again while it stays, so that the lane knows it is still there. A
// band that can answer is asked to prove itself once each time that it is held up. One that does not manage to, or hangs half-way, counts as
// what it advertises, which anybody can: it is delivered without a proof, or not at all where the address says `proof=required`. Whoever waits
// for a band (the band desk) gets the next one instead of the lane.
import {
  bytesToHex,
  type BandProof,
  type Clock,
  type Logger,
  type Presentation,
  type Random,
  type Reader,
} from '@postern/shared';
import { bandName, type Sighting } from './ble-advertisement.ts';
import { askForProof, createBandPort, type BandPort } from './ble-band.ts';
import { createPresence } from './ble-presence.ts';
import { createDeskQueue } from './desk-queue.ts';
import { adapterGone, type BleRadio, type OpenRadio } from './ble-radio.ts';
import type { BleInput } from './ble-uri.ts';

export interface BleReader extends Reader {
  /** The next band that is held up to the reader while it runs; undefined when `signal` aborts first. It is not delivered to the lane. */
  readonly nextBand: (signal: AbortSignal) => Promise<BandPort | undefined>;
}

export interface BleReaderDeps {
  readonly id: string;
  /** This gate's id, which a band signs. */
  readonly gate: string;
  readonly input: BleInput;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly openRadio: OpenRadio;
}

/** A lane takes what it has not seen for 2 s for shown anew. */
const sightingMs = 500;
/** From connecting to the last answer. Nobody holds up an arm for longer than that. */
const proofMsMax = 2_500;
/** The band desk writes, and its bands may think about it. */
const deskMsMax = 10_000;
/** How long a proof stands while its band stays up: longer than a lane may take to come to it. */
const proofStandsMs = 5_000;
/** A band that was talked to when the adapter failed is not asked again for so long: it may be what it failed of. */
const suspectMs = 30_000;
/** Bands that are held up at once and wait to be asked; further ones come to it when they are heard again. */
const waitingMax = 4;
const answeredMax = 64;
const suspectsMax = 64;
/** What the band desk has had is nobody for the lane until it has been out of reach for so long, whatever id it has got meanwhile. */
const atDeskMs = 2_000;
const atDeskMax = 64;

/** What has come of a band that is held up. */
interface Answered {
  readonly proof?: BandProof;
  readonly atMs: number;
  readonly tookMs?: number;
  deliveredAtMs?: number;
}

export function createBleReader(deps: BleReaderDeps): BleReader {
  const { id, gate, input, clock, random, logger } = deps;
  const desks = createDeskQueue<BandPort>();
  const suspects = new Map<string, number>();
  let converse: BleRadio['connect'] = async () => adapterGone;

  /** One adapter's life, until it ends, fails, or `signal` aborts. */
  const listen = async (deliver: (presentation: Presentation) => void, signal: AbortSignal): Promise<void> => {
    const presence = createPresence(input);
    const answered = new Map<string, Answered>();
    /** By address, when it was last held up or talked to. */
    const atDesk = new Map<string, number>();
    const waiting = new Set<string>();

    const show = ({ id: bandId }: Sighting, answer: Answered): void => {
      const nowMs = clock.monotonicMs();
      if (signal.aborted) return;
      if (answer.proof === undefined ? input.proof === 'required' : nowMs - answer.atMs > proofStandsMs) return;
      if (answer.deliveredAtMs !== undefined && nowMs - answer.deliveredAtMs < sightingMs) return;
      answer.deliveredAtMs = nowMs;
      deliver({
        medium: 'ble',
        text: `ble:${bytesToHex(bandId)}${answer.proof === undefined ? '' : '+proof'}`,
        id: bandId,
        ...(answer.proof === undefined ? {} : { proof: answer.proof }),
        readerId: id,
        seenAtMs: nowMs,
        ...(answer.tookMs === undefined ? {} : { decodeMs: answer.tookMs }),
      });
    };

    const settle = (name: string, answer: Answered, sighting: Sighting): void => {
      remember(answered, name, answer, answeredMax);
      show(sighting, answer);
    };

    const ask = async (name: string, sighting: Sighting): Promise<void> => {
      const startedMs = clock.monotonicMs();
      const proof = await converse(sighting.address, proofMsMax, (link) => askForProof(link, gate, random));
      waiting.delete(name);
      const nowMs = clock.monotonicMs();
      if (!proof.ok) {
        logger.info({ reader: id, cause: proof.error.cause }, 'A wristband has not proved itself');
        if (proof.error.type === 'adapter-gone') return remember(suspects, name, nowMs + suspectMs, suspectsMax);
      }
      // It could not be heard meanwhile.
      presence.keep(name, nowMs);
      settle(
        name,
        proof.ok ? { proof: proof.value, atMs: nowMs, tookMs: nowMs - startedMs } : { atMs: nowMs },
        sighting,
      );
    };

    const giveToDesk = (sighting: Sighting, desk: (port: BandPort) => void): void => {
      const { address } = sighting;
      const keep = (): void => remember(atDesk, address, clock.monotonicMs(), atDeskMax);
      keep();
      const port = createBandPort(sighting, async (talk) => {
        const said = await converse(address, deskMsMax, talk);
        // It could not be heard meanwhile.
        keep();
        return said;
      });
      desk(port);
    };

    const onSighting = (sighting: Sighting): void => {
      const nowMs = clock.monotonicMs();
      const name = bandName(sighting);
      const heldUp = presence.hear(name, sighting.rssi, nowMs);
      if (heldUp === 'no' || waiting.has(name)) return;
      if (heldUp === 'now') answered.delete(name);
      const desk = desks.shift();
      if (desk !== undefined) return giveToDesk(sighting, desk);
      const hadAtMs = atDesk.get(sighting.address) ?? -Infinity;
      if (nowMs - hadAtMs < atDeskMs) return remember(atDesk, sighting.address, nowMs, atDeskMax);
      const answer = answered.get(name);
      if (answer !== undefined) return show(sighting, answer);
      if (sighting.id.length === 0) return;
      if (!sighting.canAnswer || input.proof === 'none' || (suspects.get(name) ?? nowMs) > nowMs)
        return settle(name, { atMs: nowMs }, sighting);
      if (waiting.size >= waitingMax) return;
      waiting.add(name);
      void ask(name, sighting);
    };

    const radio = deps.openRadio(onSighting);
    let isOpen = true;
    let talking: Promise<unknown> = Promise.resolve();
    converse = (address, msMax, talk) => {
      const turn = talking.then(() => (isOpen ? radio.connect(address, msMax, talk) : adapterGone));
      talking = turn;
      return turn;
    };
    const close = (): void => radio.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      await radio.ended;
    } finally {
      isOpen = false;
      signal.removeEventListener('abort', close);
    }
  };

  return {
    id,
    nextBand: desks.next,
    run: async (deliver, signal) => {
      while (!signal.aborted) await listen(deliver, signal);
    },
  };
}

function remember<V>(map: Map<string, V>, name: string, value: V, sizeMax: number): void {
  map.delete(name);
  map.set(name, value);
  const oldest = map.keys().next().value;
  if (map.size > sizeMax && oldest !== undefined) map.delete(oldest);
}

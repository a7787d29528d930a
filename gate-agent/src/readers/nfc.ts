// An NFC reader: delivers each tag that is held to it with its UID and NDEF message, and again while it stays, so that the lane knows
// it is still there. A tag that is taken away before it was read whole is nobody yet: its visitor holds it there again. Whoever waits
// for a tag (the band desk) gets the next one instead of the lane.
import {
  bytesToHex,
  sleep,
  type Clock,
  type Logger,
  type Presentation,
  type Reader,
  type Timer,
} from '@postern/shared';
import { createDeskQueue } from './desk-queue.ts';
import { readerFault, type ReaderFault } from './frame.ts';
import type { NfcCard, NfcFault, NfcService } from './nfc-service.ts';
import { openTag, type TagPort } from './nfc-tag.ts';

export interface NfcReader extends Reader {
  /** The next tag that is held to the reader while it runs; undefined when `signal` aborts first. It is not delivered to the lane. */
  readonly nextTag: (signal: AbortSignal) => Promise<TagPort | undefined>;
}

export interface NfcReaderDeps {
  readonly id: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timer: Timer;
  /** Part of the reader's name; empty for the first one. */
  readonly wanted: string;
  readonly service: NfcService;
}

/** A lane takes what it has not seen for 2 s for shown anew. */
const sightingMs = 500;
/** A tag at the edge of the field answers now and then. */
const readsMax = 3;
const readPauseMs = 100;

export function createNfcReader({ id, clock, logger, timer, wanted, service }: NfcReaderDeps): NfcReader {
  const desks = createDeskQueue<TagPort>();

  const show = async (
    card: NfcCard,
    deliver: (presentation: Presentation) => void,
    signal: AbortSignal,
  ): Promise<void> => {
    const startedMs = clock.monotonicMs();
    const tag = await openTag(card.atr, card.transmit);
    if (!tag.ok) {
      if (tag.error.type !== 'tag-gone') logger.info({ reader: id, error: tag.error }, 'A tag without a readable UID');
      return;
    }
    const desk = desks.shift();
    if (desk !== undefined) return desk(tag.value);
    const ended = AbortSignal.any([signal, card.gone]);
    const read = await readWithPatience(tag.value, timer, ended);
    if (read === 'gone' || signal.aborted) return;
    const { uid } = tag.value;
    const decodeMs = clock.monotonicMs() - startedMs;
    do {
      deliver({
        medium: 'nfc',
        text: `nfc:${bytesToHex(uid)}`,
        uid,
        ...(read === undefined ? {} : { ndef: read }),
        readerId: id,
        seenAtMs: clock.monotonicMs(),
        decodeMs,
      });
      await sleep(timer, sightingMs, ended);
    } while (!ended.aborted);
  };

  return {
    id,
    nextTag: desks.next,
    run: async (deliver, signal) => {
      if (signal.aborted) return;
      const device = await service.hold(wanted, signal);
      if (!device.ok) {
        if (signal.aborted) return;
        throw toReaderFault(device.error);
      }
      const running = new AbortController();
      const aborted = new Promise<undefined>((resolve) => {
        const stop = (): void => resolve(undefined);
        signal.addEventListener('abort', stop, { once: true, signal: running.signal });
        if (signal.aborted) stop();
      });
      if (!signal.aborted) device.value.onCard((card) => void show(card, deliver, running.signal));
      const fault = await Promise.race([device.value.ended, aborted]);
      running.abort();
      device.value.release();
      if (fault !== undefined && !signal.aborted) throw toReaderFault(fault);
    },
  };
}

const toReaderFault = ({ type, cause, remedy }: NfcFault): ReaderFault => readerFault(type, `${cause}: ${remedy}`);

/** The message, or undefined where there is none that can be read; `gone` when the tag has left before anybody could tell. */
async function readWithPatience(
  tag: TagPort,
  timer: Timer,
  ended: AbortSignal,
): Promise<Uint8Array | undefined | 'gone'> {
  for (let reads = 1; ; reads++) {
    const read = await tag.readNdef();
    if (read.ok) return read.value;
    if (read.error.type === 'tag-gone' || ended.aborted) return 'gone';
    // Some readers say "failed" for a tag that is leaving, and only later that it has left.
    if (read.error.type !== 'tag-refused' || reads === readsMax) return undefined;
    await sleep(timer, readPauseMs, ended);
    if (ended.aborted) return 'gone';
  }
}

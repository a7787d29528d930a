// A Bluetooth adapter as the reader uses it: hears bands, and connects to one of them at a time. It is held by a process of its own
// (ble-process.ts); when that fails or does not answer in time it is killed, whoever waits for it is told, and the adapter has to be opened
// anew.
import { err, ok, type Result, type Timer } from '@postern/shared';
import type { Sighting } from './ble-advertisement.ts';
import type { BandCharacteristic, BleCommand, BleFault, BleNotice } from './ble-process.ts';
import type { BleInput } from './ble-uri.ts';
import { forkBeside } from './fork-beside.ts';
import { readerFault, type ReaderFault } from './frame.ts';

export type BandError =
  | { readonly type: 'band-failed'; readonly cause: string }
  /** Whether of the band or not. */
  | { readonly type: 'adapter-gone'; readonly cause: string };

/** A band that is connected, until `close`. Nothing answers in bounded time by itself. */
export interface BandLink {
  /** At most 512 bytes; none where the band will not say. */
  readonly read: (characteristic: BandCharacteristic) => Promise<Result<Uint8Array, BandError>>;
  readonly write: (characteristic: BandCharacteristic, bytes: Uint8Array) => Promise<Result<void, BandError>>;
  /** Resolves when the band has agreed to notify; from then on `next` has what it sends. */
  readonly listen: (
    characteristic: BandCharacteristic,
  ) => Promise<Result<{ readonly next: Promise<Uint8Array> }, BandError>>;
}

export interface BleRadio {
  /** Resolves where another one should take over at once, rejects with a ReaderFault where it has failed; never before it is closed else. */
  readonly ended: Promise<void>;
  /**
   * Connects, and disconnects when `converse` is done or has taken longer than `msMax`, connecting included: what it does then comes to
   * nothing. One at a time.
   */
  readonly connect: <T>(
    address: string,
    msMax: number,
    converse: (link: BandLink) => Promise<Result<T, BandError>>,
  ) => Promise<Result<T, BandError>>;
  readonly close: () => void;
}

export type OpenRadio = (onSighting: (sighting: Sighting) => void) => BleRadio;

/** An adapter is reset, and listens, within a second. */
const startMsMax = 15_000;
/** A band that has gone without a word is given up by the adapter itself within a second or two. */
const disconnectMsMax = 5_000;
/**
 * So many bands in a row to which no connection came about, nor failed: noble does not begin another one where a controller has refused to give
 * up the one before, and never says so.
 */
const connectionsPendingMax = 2;

const remedies: Readonly<Record<BleFault, string>> = {
  'package-missing': 'npm install @stoprocent/noble where the agent is',
  'reader-missing': 'plug it in, or correct the address in gate.toml; which there are: ls /sys/class/bluetooth',
  'reader-forbidden': 'let the agent use it: see "BLE" in the README',
  'reader-failed': 'it is tried again by itself; unplug it and plug it in again',
};

export const openBleRadio =
  (input: BleInput, timer: Timer): OpenRadio =>
  (onSighting) => {
    const child = forkBeside('ble-process', import.meta.url, {
      args: [JSON.stringify(input)],
      // Otherwise noble keeps the readings to itself until a band has also answered a scan.
      env: { NOBLE_REPORT_ALL_HCI_EVENTS: '1' },
    });
    const answers = new Map<number, (answer: Result<Uint8Array, BandError>) => void>();
    let notified: ((bytes: Uint8Array) => void) | undefined;
    let lastId = 0;
    let connectionsPending = 0;
    let isOver = false;
    let settle: (fault?: ReaderFault) => void = () => undefined;
    const ended = new Promise<void>((resolve, reject) => {
      settle = (fault) => (fault === undefined ? resolve() : reject(fault));
    });
    ended.catch(() => undefined); // Whoever runs the reader hears of it, or has stopped listening.

    const end = (fault?: ReaderFault): void => {
      if (isOver) return;
      isOver = true;
      cancelStart();
      child.kill('SIGKILL');
      for (const answer of answers.values()) answer(adapterGone);
      settle(fault);
    };
    const fail = (fault: BleFault, cause: string): void =>
      end(readerFault(fault === 'reader-forbidden' ? 'reader-failed' : fault, `${cause}: ${remedies[fault]}`));
    const cancelStart = timer.after(startMsMax, () => fail('reader-failed', 'the Bluetooth adapter does not answer'));
    child.on('message', (notice: BleNotice) => {
      if (isOver) return;
      switch (notice.type) {
        case 'ready':
          return cancelStart();
        case 'sighting':
          return onSighting(notice.sighting);
        case 'answer':
          return answers.get(notice.id)?.(
            notice.cause === undefined ? ok(notice.bytes ?? new Uint8Array(0)) : bandFailed(notice.cause),
          );
        case 'notified':
          return notified?.(notice.bytes);
        case 'worn':
          return end();
        case 'failed':
          return fail(notice.fault, notice.cause);
      }
    });
    child.on('error', ({ message }) => fail('reader-failed', message));
    child.on('exit', (code, signal) =>
      fail('reader-failed', `the process of the Bluetooth adapter ended (${signal ?? code})`),
    );

    const send = (command: BleCommand): Promise<Result<Uint8Array, BandError>> =>
      new Promise((resolve) => {
        if (isOver) return resolve(adapterGone);
        const id = ++lastId;
        answers.set(id, (answer) => {
          answers.delete(id);
          resolve(answer);
        });
        child.send({ id, command });
      });
    const within = async <T>(
      msMax: number,
      work: Promise<Result<T, BandError>>,
    ): Promise<Result<T, BandError> | 'late'> => {
      let cancel = (): void => undefined;
      const late = new Promise<'late'>((resolve) => (cancel = timer.after(msMax, () => resolve('late'))));
      const first = await Promise.race([work, late]);
      cancel();
      return first;
    };
    const link: BandLink = {
      read: (characteristic) => send({ type: 'read', characteristic }),
      write: async (characteristic, bytes) => {
        const written = await send({ type: 'write', characteristic, bytes });
        return written.ok ? ok(undefined) : written;
      },
      listen: async (characteristic) => {
        const next = new Promise<Uint8Array>((resolve) => (notified = resolve));
        const agreed = await send({ type: 'listen', characteristic });
        return agreed.ok ? ok({ next }) : agreed;
      },
    };

    return {
      ended,
      connect: async (address, msMax, converse) => {
        const work = async (): ReturnType<typeof converse> => {
          connectionsPending++;
          const connected = await send({ type: 'connect', address });
          connectionsPending = 0;
          return connected.ok ? converse(link) : connected;
        };
        const result = await within(msMax, work());
        notified = undefined;
        // Nobody waits for these any more.
        answers.clear();
        if ((await within(disconnectMsMax, send({ type: 'disconnect' }))) === 'late')
          fail('reader-failed', 'the Bluetooth adapter does not let go of a band');
        else if (connectionsPending >= connectionsPendingMax) end();
        return result === 'late' ? bandFailed('the band did not answer in time') : result;
      },
      close: () => end(),
    };
  };

export const adapterGone: Result<never, BandError> = err({
  type: 'adapter-gone',
  cause: 'the Bluetooth adapter has gone',
});

const bandFailed = (cause: string): Result<never, BandError> => err({ type: 'band-failed', cause });

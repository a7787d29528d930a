// NFC readers as the lanes of this process share them: one PC/SC client, in a process of its own (nfc-process.ts), started when the first
// lane asks and ended with the last. When it fails, or does not answer in time, it is killed, everybody is told, and whoever asks next
// gets a new one.
import type { ChildProcess } from 'node:child_process';
import { err, ok, type Result, type Timer } from '@postern/shared';
import { forkBeside } from './fork-beside.ts';
import { answerBytesMax, type Transmit } from './nfc-apdu.ts';
import type { NfcCommand, NfcNotice } from './nfc-process.ts';

export type NfcFault = {
  readonly type: 'service-missing' | 'package-missing' | 'reader-failed' | 'reader-missing';
  readonly cause: string;
  /** What a person can do. */
  readonly remedy: string;
};

/** A tag in a reader's field, until `gone`. */
export interface NfcCard {
  readonly atr: Uint8Array;
  readonly transmit: Transmit;
  readonly gone: AbortSignal;
}

/** A reader that a lane holds; `release` when done, whatever happened. */
export interface NfcDevice {
  readonly name: string;
  /** Called at once for a card that is there already, then for each that comes. */
  readonly onCard: (listener: (card: NfcCard) => void) => void;
  /** Undefined when it was unplugged, otherwise why nothing works any more. */
  readonly ended: Promise<NfcFault | undefined>;
  readonly release: () => void;
}

export interface NfcService {
  /** The first reader whose name has `wanted` in it; where that is empty, the first for contactless cards. */
  readonly hold: (wanted: string, signal: AbortSignal) => Promise<Result<NfcDevice, NfcFault>>;
  readonly close: () => void;
}

export interface NfcServiceDeps {
  /** Where pcscd listens. */
  readonly socketPath: string;
  readonly timer: Timer;
}

/** pcscd tells its readers within milliseconds; until then a lane waits for the one that it wants. */
export const readerWaitMsMax = 2_000;
const startMsMax = 15_000;
/** A tag answers within 100 ms, or is gone. */
const answerMsMax = 5_000;

interface Device {
  readonly name: string;
  readonly listeners: Set<(card: NfcCard) => void>;
  readonly end: (fault: NfcFault | undefined) => void;
  readonly ended: Promise<NfcFault | undefined>;
  card: { readonly id: number; readonly card: NfcCard; readonly leave: () => void } | undefined;
}

interface Client {
  readonly child: ChildProcess;
  readonly devices: Map<number, Device>;
  /** Wake whoever waits for a reader. */
  readonly waiting: Set<() => void>;
  fault: NfcFault | undefined;
  isReady: boolean;
  holders: number;
  /** Kills the process and tells everybody who waits for anything of it; only the first fault counts. */
  readonly end: (fault: NfcFault) => void;
}

export function createNfcService({ socketPath, timer }: NfcServiceDeps): NfcService {
  let current: Client | undefined;

  const start = (): Client => {
    const answers = new Map<number, (bytes: Uint8Array | undefined) => void>();
    let lastId = 0;
    const client: Client = {
      child: forkBeside('nfc-process', import.meta.url, { args: [socketPath] }),
      devices: new Map(),
      waiting: new Set(),
      fault: undefined,
      isReady: false,
      holders: 0,
      end: (fault) => {
        if (client.fault !== undefined) return;
        client.fault = fault;
        cancelStart();
        if (current === client) current = undefined;
        client.child.kill('SIGKILL');
        for (const device of client.devices.values()) endDevice(device, fault);
        for (const answer of answers.values()) answer(undefined);
        wake(client);
      },
    };
    const cancelStart = timer.after(startMsMax, () =>
      client.end({
        type: 'service-missing',
        cause: 'the PC/SC service does not answer',
        remedy: 'sudo systemctl restart pcscd',
      }),
    );
    const hear = createHearing(client, (command) => {
      const id = ++lastId;
      return new Promise((resolve) => {
        const cancel = timer.after(answerMsMax, () => client.end(failed('the reader does not answer')));
        answers.set(id, (bytes) => {
          cancel();
          answers.delete(id);
          resolve(bytes);
        });
        if (client.fault === undefined) client.child.send({ id, ...command } satisfies NfcCommand);
        else answers.get(id)?.(undefined);
      });
    });
    client.child.on('message', (notice: NfcNotice) => {
      if (client.fault !== undefined) return;
      if (notice.type === 'ready') cancelStart();
      if (notice.type === 'failed')
        client.end({ type: notice.fault, cause: notice.cause, remedy: remedies[notice.fault] });
      else if (notice.type === 'answer') answers.get(notice.id)?.(notice.bytes);
      else hear(notice);
    });
    client.child.on('error', (cause) => client.end(failed(cause.message)));
    client.child.on('exit', (code, signal) =>
      client.end(failed(`the process of the NFC readers ended (${signal ?? code})`)),
    );
    return client;
  };

  /** Waits for `isThere`, a fault or `signal`; not longer than the readers of a service that answers take to show. */
  const waitFor = (client: Client, isThere: () => boolean, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      let cancel = (): void => undefined;
      let isTimed = false;
      const done = (): void => {
        cancel();
        client.waiting.delete(look);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const look = (): void => {
        if (isThere() || client.fault !== undefined || signal.aborted) return done();
        if (!client.isReady || isTimed) return;
        isTimed = true;
        cancel = timer.after(readerWaitMsMax, done);
      };
      client.waiting.add(look);
      signal.addEventListener('abort', done, { once: true });
      look();
    });

  return {
    hold: async (wanted, signal) => {
      const client = (current ??= start());
      client.holders++;
      let isHeld = true;
      const listeners: ((card: NfcCard) => void)[] = [];
      const release = (): void => {
        if (!isHeld) return;
        isHeld = false;
        for (const device of client.devices.values())
          for (const listener of listeners) device.listeners.delete(listener);
        if (--client.holders === 0) client.end(failed('nobody needs it any more'));
      };
      const find = (): Device | undefined => [...client.devices.values()].find(({ name }) => isWanted(name, wanted));
      await waitFor(client, () => find() !== undefined, signal);
      const device = find();
      if (device === undefined || client.fault !== undefined) {
        const fault = client.fault ?? missing(wanted, [...client.devices.values()]);
        release();
        return err(fault);
      }
      return ok({
        name: device.name,
        ended: device.ended,
        onCard: (listener) => {
          listeners.push(listener);
          device.listeners.add(listener);
          if (device.card !== undefined) listener(device.card.card);
        },
        release,
      });
    },
    close: () => current?.end(failed('the gate stops')),
  };
}

/** What becomes of readers and cards as the process tells it. */
function createHearing(
  client: Client,
  send: (command: Omit<NfcCommand, 'id'>) => Promise<Uint8Array | undefined>,
): (notice: Exclude<NfcNotice, { type: 'failed' | 'answer' }>) => void {
  const leave = (device: Device): void => {
    device.card?.leave();
    device.card = undefined;
  };
  return (notice) => {
    switch (notice.type) {
      case 'ready':
        client.isReady = true;
        return wake(client);
      case 'reader':
        client.devices.set(notice.reader, createDevice(notice.name));
        return wake(client);
      case 'reader-gone': {
        const device = client.devices.get(notice.reader);
        client.devices.delete(notice.reader);
        if (device !== undefined) endDevice(device, undefined);
        return;
      }
      case 'card-gone': {
        const device = client.devices.get(notice.reader);
        if (device !== undefined) leave(device);
        return;
      }
      case 'card': {
        const device = client.devices.get(notice.reader);
        if (device === undefined) return;
        leave(device);
        const leaving = new AbortController();
        const { reader, card: id, atr } = notice;
        const transmit: Transmit = async (bytes) => {
          const answer = leaving.signal.aborted ? undefined : await send({ reader, card: id, bytes, answerBytesMax });
          return answer === undefined ? err({ type: 'tag-gone' }) : ok(answer);
        };
        const card: NfcCard = { atr, transmit, gone: leaving.signal };
        device.card = { id, card, leave: () => leaving.abort() };
        for (const listener of device.listeners) listener(card);
      }
    }
  };
}

function createDevice(name: string): Device {
  let end: Device['end'] = () => undefined;
  const ended = new Promise<NfcFault | undefined>((resolve) => (end = resolve));
  return { name, listeners: new Set(), ended, end, card: undefined };
}

function endDevice(device: Device, fault: NfcFault | undefined): void {
  device.card?.leave();
  device.end(fault);
}

const wake = ({ waiting }: Client): void => [...waiting].forEach((look) => look());

/** ACR1252U and its kin show a second reader, for the SAM inside. */
const isWanted = (name: string, wanted: string): boolean =>
  wanted === '' ? !/\bSAM\b/.test(name) : name.toLowerCase().includes(wanted.toLowerCase());

function missing(wanted: string, there: readonly Device[]): NfcFault {
  const names = there.map(({ name }) => name).join(', ');
  return {
    type: 'reader-missing',
    cause: `there is no NFC reader${wanted === '' ? '' : ` whose name has "${wanted}" in it`}${names === '' ? '' : `; there are: ${names}`}`,
    remedy: remedies['reader-missing'],
  };
}

const remedies: Readonly<Record<NfcFault['type'], string>> = {
  'service-missing': 'sudo apt install pcscd && sudo systemctl enable --now pcscd.socket',
  'package-missing': 'sudo apt install libpcsclite1; from a checkout: sudo apt install libpcsclite-dev && npm ci',
  'reader-missing': 'plug it in (pcsc_scan of the package pcsc-tools lists readers), or correct its name in gate.toml',
  'reader-failed': 'it is tried again by itself; unplug the reader and plug it in again',
};

const failed = (cause: string): NfcFault => ({ type: 'reader-failed', cause, remedy: remedies['reader-failed'] });

// Models of HID devices behind the port that node-hid fills: a relay board, and a scanner whose reports a test makes.
import type { HidPort, OpenHid } from '../../gate-agent/src/hid/hid-port.ts';

type Fault = 'gone' | 'silent' | 'deaf';

export interface RelayBoardModel {
  readonly open: OpenHid;
  readonly isOn: (relay: number) => boolean;
  /** `gone`: unplugged; `silent`: never answers; `deaf`: answers and does not switch. */
  readonly breaks: (fault: Fault | undefined) => void;
  /** Unplugged and plugged in again: ports opened before are dead. */
  readonly replug: () => void;
  readonly opened: () => number;
}

/** Feature reports as the dcttech boards take them: `[0, 0xff | 0xfd, relay, …]`; the state is the last of eight bytes. */
export function createRelayBoardModel(): RelayBoardModel {
  let state = 0;
  let fault: Fault | undefined;
  let generation = 0;
  let opened = 0;
  const answer = async <T>(ownGeneration: number, value: () => T): Promise<T> => {
    if (fault === 'silent') return new Promise(() => undefined);
    if (fault === 'gone' || ownGeneration !== generation) throw new Error('could not write to device');
    return value();
  };
  return {
    isOn: (relay) => ((state >> (relay - 1)) & 1) === 1,
    breaks: (next) => void (fault = next),
    replug: () => void generation++,
    opened: () => opened,
    open: async () => {
      if (fault === 'gone') throw new Error('there is no HID device 16c0:05df');
      opened++;
      const own = generation;
      const port: HidPort = {
        on: () => undefined,
        sendFeatureReport: (report) =>
          answer(own, () => {
            const [id, command, relay = 0] = report;
            if (id !== 0 || report.length !== 9) throw new Error('not a report of this board');
            const bit = 1 << (relay - 1);
            if (fault !== 'deaf') state = command === 0xff ? state | bit : command === 0xfd ? state & ~bit : state;
            return report.length;
          }),
        getFeatureReport: (id) => answer(own, () => Uint8Array.of(...Buffer.from('BITFT', 'latin1'), id, 0, state)),
        close: async () => undefined,
      };
      return port;
    },
  };
}

export interface ScannerModel {
  readonly open: OpenHid;
  /** Resolves when a reader listens. */
  readonly listened: () => Promise<void>;
  readonly report: (bytes: Uint8Array) => void;
  readonly unplug: () => void;
  readonly plugIn: () => void;
  readonly openPorts: () => number;
}

export function createScannerModel(): ScannerModel {
  const listeners = new Set<{
    readonly data: (report: Uint8Array) => void;
    readonly error: (cause: unknown) => void;
  }>();
  const waiting: (() => void)[] = [];
  let there = true;
  let openPorts = 0;
  return {
    openPorts: () => openPorts,
    plugIn: () => void (there = true),
    unplug: () => {
      there = false;
      for (const { error } of listeners) error('could not read from HID device');
    },
    report: (bytes) => listeners.forEach(({ data }) => data(bytes)),
    listened: () => (listeners.size > 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
    open: async () => {
      if (!there) throw new Error('there is no HID device 0c2e:0b61');
      openPorts++;
      let error: (cause: unknown) => void = () => undefined;
      let own: { readonly data: (report: Uint8Array) => void; readonly error: (cause: unknown) => void } | undefined;
      const on = (event: 'data' | 'error', listener: (value: never) => void): void => {
        if (event === 'error') error = listener as typeof error;
        else {
          own = { data: listener as (report: Uint8Array) => void, error: (cause) => error(cause) };
          listeners.add(own);
          waiting.splice(0).forEach((resolve) => resolve());
        }
      };
      return {
        on,
        sendFeatureReport: async () => 0,
        getFeatureReport: async () => new Uint8Array(),
        close: async () => {
          if (own !== undefined) listeners.delete(own);
          openPorts--;
        },
      };
    },
  };
}

/** The reports in which a HID POS scanner delivers a code. */
export function scanReports(text: string, aim = ']Q1'): readonly Uint8Array[] {
  const bytes = Buffer.from(text, 'utf8');
  const reports: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += 56) {
    const part = bytes.subarray(at, at + 56);
    const report = Buffer.alloc(64);
    report[0] = 2;
    report[1] = part.length;
    report.write(aim, 2, 'latin1');
    part.copy(report, 5);
    report[63] = at + 56 < bytes.length ? 1 : 0;
    reports.push(new Uint8Array(report));
  }
  return reports;
}

// HID devices that exist only in this process, by the kernel's /dev/uhid: to everybody else they are real ones, with a real hidraw node.
// Layouts of the events: linux/uhid.h. Needs a kernel with uhid, so it runs in the guest (test/guest).
import { openSync, read, writeSync, closeSync } from 'node:fs';

/** struct uhid_event: a type and the largest of its payloads. */
const eventBytes = 4_380;
const create2 = 11;
const destroy = 1;
const input2 = 12;
const getReport = 9;
const getReportReply = 10;
const setReport = 13;
const setReportReply = 14;
const busUsb = 3;

export interface UhidSettings {
  readonly name: string;
  readonly vendorId: number;
  readonly productId: number;
  /** HID report descriptor, in hexadecimal. */
  readonly descriptor: string;
  readonly onSetFeature?: (bytes: Uint8Array) => void;
  readonly onGetFeature?: () => Uint8Array;
}

export interface UhidDevice {
  /** Sends an input report. */
  readonly input: (report: Uint8Array) => void;
  readonly unplug: () => void;
}

export function plugIn(settings: UhidSettings): UhidDevice {
  const { name, vendorId, productId, descriptor, onSetFeature, onGetFeature } = settings;
  const device = openSync('/dev/uhid', 'r+');
  let gone = false;
  const write = (type: number, length: number, fill: (event: Buffer) => void): void => {
    const event = Buffer.alloc(eventBytes);
    event.writeUInt32LE(type, 0);
    fill(event);
    writeSync(device, event, 0, length);
  };
  const report = Buffer.from(descriptor, 'hex');
  write(create2, eventBytes - 4, (event) => {
    event.write(name, 4, 127, 'latin1');
    event.writeUInt16LE(report.length, 260);
    event.writeUInt16LE(busUsb, 262);
    event.writeUInt32LE(vendorId, 264);
    event.writeUInt32LE(productId, 268);
    report.copy(event, 280);
  });

  const take = (event: Buffer): void => {
    const type = event.readUInt32LE(0);
    const id = event.readUInt32LE(4);
    if (type === setReport) {
      onSetFeature?.(event.subarray(12, 12 + event.readUInt16LE(10)));
      write(setReportReply, 16, (reply) => reply.writeUInt32LE(id, 4));
    } else if (type === getReport) {
      const bytes = onGetFeature?.() ?? new Uint8Array();
      write(getReportReply, eventBytes - 4, (reply) => {
        reply.writeUInt32LE(id, 4);
        reply.writeUInt16LE(bytes.length, 10);
        reply.set(bytes, 12);
      });
    }
  };
  const listen = (): void =>
    read(device, Buffer.alloc(eventBytes), 0, eventBytes, null, (error, bytes, event) => {
      if (error !== null || bytes === 0 || gone) return;
      take(event);
      listen();
    });
  listen();

  return {
    input: (bytes) =>
      write(input2, eventBytes - 4, (event) => {
        event.writeUInt16LE(bytes.length, 4);
        event.set(bytes, 6);
      }),
    unplug: () => {
      write(destroy, 4, () => undefined);
      gone = true;
      closeSync(device);
    },
  };
}

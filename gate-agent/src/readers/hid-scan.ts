// Codes out of the reports of a HID POS scanner (USB HID Point of Sale, "Scanned Data"): report id 2, length, three bytes AIM
// symbology identifier, 56 bytes data, two reserved, and a last byte whose lowest bit says that the code goes on in the next report.
// What is no such report is counted and dropped together with the code that it interrupts: half a code is none.
import { presentationTextCharsMax } from '@postern/shared';
import { lineBytesMax } from '../line-splitter.ts';
import { bytesToText } from './decode-text.ts';

export const scanReportBytes = 64;
const scanReportId = 2;
const dataAt = 5;
export const dataBytesMax = 56;
const continuationAt = 63;
/** The parts of one code come within milliseconds; what comes later begins another. */
const partsWithinMs = 500;

export interface Scan {
  readonly text: string;
  /** As the decoder names symbologies; absent where the scanner's identifier says nothing known. */
  readonly format?: string;
}

export interface ScanAssembler {
  readonly push: (report: Uint8Array, atMs: number) => void;
  readonly stats: () => { readonly scans: number; readonly malformed: number };
}

/** ISO/IEC 15424: `]Q1` is QR, … */
const formatOf: Readonly<Record<string, string>> = {
  A: 'Code39',
  C: 'Code128',
  E: 'EAN-13',
  L: 'PDF417',
  Q: 'QRCode',
  d: 'DataMatrix',
  z: 'Aztec',
};

export function createScanAssembler(onScan: (scan: Scan) => void): ScanAssembler {
  const count = { scans: 0, malformed: 0 };
  let parts: Uint8Array[] = [];
  let length = 0;
  let aim = '';
  let lastAtMs = 0;
  const drop = (): void => {
    parts = [];
    length = 0;
  };
  const refuse = (): void => {
    count.malformed++;
    drop();
  };
  const finish = (): void => {
    const text = bytesToText(Buffer.concat(parts));
    drop();
    if (text.length > presentationTextCharsMax) return refuse();
    // An empty scan is how some scanners say that the trigger was let go.
    if (text === '') return;
    count.scans++;
    const format = aim[0] === ']' ? formatOf[aim[1] ?? ''] : undefined;
    onScan({ text, ...(format === undefined ? {} : { format }) });
  };
  return {
    stats: () => ({ ...count }),
    push: (report, atMs) => {
      const partBytes = report[1] ?? 0;
      if (report.length !== scanReportBytes || report[0] !== scanReportId || partBytes > dataBytesMax) return refuse();
      const ownAim = String.fromCharCode(...report.subarray(2, dataAt));
      const continues = length > 0;
      if (continues && (atMs - lastAtMs > partsWithinMs || ownAim !== aim)) refuse();
      lastAtMs = atMs;
      aim = ownAim;
      length += partBytes;
      if (length > lineBytesMax) return refuse();
      parts.push(report.slice(dataAt, dataAt + partBytes));
      const more = ((report[continuationAt] ?? 0) & 1) === 1;
      // One that says there is more and brings nothing would be collected for ever.
      if (more && partBytes === 0) return refuse();
      if (!more) finish();
    },
  };
}

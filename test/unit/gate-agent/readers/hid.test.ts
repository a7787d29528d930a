// HID POS scanners at the seam of node-hid, with the bytes of the reports: no real scanner and no real hidraw was used here.
import { describe, expect, test } from 'vitest';
import { cleanText, createSupervisor, presentationTextCharsMax } from '@postern/shared';
import { createScanAssembler, type Scan } from '../../../../gate-agent/src/readers/hid-scan.ts';
import { openReader } from '../../../../gate-agent/src/readers/open.ts';
import type { OpenReaderDeps } from '../../../../gate-agent/src/readers/open.ts';
import { createSeededUniform } from '../../../../scripts/lib/render-code-frame.ts';
import { PassThrough } from 'node:stream';
import { createScannerModel, scanReports, type ScannerModel } from '../../../../scripts/lib/hid-models.ts';
import { createCollector, createFakeDecoder, silentLogger, systemClock, noNfc } from '../../../support/readers.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

/** Everything that comes out of these reports, one millisecond apart unless told otherwise. */
function assemble(reports: readonly Uint8Array[], everyMs = 1) {
  const scans: Scan[] = [];
  const assembler = createScanAssembler((scan) => scans.push(scan));
  reports.forEach((report, index) => assembler.push(report, index * everyMs));
  return { scans, texts: scans.map(({ text }) => text), malformed: assembler.stats().malformed };
}

const changed = (report: Uint8Array | undefined, at: number, value: number): Uint8Array => {
  const copy = Uint8Array.from(report ?? []);
  copy[at] = value;
  return copy;
};

describe('codes out of reports', () => {
  test('one report is one code, with its symbology', () => {
    expect(assemble(scanReports('TKT1.0001.signature')).scans).toEqual([
      { text: 'TKT1.0001.signature', format: 'QRCode' },
    ]);
    expect(assemble(scanReports('4006381333931', ']E0')).scans[0]?.format).toBe('EAN-13');
    expect(assemble(scanReports('A', '\0\0\0')).scans).toEqual([{ text: 'A' }]);
  });

  test.each([55, 56, 57, 112, 113, 400, presentationTextCharsMax])(
    'a code of %i characters spans its reports',
    (length) => {
      const text = 'x'.repeat(length - 1) + 'y';
      expect(assemble([...scanReports(text), ...scanReports('NEXT')]).texts).toEqual([text, 'NEXT']);
    },
  );

  test('a character that is cut by the end of a report stays whole', () => {
    const text = `${'x'.repeat(55)}ü…`;
    expect(assemble(scanReports(text)).texts).toEqual([text]);
  });

  test('what scan engines add in front and behind is what the methods take off', () => {
    const { texts } = assemble([...scanReports(']Q3\\000026PN1:ABC\r\n'), ...scanReports('PN1:ABC\r')]);
    expect(texts.map(cleanText)).toEqual(['PN1:ABC', 'PN1:ABC']);
  });

  test('a code too long to be one is refused, and the next one is read', () => {
    const { texts, malformed } = assemble([
      ...scanReports('x'.repeat(presentationTextCharsMax + 1)),
      ...scanReports('y'.repeat(100_000)),
      ...scanReports('NEXT'),
    ]);
    expect(texts.filter((text) => text.length > presentationTextCharsMax)).toEqual([]);
    expect(texts.at(-1)).toBe('NEXT');
    expect(malformed).toBeGreaterThan(1);
  });
});

describe('reports that are none, or come in disorder', () => {
  const long = scanReports('x'.repeat(100));

  test('half a code is none: another code, a pause or rubbish between its parts drops it', () => {
    const [first = new Uint8Array(), second = new Uint8Array()] = long;
    const [other = new Uint8Array()] = scanReports('OTHER', ']C0');
    expect(assemble([first, other])).toMatchObject({ texts: ['OTHER'], malformed: 1 });
    expect(assemble([first, second], 10_000)).toMatchObject({ texts: ['x'.repeat(44)], malformed: 1 });
    expect(assemble([first, first.subarray(0, 63), other])).toMatchObject({ texts: ['OTHER'], malformed: 1 });
  });

  test.each([
    ['truncated', long[0]?.subarray(0, 10)],
    ['longer', new Uint8Array(65)],
    ['empty', new Uint8Array()],
    ['of another id', changed(scanReports('A')[0], 0, 3)],
    ['longer inside than it can be', changed(scanReports('A')[0], 1, 57)],
    ['without end and without data', changed(changed(scanReports('A')[0], 1, 0), 63, 1)],
  ])('a report that is %s gives nothing and harms nothing', (_, report = new Uint8Array()) => {
    expect(assemble([report, ...scanReports('NEXT')])).toMatchObject({ texts: ['NEXT'], malformed: 1 });
  });

  test('an empty scan is no code', () => {
    expect(assemble(scanReports(''))).toMatchObject({ texts: [], malformed: 0 });
  });

  test('20,000 random reports never throw and never give a text that is too long', () => {
    const uniform = createSeededUniform(11);
    const pick = (below: number): number => Math.floor(uniform() * below);
    const reports = Array.from({ length: 20_000 }, () => {
      const report = Uint8Array.from({ length: pick(20) === 0 ? pick(130) : 64 }, () => pick(256));
      if (pick(3) > 0) report.set([2, pick(60)].slice(0, report.length));
      if (pick(2) === 0 && report.length === 64) report.set([0x5d, 0x51, 0x31], 2);
      return report;
    });
    const { texts, scans, malformed } = assemble(reports);
    expect(scans.length).toBeGreaterThan(1_000);
    expect(malformed).toBeGreaterThan(1_000);
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(presentationTextCharsMax);
  });
});

function openScanner(scanner: ScannerModel) {
  const deps: OpenReaderDeps = {
    id: 'scanner',
    gate: 'north',
    random: (length) => new Uint8Array(length),
    clock: systemClock,
    logger: silentLogger,
    decoder: () => createFakeDecoder(() => []),
    nfc: noNfc,
    timer: createVirtualTime().timer,
    stdin: new PassThrough(),
    hid: scanner.open,
  };
  const opened = openReader('hid://0c2e:0b61', deps);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

describe('the reader', () => {
  test('a thousand reports at once are a thousand presentations, in order', async () => {
    const scanner = createScannerModel();
    const { deliver, texts, until } = createCollector();
    const stop = new AbortController();
    const running = openScanner(scanner).run(deliver, stop.signal);
    await scanner.listened();
    const expected = Array.from({ length: 1_000 }, (_, index) => `PN1:${index}`);
    for (const text of expected) scanReports(text).forEach(scanner.report);
    await until(1_000);
    expect(texts()).toEqual(expected);
    stop.abort();
    await running;
    expect(scanner.openPorts()).toBe(0);
  });

  test('pulled out it fails, and supervised it is back when it is plugged in', async () => {
    const scanner = createScannerModel();
    const time = createVirtualTime();
    const { deliver, texts, until } = createCollector();
    const stop = new AbortController();
    const supervisor = createSupervisor({
      reader: openScanner(scanner),
      deliver,
      clock: time.clock,
      random: (bytes) => new Uint8Array(bytes),
      logger: silentLogger,
      timer: time.timer,
    });
    const running = supervisor.run(stop.signal);
    await scanner.listened();
    const [half = new Uint8Array()] = scanReports('x'.repeat(100));
    scanner.report(half);
    scanner.unplug();
    await time.advance(0);
    expect(supervisor.health().lastError).toBe('The scanner failed: could not read from HID device');
    await time.advance(5_000);
    expect(supervisor.health()).toMatchObject({
      state: 'restarting',
      lastError: 'there is no HID device 0c2e:0b61',
    });
    scanner.plugIn();
    await time.advance(30_000);
    scanReports('PN1:BACK').forEach(scanner.report);
    await until(1);
    expect(texts()).toEqual(['PN1:BACK']);
    expect(supervisor.health().state).toBe('running');
    stop.abort();
    await running;
    expect(scanner.openPorts()).toBe(0);
  });
});

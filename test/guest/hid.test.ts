// Goal: scanners and relay boards on the real stack: the kernel's HID core and hidraw, node-hid, and the agent's own readers and
// actuators, in a guest whose kernel can have virtual devices. `npm run test:guest`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { missingGuestKernel, runInGuest } from '../../scripts/lib/guest.ts';
import { describeOrReport, firstReason, missingPrograms } from '../support/not-run.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const guestMsMax = 280_000;

interface Results {
  readonly scanner: Readonly<Record<string, unknown>>;
  readonly relays: Readonly<Record<string, unknown>>;
  readonly typing: Readonly<Record<string, unknown>>;
}

describeOrReport(
  'HID devices of a real kernel',
  firstReason(missingPrograms('qemu-system-x86_64', 'busybox'), missingGuestKernel()),
  () => {
    let results: Results;
    let folder: string;
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'postern-guest-'));
      // The guest reads uhid with blocking calls, each of which holds a thread.
      const node = `UV_THREADPOOL_SIZE=16 ${process.execPath} --conditions=source --import tsx`;
      const command = `cd ${repository} && ${node} test/guest/hid-guest.ts`;
      const said = await runInGuest(folder, command, AbortSignal.timeout(guestMsMax));
      const line = /^GUEST-RESULT (.+)$/m.exec(said)?.[1];
      if (line === undefined) throw new Error(`the guest came to no result:\n${said.slice(-4_000)}`);
      results = JSON.parse(line) as Results;
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test('a scanner is read, in one report and in several, and a thousand codes at once', () => {
      expect(results.scanner).toMatchObject({ longIsWhole: true, burstInOrder: true, format: 'QRCode' });
    });

    test('a scanner that is not there, or is pulled out, is a fault, and it reads again when it is back', () => {
      expect(results.scanner).toMatchObject({
        missing: expect.stringContaining('there is no HID device 0c2e:0b61'),
        unplugged: expect.stringMatching(/^The scanner failed: could not read/),
        last: 'PN1:BACK',
      });
    });

    test('a scanner that types is read as the keyboard that the kernel makes of it, until it is pulled out', () => {
      expect(results.typing).toMatchObject({
        text: 'PN1:6BF+70*C/D.E lower-case_9',
        unplugged: expect.stringContaining('The scanner failed'),
      });
    });

    test('a relay board is switched off at rest, on for a pulse, and read back', () => {
      expect(results.relays).toMatchObject({
        atRest: 0,
        passed: { type: 'passed', persons: 1 },
        afterPulse: 0,
        switchedFirst: ['off 1', 'off 2', 'on 1', 'off 1'],
      });
    });

    test('a board that does not switch, or is gone, is an opening that fails; plugged in again it opens', () => {
      expect(results.relays).toMatchObject({
        deafOpening: expect.stringContaining('does not switch on'),
        goneOpening: expect.stringContaining('there is no HID device 16c0:05df'),
        back: { type: 'passed', persons: 1 },
      });
    });
  },
);

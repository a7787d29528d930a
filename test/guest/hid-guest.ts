// Runs inside the guest: scanners and relay board as the kernel's own HID devices, read and switched by the agent's code through node-hid
// and hidraw, or as the keyboard that the kernel makes of one. Prints what happened as one line; hid.test.ts outside says what it should have been.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createHidRelayTurnstile } from '../../gate-agent/src/actuators/hid-relay.ts';
import { parseHidRelay } from '../../gate-agent/src/actuators/hid-relay-uri.ts';
import { openHid } from '../../gate-agent/src/hid/hid-port.ts';
import { readHidUri } from '../../gate-agent/src/hid/hid-uri.ts';
import { listHidraw } from '../../gate-agent/src/hid/hidraw.ts';
import { createEvdevReader } from '../../gate-agent/src/readers/evdev.ts';
import { createHidReader } from '../../gate-agent/src/readers/hid.ts';
import { createSystemClock, createSystemTimer } from '../../gate-agent/src/system.ts';
import { scanReports } from '../../scripts/lib/hid-models.ts';
import { typedReports } from '../../scripts/lib/typing.ts';
import { createCollector, silentLogger } from '../support/readers.ts';
import { plugIn, type UhidDevice } from '../support/uhid.ts';

/** A HID POS scanner: usage page 8C, report 2 of 63 bytes. */
const scannerDescriptor = '058c0902a1018502150026ff007508953f09fe8102c0';
/** A keyboard, as in the HID specification 1.11, E.6, without lamps. */
const keyboardDescriptor = '05010906a101050719e029e71500250175019508810295017508810395067508150025650507190029658100c0';
/** A dcttech board: one feature report of eight bytes, without an id. */
const relayDescriptor = '0600ff0901a101150026ff00750895080900b20201c0';
const inputs = '/sys/class/input';
const never = new AbortController().signal;

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(10);
}
const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

const plugInScanner = async (): Promise<UhidDevice> => {
  const device = plugIn({
    name: 'Virtual HID POS Scanner',
    vendorId: 0x0c2e,
    productId: 0x0b61,
    descriptor: scannerDescriptor,
  });
  await until(() => listHidraw('/sys/class/hidraw').some(({ vendorId }) => vendorId === 0x0c2e));
  return device;
};

async function tryScanner() {
  const address = readHidUri('hid', 'hid://0c2e:0b61', () => ({}));
  if (!address.ok) throw new Error(address.error.cause);
  const reader = createHidReader({
    id: 'scanner',
    address: address.value.address,
    open: openHid,
    clock: createSystemClock(),
  });
  const missing = await reader.run(() => undefined, never).catch(messageOf);
  const seen = createCollector();
  let scanner = await plugInScanner();
  const long = `PN1:${'x'.repeat(300)}`;
  /** What is sent before the reader listens is lost, as with a real one. */
  const sendUntilRead = async (text: string): Promise<void> => {
    const before = seen.all.length;
    while (seen.all.length === before) {
      scanReports(text).forEach(scanner.input);
      await pause(100);
    }
  };
  const first = reader.run(seen.deliver, never).catch(messageOf);
  await sendUntilRead('PN1:FIRST');
  const untilFirst = seen.all.length;
  scanReports(long).forEach(scanner.input);
  await seen.until(untilFirst + 1);
  // Faster than people scan, no faster than the kernel's queue of 64 reports is emptied.
  for (let index = 0; index < 1_000; index++) {
    scanReports(`PN1:${index}`).forEach(scanner.input);
    if (index % 16 === 15) await pause(16);
  }
  await seen.until(untilFirst + 1_001);
  const burst = seen.texts().slice(untilFirst + 1);
  scanner.unplug();
  const unplugged = await first;
  scanner = await plugInScanner();
  const stop = new AbortController();
  const second = reader.run(seen.deliver, stop.signal);
  await sendUntilRead('PN1:BACK');
  stop.abort();
  await second;
  scanner.unplug();
  return {
    missing,
    longIsWhole: seen.texts()[untilFirst] === long,
    burstInOrder: burst.every((text, index) => text === `PN1:${index}`) && burst.length === 1_000,
    unplugged,
    format: seen.all[0]?.medium === 'optical' ? seen.all[0].format : undefined,
    last: seen.texts().at(-1),
  };
}

async function tryRelays() {
  let state = 0b10;
  let deaf = false;
  const switched: string[] = [];
  const plugInBoard = async (): Promise<UhidDevice> => {
    const board = plugIn({
      name: 'USBRelay2',
      vendorId: 0x16c0,
      productId: 0x05df,
      descriptor: relayDescriptor,
      onSetFeature: (bytes) => {
        const [command, relay = 0] = bytes.length === 9 ? bytes.subarray(1) : bytes;
        const bit = 1 << (relay - 1);
        if (!deaf) state = command === 0xff ? state | bit : state & ~bit;
        switched.push(`${command === 0xff ? 'on' : 'off'} ${relay}`);
      },
      onGetFeature: () => Uint8Array.of(...Buffer.from('BITFT\0\0', 'latin1'), state),
    });
    await until(() => listHidraw('/sys/class/hidraw').some(({ vendorId }) => vendorId === 0x16c0));
    return board;
  };
  let board = await plugInBoard();
  const parsed = parseHidRelay('hid-relay://16c0:05df?entry=1&exit=2&pulse-ms=200');
  if (!parsed.ok) throw new Error(parsed.error.cause);
  const deps = { open: openHid, timer: createSystemTimer(), logger: silentLogger, passageTimeoutMs: 2_000 };
  const { actuator, close } = createHidRelayTurnstile('board', parsed.value, deps);
  await actuator.rest('locked', 'entry');
  await actuator.rest('locked', 'exit');
  const atRest = state;
  const passage = actuator.open('entry', 1, never);
  await until(() => state === 1);
  const passed = await passage;
  const afterPulse = state;
  deaf = true;
  const deafOpening = await actuator.open('entry', 1, never).catch(messageOf);
  deaf = false;
  board.unplug();
  await until(() => !listHidraw('/sys/class/hidraw').some(({ vendorId }) => vendorId === 0x16c0));
  const goneOpening = await actuator.open('entry', 1, never).catch(messageOf);
  board = await plugInBoard();
  const back = await actuator.open('entry', 1, never);
  await close();
  board.unplug();
  return { atRest, passed, afterPulse, deafOpening, goneOpening, back, switchedFirst: switched.slice(0, 4) };
}

async function tryTyping() {
  const name = 'Virtual Typing Scanner';
  const device = (): string | undefined =>
    existsSync(inputs)
      ? readdirSync(inputs).find(
          (entry) =>
            entry.startsWith('event') && readFileSync(`${inputs}/${entry}/device/name`, 'utf8').trim() === name,
        )
      : undefined;
  const plugInKeyboard = async (): Promise<UhidDevice> => {
    const keyboard = plugIn({ name, vendorId: 0x0c2e, productId: 0x0b6a, descriptor: keyboardDescriptor });
    await until(() => device() !== undefined);
    return keyboard;
  };
  const keyboard = await plugInKeyboard();
  const reader = createEvdevReader({
    id: 'typing',
    path: `/dev/input/${device()}`,
    clock: createSystemClock(),
    logger: silentLogger,
  });
  const seen = createCollector();
  const running = reader.run(seen.deliver, never).catch(messageOf);
  /** What is typed before somebody reads is lost, and a kernel keeps some 60 events for who reads. */
  const type = async (text: string): Promise<void> => {
    for (const report of typedReports(text)) {
      keyboard.input(report);
      await pause(2);
    }
  };
  while (seen.all.length === 0) await type('READY\n');
  const before = seen.all.length;
  await type('PN1:6BF+70*C/D.E lower-case_9\n');
  await seen.until(before + 1);
  keyboard.unplug();
  return { text: seen.texts().at(-1), unplugged: await running };
}

const results = { scanner: await tryScanner(), relays: await tryRelays(), typing: await tryTyping() };
process.stdout.write(`\nGUEST-RESULT ${JSON.stringify(results)}\n`);
process.exit(0);

// Goal: announcements come from anybody on the network, and cost a bounded amount of memory and of knocking whatever they say.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressesPerGateMax,
  createFoundGates,
  forgetAfterMs,
  foundGatesMax,
  type Announcement,
  type FoundGates,
} from '../../../../gate-agent/src/replication/found-gates.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const found = (isListed: (gate: string) => boolean = () => true, time = createVirtualTime()): FoundGates =>
  createFoundGates({ event: 7, gate: 'gate-a', isListed, clock: time.clock });
const says = (gate: string, change: Partial<Announcement> = {}): Announcement => ({
  event: '7',
  gate,
  port: 7_443,
  addresses: ['192.168.1.20'],
  sender: '192.168.1.20',
  ...change,
});

describe('announcements', () => {
  test('say where a gate of the same event is', () => {
    const gates = found();
    expect(gates.hear(says('gate-b'))).toBe(true);
    expect(gates.hear(says('gate-b'))).toBe(false);
    expect(gates.all()).toEqual([{ gate: 'gate-b', address: '192.168.1.20:7443' }]);
  });

  test.each([
    ['of this gate itself', says('gate-a')],
    ['of another event', says('gate-b', { event: '8' })],
    ['without an event', says('gate-b', { event: undefined })],
    ['with a name that is none', says('Gate B\n')],
    ['with a name that is too long', says('x'.repeat(33))],
    ['with a port that is none', says('gate-b', { port: 0 })],
    ['with a port of another kind', says('gate-b', { port: '7443' })],
    ['without an address', says('gate-b', { addresses: [], sender: undefined })],
    ['with a host name for an address', says('gate-b', { addresses: ['evil.example'], sender: undefined })],
  ])('%s lead nowhere', (_what, announcement) => {
    const gates = found();
    gates.hear(announcement);
    expect(gates.all()).toEqual([]);
  });

  test('that somebody has passed on lead to what they say, otherwise to who says it', () => {
    const gates = found();
    gates.hear(says('gate-b', { addresses: ['172.17.0.1', '10.0.0.4'], sender: '10.0.0.4' }));
    gates.hear(says('gate-c', { addresses: ['10.1.0.4'], sender: '10.0.0.1' }));
    expect(gates.all()).toEqual([
      { gate: 'gate-b', address: '10.0.0.4:7443' },
      { gate: 'gate-c', address: '10.1.0.4:7443' },
    ]);
  });

  test('over IPv6 lead to the sender through the network card that heard it, or to what can be reached from elsewhere', () => {
    const gates = found();
    gates.hear(says('gate-b', { addresses: ['10.0.0.4', 'FE80:0::1', 'fd00::4'], sender: 'fe80::1%eth0' }));
    gates.hear(says('gate-c', { addresses: ['fe80::2', 'fd00:0:0::5'], sender: 'fe80::1%eth0' }));
    gates.hear(says('gate-d', { addresses: [], sender: 'fe80::3%eth0' }));
    expect(gates.all()).toEqual([
      { gate: 'gate-b', address: '[fe80::1%eth0]:7443' },
      { gate: 'gate-c', address: '[fd00::5]:7443' },
      { gate: 'gate-d', address: '[fe80::3%eth0]:7443' },
    ]);
  });

  test.each([
    ['of another link', ['fe80::2']],
    ['behind a card of its choice', ['fe80::2%lo', 'fd00::2%lo']],
    ['that is none', ['fd00::2::3', '[fd00::2]']],
  ])('with an IPv6 address %s lead nowhere', (_what, addresses) => {
    const gates = found();
    gates.hear(says('gate-b', { addresses, sender: undefined }));
    expect(gates.all()).toEqual([]);
  });

  test('of gates that the event does not list are only counted', () => {
    const gates = found((gate) => gate === 'gate-b');
    for (let stranger = 0; stranger < 10_000; stranger++) gates.hear(says(`stranger-${stranger}`));
    gates.hear(says('gate-b'));
    expect(gates.all().map(({ gate }) => gate)).toEqual(['gate-b']);
    expect(gates.strangers()).toBe(foundGatesMax);
  });

  test('end with a goodbye, and when nobody repeats them', () => {
    const time = createVirtualTime();
    const gates = found(() => true, time);
    gates.hear(says('gate-b'));
    gates.hear(says('gate-c'));
    expect(gates.forget(says('gate-b'))).toBe(true);
    expect(gates.all().map(({ gate }) => gate)).toEqual(['gate-c']);
    time.jump(forgetAfterMs + 1);
    expect(gates.all()).toEqual([]);
  });

  test('fill a bounded memory, however many there are and whatever is in them', () => {
    const anything = fc.record<Announcement>({
      event: fc.oneof(fc.constant('7'), fc.anything()),
      gate: fc.oneof(
        fc.nat(400).map((number) => `gate-${number}`),
        fc.anything(),
      ),
      port: fc.oneof(fc.integer({ min: -5, max: 70_000 }), fc.anything()),
      addresses: fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.anything()), { maxLength: 40 }),
      sender: fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        fc.ipV6().map((address) => `${address}%eth0`),
        fc.anything(),
      ),
    });
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 300, size: 'max' }), (announcements) => {
        const gates = found();
        for (const announcement of announcements) gates.hear(announcement);

        expect(gates.all().length).toBeLessThanOrEqual(foundGatesMax * addressesPerGateMax);
        expect(new Set(gates.all().map(({ gate }) => gate)).size).toBeLessThanOrEqual(foundGatesMax);
        for (const { address } of gates.all())
          expect(address).toMatch(/^((\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:.]+(%eth0)?\]):\d{1,5}$/);
      }),
      { numRuns: 10 },
    );
  });
});

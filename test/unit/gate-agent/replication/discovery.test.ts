// Goal: gates on one network find each other by real multicast, and lose each other when one says goodbye. On the loopback interface,
// with an event of its own for every run.
import { randomInt } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { placesToSpeak, startDiscovery, type Discovery } from '../../../../gate-agent/src/replication/discovery.ts';
import type { FoundGate } from '../../../../gate-agent/src/replication/found-gates.ts';
import { createSystemClock, createSystemTimer } from '../../../../gate-agent/src/system.ts';
import { silentLog } from '../../../support/cloud.ts';

const running = new Set<Discovery>();
afterEach(async () => {
  await Promise.all([...running].map((one) => one.close()));
  running.clear();
});

interface Looking {
  readonly discovery: Discovery;
  readonly found: () => readonly string[];
}
function look(
  event: number,
  gate: string,
  port: number | (() => number | undefined),
  isListed: (gate: string) => boolean = () => true,
): Looking {
  let found: readonly FoundGate[] = [];
  const discovery = startDiscovery({
    event,
    gate,
    host: '127.0.0.1',
    port: typeof port === 'number' ? () => port : port,
    isListed,
    isWanting: () => true,
    onFound: (gates) => void (found = gates),
    clock: createSystemClock(),
    timer: createSystemTimer(),
    log: silentLog,
  });
  running.add(discovery);
  return { discovery, found: () => found.map((one) => `${one.gate} ${one.address}`).toSorted() };
}
const soon = { timeout: 45_000 };

test('gates of one event find each other, and nobody else', async () => {
  const event = randomInt(1_000_000_000);
  const [a, b, other] = [look(event, 'gate-a', 7_001), look(event, 'gate-b', 7_002), look(event + 1, 'gate-c', 7_003)];
  await expect.poll(a.found, soon).toEqual(['gate-b 127.0.0.1:7002']);
  await expect.poll(b.found, soon).toEqual(['gate-a 127.0.0.1:7001']);
  expect(other.found()).toEqual([]);
  await b.discovery.close();
  running.delete(b.discovery);
  await expect.poll(a.found, soon).toEqual([]);
  expect(a.discovery.trouble()).toBeUndefined();
});

test('a gate whose port is taken finds the others, and is found from when it is answered', async () => {
  const event = randomInt(1_000_000_000);
  let isAnswered = false;
  const a = look(event, 'gate-a', () => (isAnswered ? 7_001 : undefined));
  const b = look(event, 'gate-b', 7_002);
  await expect.poll(a.found, soon).toEqual(['gate-b 127.0.0.1:7002']);
  expect(b.found()).toEqual([]);
  isAnswered = true;
  await expect.poll(b.found, soon).toEqual(['gate-a 127.0.0.1:7001']);
});

test('a gate that the event does not list is counted, not found', async () => {
  const event = randomInt(1_000_000_000);
  const a = look(event, 'gate-a', 7_001, (gate) => gate === 'gate-b');
  look(event, 'gate-x', 7_004);
  await expect.poll(a.discovery.strangers, soon).toBe(1);
  expect(a.found()).toEqual([]);
});

test.each([
  ['everywhere, or only looks', '0.0.0.0', ['10.0.0.4', '10.1.0.4', '::%eth0', '::%wlan0']],
  ['in both families', '::', ['10.0.0.4', '10.1.0.4', '::%eth0', '::%wlan0']],
  ['nowhere yet', undefined, ['10.0.0.4', '10.1.0.4', '::%eth0', '::%wlan0']],
  ['at one IPv4 address', '10.1.0.4', ['10.1.0.4']],
  ['at one IPv6 address, however it is written', 'FD00:0::4', ['::%eth0']],
  ['on the machine itself', '127.0.0.1', ['127.0.0.1']],
  ['on the machine itself over IPv6, which has no multicast there', '::1', []],
  ['at an address that is not there', '10.9.9.9', []],
])('a gate that is answered %s speaks from the network cards for it', (_what, host, places) => {
  const of = (family: 'IPv4' | 'IPv6', address: string, internal = false) => {
    const common = { address, internal, netmask: '', mac: '', cidr: null };
    return family === 'IPv4' ? { ...common, family } : { ...common, family, scopeid: 0 };
  };
  const interfaces = {
    lo: [of('IPv4', '127.0.0.1', true), of('IPv6', '::1', true)],
    eth0: [of('IPv4', '10.0.0.4'), of('IPv4', '10.0.0.5'), of('IPv6', 'fd00::4'), of('IPv6', 'fe80::4')],
    wlan0: [of('IPv4', '10.1.0.4'), of('IPv6', 'fe80::5')],
  };
  expect(placesToSpeak(host, interfaces)).toEqual(places);
});

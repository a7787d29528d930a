// Over a real unix datagram socket, as systemd listens.
import { sleep } from '@postern/shared';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { feedWatchdog, openServiceManager } from '../../../gate-agent/src/service-manager.ts';
import { createSystemTimer } from '../../../gate-agent/src/system.ts';
import { listenAsSystemd, type FakeSystemd } from '../../support/fake-systemd.ts';
import { temporaryFolder } from '../../support/gate-store-harness.ts';
import { silentLogger } from '../../support/lane-rig.ts';

const timer = createSystemTimer();

async function createService(watchdogMs = 40) {
  const systemd = (await listenAsSystemd(temporaryFolder(), watchdogMs)) as FakeSystemd;
  expect(systemd, 'unix-dgram is built where the tests run').toBeDefined();
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: watchdogUs } = systemd.environment;
  const manager = await openServiceManager({ socket, watchdogUs }, silentLogger);
  onTestFinished(() => {
    manager.close();
    systemd.close();
  });
  return { systemd, manager };
}

test('tells what it is given, line by line', async () => {
  const { systemd, manager } = await createService();
  manager.tell('READY=1', 'STATUS=Gate north');
  manager.tell('STOPPING=1');
  await vi.waitFor(() => expect(systemd.told).toEqual(['READY=1', 'STATUS=Gate north', 'STOPPING=1']));
});

test('outside of systemd nothing is told, and nothing waits for a watchdog', async () => {
  const manager = await openServiceManager({ socket: undefined, watchdogUs: undefined }, silentLogger);
  manager.tell('READY=1');
  let tested = false;
  const signal = new AbortController().signal;
  await feedWatchdog(manager, async () => void (tested = true), { timer, logger: silentLogger, signal });
  expect(tested).toBe(false);
});

test('a socket that nobody listens on is no reason to stop', async () => {
  const warned: string[] = [];
  const logger = { ...silentLogger, warn: (_: unknown, message: string) => void warned.push(message) };
  const manager = await openServiceManager({ socket: `${temporaryFolder()}/nobody`, watchdogUs: undefined }, logger);
  manager.tell('READY=1');
  await vi.waitFor(() => expect(warned).toEqual(['systemd could not be told']));
  manager.close();
});

describe('the watchdog', () => {
  const run = async (selfTest: () => Promise<void>): Promise<readonly string[]> => {
    const { systemd, manager } = await createService();
    const stopping = new AbortController();
    const running = feedWatchdog(manager, selfTest, { timer, logger: silentLogger, signal: stopping.signal });
    await sleep(timer, 300, new AbortController().signal);
    stopping.abort();
    void running;
    return systemd.told;
  };

  test('is fed while scans would be answered', async () => {
    const told = await run(async () => undefined);
    expect(told.length).toBeGreaterThan(1);
    expect(new Set(told)).toEqual(new Set(['WATCHDOG=1']));
  });

  test('is not fed by a turning loop alone: a self-test that hangs, or fails, stops it', async () => {
    expect(await run(() => new Promise(() => undefined))).toEqual([]);
    expect(await run(() => Promise.reject(new Error('lane-1 has been deciding for 30 s')))).toEqual([]);
  });
});

// The only place of the gate agent that asks the operating system for time, randomness and the machine's identity. Everything
// else receives a Clock, a Random or a boot id, so that tests can hand in their own.
import { randomBytes, scrypt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { pinCost, pinHashBytes, type Clock, type Random, type Timer } from '@postern/shared';

/**
 * Wall time and CLOCK_MONOTONIC in milliseconds. On Linux the latter counts from the machine's start, so two processes of
 * one machine boot may compare it: clock trust survives a restart of the agent that way.
 */
export function createSystemClock(): Clock {
  // performance.now() runs on the same clock from the process's start; adding its origin once is quicker than a BigInt each time.
  const originMs = Number(process.hrtime.bigint() / 1_000n) / 1_000 - performance.now();
  return { wallMs: () => Date.now(), monotonicMs: () => originMs + performance.now() };
}

export const createSystemRandom = (): Random => (bytes) => new Uint8Array(randomBytes(bytes));

const scryptAside = promisify<string, Uint8Array, number, typeof pinCost, Buffer>(scrypt);
/** In a thread of Node's own, so that no lane waits for it. */
export const derivePin = (pin: string, salt: Uint8Array): Promise<Uint8Array> =>
  scryptAside(pin, salt, pinHashBytes, pinCost);

/** Timers that do not keep the process alive: what runs has a reader, a server or a signal of its own. */
export const createSystemTimer = (): Timer => ({
  after: (ms, fn) => {
    const timeout = setTimeout(fn, ms);
    timeout.unref();
    return () => clearTimeout(timeout);
  },
});

/** Names this start of the machine; changes with every power-on. Empty where the kernel does not say. */
export function readMachineBoot(path = '/proc/sys/kernel/random/boot_id'): string {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().slice(0, 64) : '';
}

// Goal: one call for staff a lane, however often somebody presses, until staff are there or nobody can be waiting any more.
import { describe, expect, test } from 'vitest';
import { createStaffCalls, type StaffCall } from '../../../gate-agent/src/staff-calls.ts';
import { createVirtualTime } from '../../support/virtual-time.ts';

function openCalls() {
  const { timer, clock, advance } = createVirtualTime();
  const told: (readonly StaffCall[])[] = [];
  const calls = createStaffCalls({
    lanes: () => ['one', 'two'],
    nowMs: clock.wallMs,
    timer,
    changed: (waiting) => void told.push(waiting),
  });
  return { calls, advance, told, nowMs: clock.wallMs };
}

describe('calls for staff', () => {
  test('stand once a lane, in the order in which people began to wait', async () => {
    const { calls, advance, told, nowMs } = openCalls();
    const startedMs = nowMs();
    expect(calls.call('two')).toEqual({ ok: true, value: undefined });
    await advance(5_000);
    calls.call('one');
    calls.call('two');
    expect(calls.waiting()).toEqual([
      { lane: 'two', sinceMs: startedMs },
      { lane: 'one', sinceMs: startedMs + 5_000 },
    ]);
    expect(told).toHaveLength(2);
    expect(calls.call('three')).toEqual({ ok: false, error: { type: 'lane-unknown' } });
  });

  test('end when staff are there, and may be made again', () => {
    const { calls, told } = openCalls();
    calls.call('one');
    calls.answer('two');
    calls.answer('one');
    calls.answer('one');
    expect(told.map((waiting) => waiting.length)).toEqual([1, 0]);
    calls.call('one');
    expect(calls.waiting()).toHaveLength(1);
  });

  test('are given up when nobody can be waiting any more', async () => {
    const { calls, advance } = openCalls();
    calls.call('one');
    await advance(9 * 60_000);
    expect(calls.waiting()).toHaveLength(1);
    await advance(60_000);
    expect(calls.waiting()).toEqual([]);
  });
});

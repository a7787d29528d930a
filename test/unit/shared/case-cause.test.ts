// Goal: the hint that a person reads first is the likeliest story, and the same on every replica.
import { likelyCause, type CauseEntry } from '@postern/shared';
import { expect, it } from 'vitest';
import { eveningMs } from '../../support/marks.ts';

const entry = (gate: string, seconds: number, fields: Partial<CauseEntry> = {}): CauseEntry => ({
  gate,
  zone: 'arena',
  atMs: eveningMs + seconds * 1_000,
  uncertaintyMs: 100,
  clockSource: 'server',
  correctedByMs: 0,
  ...fields,
});

it.each([
  ['the same gate within half a minute', [entry('gate-a', 0)], [entry('gate-a', 25)], 're-scanned'],
  [
    'the same gate, also when nobody has set its clock',
    [entry('gate-a', 0, { clockSource: 'none' })],
    [entry('gate-a', 9, { clockSource: 'none' })],
    're-scanned',
  ],
  ['the gate beside it within seconds', [entry('gate-a', 0)], [entry('gate-b', 12)], 're-scanned'],
  [
    'a gate of another zone within seconds',
    [entry('gate-a', 0)],
    [entry('gate-b', 12, { zone: 'vip' })],
    'copied-code',
  ],
  ['the gate beside it minutes later', [entry('gate-a', 0)], [entry('gate-b', 240)], 'copied-code'],
  ['the same gate minutes later', [entry('gate-a', 0)], [entry('gate-a', 240)], 'copied-code'],
  [
    'a gate that nobody has told the time',
    [entry('gate-a', 0)],
    [entry('gate-b', 240, { clockSource: 'none' })],
    'clock',
  ],
  [
    'a gate whose clock was corrected',
    [entry('gate-a', 0, { correctedByMs: -5_000 })],
    [entry('gate-b', 240)],
    'clock',
  ],
  [
    'a clock too unsure to tell people in a queue apart',
    [entry('gate-a', 0)],
    [entry('gate-b', 240, { uncertaintyMs: 30_000 })],
    'clock',
  ],
  ['one re-scan and one far away', [entry('gate-a', 0)], [entry('gate-a', 5), entry('gate-c', 900)], 'copied-code'],
] as const)('%s', (_name, fitting, misfits, cause) => {
  expect(likelyCause(fitting, misfits, false)).toBe(cause);
});

it('is the clock where two gates cannot say who was first', () => {
  expect(likelyCause([entry('gate-a', 0)], [entry('gate-b', 1)], true)).toBe('clock');
});

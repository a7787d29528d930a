// Simulated days in every run; `POSTERN_FAULTS=big` plays many. What must hold is in scripts/sim/referee.ts and judgement.ts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { loadLedger, ready, type Ledger } from '@postern/shared';
import type { WorldSize } from '../../scripts/sim/scenario.ts';
import { simulate, type SimulationResult } from '../../scripts/sim/simulation.ts';

const isBig = process.env['POSTERN_FAULTS'] === 'big';
const smallWorlds = isBig ? 2_000 : 25;
const venueDay: WorldSize = { gates: 20, hours: isBig ? 8 : 0.5 };

let ledger: Ledger;
beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});

/** What went wrong, if anything, with the command that plays it again. */
const complaints = ({ seed, violations }: SimulationResult): readonly string[] =>
  violations.map(({ invariant, detail }) => `seed ${seed}: ${invariant}: ${detail}`);

test(`${smallWorlds} small worlds violate no invariant, and everything that can go wrong in one does`, async () => {
  const happened = new Set<string>();
  for (let seed = 1; seed <= smallWorlds; seed++) {
    const result = await simulate({ seed, size: 'small', ledger });
    expect(complaints(result)).toEqual([]);
    expect(result.marks).toBeLessThanOrEqual(300);
    for (const kind of result.happened.keys()) happened.add(kind);
  }
  const faults = [
    'lose',
    'duplicate',
    'be-late',
    'overtaken',
    'cut-one-way',
    'cut-link',
    'partition',
    'power-cut',
    'unsynced-lost',
    'kill',
    'restore',
    'clone',
    'clock-drifts',
    'jump',
    'cloud-away',
    'stale-feed',
    'rotate-feed-key',
    'rotate-issuer-key',
    'revoke',
  ];
  const deeds = [
    'overridden',
    'undone',
    'lapsed',
    'denied',
    'bound',
    'corrected',
    'ordered',
    'lifted',
    'acknowledged',
    'recounted',
  ].map((kind) => `write-${kind}`);
  const attacks = ['forge', 'replay', 'alter', 'leave-out', 'tell-the-end', 'equivocate'];
  const defences = ['refuse-signature-invalid', 'refuse-payload-altered', 'refuse-equivocation', 'refuse-gate-revoked'];
  expect([...happened]).toEqual(
    expect.arrayContaining([
      ...faults,
      ...deeds,
      ...attacks,
      ...defences,
      'refuse-gap',
      'quarantine',
      'cut-back',
      'order-uncertain',
      'counted-on',
      'reach-1',
      'reach-2',
    ]),
  );
});

test(`a day of ${venueDay.gates} gates, each with a few neighbours, violates no invariant`, async () => {
  const result = await simulate({ seed: 1, size: venueDay, ledger });
  expect(complaints(result)).toEqual([]);
  expect(result.marks).toBeGreaterThan(100);
  // Word went on from gate to gate, and was looked for there.
  for (const hops of [1, 2, 3]) expect(result.happened.get(`reach-${hops}`)).toBeGreaterThan(0);
});

test('the same seed gives the same trace, another one another', async () => {
  const run = (seed: number): ReturnType<typeof simulate> => simulate({ seed, size: 'small', ledger });
  expect((await run(11)).traceHash).toBe((await run(11)).traceHash);
  expect((await run(11)).traceHash).not.toBe((await run(12)).traceHash);
});

test('the command says in JSON what it has found, and the trace does not depend on the number of threads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-sim-'));
  try {
    const run = (workers: number): Readonly<Record<string, unknown>> => {
      const file = join(folder, `${workers}.json`);
      const options = ['--seeds', '2', '--gates', '3', '--hours', '0.5', '--workers', String(workers), '--json', file];
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--conditions=source', '--import', 'tsx', 'scripts/simulate.ts', ...options],
        { encoding: 'utf8' },
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>;
    };
    const one = run(1);
    expect(Object.keys(one)).toEqual(['seeds', 'marks', 'simulatedHours', 'violations', 'traceHash']);
    expect(one).toMatchObject({ seeds: 2, violations: [] });
    expect(run(2)).toEqual(one);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

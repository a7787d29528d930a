// `npm run sim`: simulated events, one a seed. Prints a line a seed, and with --json FILE writes
// {"seeds","marks","simulatedHours","violations","traceHash"}. Exit code 1 when an invariant was violated.
//   --seeds N (20)   --gates G (3)   --hours H (8)   --seed S: only this one   --json FILE
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { bytesToHex, createSha256, loadLedger, ready, utf8 } from '@postern/shared';
import { simulate } from './sim/simulation.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    gates: { type: 'string', default: '3' },
    hours: { type: 'string', default: '8' },
    seed: { type: 'string' },
    json: { type: 'string' },
  },
});

function positive(name: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  console.error(`--${name} must be a whole number from 1 to ${max}, not "${text}"`);
  process.exit(2);
}

const gates = positive('gates', values.gates, 100);
const hours = positive('hours', values.hours, 1_000);
const seeds =
  values.seed === undefined
    ? Array.from({ length: positive('seeds', values.seeds, 1_000_000) }, (_, index) => index + 1)
    : [positive('seed', values.seed, 0xffff_ffff)];

console.log(
  `simulating ${gates} gates and a cloud for ${hours} h, ${seeds.length} seed${seeds.length === 1 ? '' : 's'}`,
);
await ready;
const ledger = await loadLedger();
const total = createSha256();
const violations: string[] = [];
let marks = 0;
for (const seed of seeds) {
  const result = await simulate({ seed, gates, hours, ledger });
  marks += result.marks;
  violations.push(...result.violations);
  total.update(utf8(result.traceHash));
  console.log(
    `seed ${String(seed).padStart(4)}  ${String(result.marks).padStart(6)} marks  trace ${result.traceHash.slice(0, 16)}  ${result.violations.length === 0 ? 'fine' : result.violations.join('; ')}`,
  );
}
const report = {
  seeds: seeds.length,
  marks,
  simulatedHours: seeds.length * hours,
  violations,
  traceHash: bytesToHex(total.digest()),
};
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
console.log(JSON.stringify(report));
process.exitCode = violations.length === 0 ? 0 : 1;

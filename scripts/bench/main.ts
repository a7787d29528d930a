// `npm run bench`: every figure beside its floor or rival of the same run. `--quick` takes about a minute, `--json FILE` writes
// the rows as a JSON array, `--only NAME` runs one part, `--gates N` sets how many a venue has, `--whole` goes on to the end where a part
// stops after a while. Exit code 1 when a bar is missed.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { benchCentral } from './central.ts';
import { benchCsv } from './csv.ts';
import { benchDashboard } from './dashboard.ts';
import { benchDecoding } from './decoding.ts';
import { benchFace } from './face.ts';
import { benchFeedBuild } from './feed-build.ts';
import { benchGeofence } from './geofence.ts';
import { benchHandheld } from './handheld.ts';
import { benchIngest } from './ingest.ts';
import { benchLedger } from './ledger.ts';
import { benchMesh } from './mesh.ts';
import { benchMethods } from './methods.ts';
import { benchDashboardPage } from './dashboard-page.ts';
import { benchMyTicket } from './my-ticket.ts';
import { benchNftMirror } from './nft-mirror.ts';
import { benchOperations } from './operations.ts';
import { benchPasses } from './passes.ts';
import { benchPretix } from './pretix.ts';
import { benchReaders } from './readers.ts';
import { benchReplication } from './replication.ts';
import { benchScan } from './scan.ts';
import { benchScreens } from './screens.ts';
import { benchSimulation } from './simulation.ts';
import { benchSnapshot } from './snapshot.ts';
import type { Bench, BenchRow } from './row.ts';

const parts: Readonly<Record<string, Bench>> = {
  passes: benchPasses,
  methods: benchMethods,
  decoding: benchDecoding,
  scan: benchScan,
  readers: benchReaders,
  snapshot: benchSnapshot,
  ledger: benchLedger,
  replication: benchReplication,
  mesh: benchMesh,
  'nft-mirror': benchNftMirror,
  central: benchCentral,
  geofence: benchGeofence,
  face: benchFace,
  handheld: benchHandheld,
  ingest: benchIngest,
  'feed-build': benchFeedBuild,
  'dashboard-page': benchDashboardPage,
  'my-ticket': benchMyTicket,
  dashboard: benchDashboard,
  screens: benchScreens,
  operations: benchOperations,
  csv: benchCsv,
  pretix: benchPretix,
  simulation: benchSimulation,
};

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    whole: { type: 'boolean', default: false },
    json: { type: 'string' },
    only: { type: 'string' },
    gates: { type: 'string' },
  },
});
if (values.only !== undefined && parts[values.only] === undefined) {
  console.error(`bench: --only takes one of ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}

console.log(
  `${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${process.platform} ${process.arch}`,
);
const rows: BenchRow[] = [];
for (const [name, bench] of Object.entries(parts)) {
  if (values.only !== undefined && values.only !== name) continue;
  console.log(`\n${name} …`);
  const partRows = await bench({
    quick: values.quick,
    whole: values.whole,
    ...(values.gates === undefined ? {} : { gates: Number(values.gates) }),
  });
  for (const row of partRows) console.log(formatRow(row));
  rows.push(...partRows);
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
const missed = rows.filter((row) => row.holds === false);
console.log(
  missed.length === 0 ? '\nevery bar is met' : `\n${missed.length} missed: ${missed.map((row) => row.name).join('; ')}`,
);
process.exit(missed.length === 0 ? 0 : 1);

/** One line of the table: verdict, name, value, baseline, ratio, bar. */
function formatRow({ name, value, unit, baseline, ratio, bar, holds }: BenchRow): string {
  const verdict = holds === null ? ' ' : holds ? '✓' : '✗';
  const beside = baseline === null ? '' : `beside ${formatNumber(baseline)}`;
  return [
    ` ${verdict} ${name.padEnd(74)}`,
    `${formatNumber(value)} ${unit}`.padStart(20),
    beside.padEnd(18),
    (ratio === null ? '' : `${ratio.toFixed(2)} x`).padStart(9),
    bar,
  ]
    .join('  ')
    .trimEnd();
}

function formatNumber(value: number): string {
  return Math.abs(value) >= 100
    ? Math.round(value).toLocaleString('en')
    : value.toFixed(Number.isInteger(value) ? 0 : 2);
}

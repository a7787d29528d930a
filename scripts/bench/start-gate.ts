// A gate's process from its start to its first admission, for snapshot.ts: opens the feed in the given folder, admits one ticket and
// says how long it took since the process began and how much memory it holds. Arguments: folder, pass text.
import { ready } from '@postern/shared';
import { createBenchGate, openBenchFeed } from './gate-rig.ts';

const [folder = '', text = ''] = process.argv.slice(2);
await ready;
const loadedMs = performance.now();
const gate = createBenchGate(folder, await openBenchFeed(folder));
const { decision } = await gate.scan(text);
const admittedMs = performance.now();
await gate.close();
console.log(
  JSON.stringify({ decision: decision.kind, loadedMs, admittedMs, residentBytes: process.memoryUsage().rss }),
);

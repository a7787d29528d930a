// A process that only admits: one ticket after the other through the real store, a line on standard output for each one that is
// durable. Started, starved, cut off and killed by the fault tests. Arguments: folder, number of admissions, key of a sealed disk.
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGateStore } from '../../gate-agent/src/store/store.ts';
import { createSystemClock } from '../../gate-agent/src/system.ts';
import { samplePolicy, silentLogger } from '../support/gate-rig.ts';

const [folder = '', countText = '0', key] = process.argv.slice(2);
const clock = createSystemClock();
const boot = randomBytes(8).toString('hex');
const store = createGateStore({
  journalPath: join(folder, 'journal.db'),
  replicaPath: join(folder, 'replica.db'),
  key,
  event: samplePolicy.event,
  gate: 'gate-1',
  boot,
  clock,
  logger: silentLogger,
  timer: {
    after: (ms, fn) => {
      const timer = setTimeout(fn, ms);
      return () => clearTimeout(timer);
    },
  },
  time: () => ({ nowMs: Math.floor(clock.wallMs()), trusted: true, source: 'server', uncertaintyMs: 20 }),
  policy: () => samplePolicy,
  ticket: () => undefined,
});
/** One write call a line: whoever reads knows of everything that was said before the end. */
const say = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);

say({ started: store.healthy() });
for (let index = 0; index < Number(countText); index++) {
  const ticketId = randomBytes(16).toString('hex');
  const answer = await store.admit(ticketId, () => ({
    decision: 'admit',
    mark: {
      kind: 'admitted',
      event: samplePolicy.event,
      lane: 'a',
      ticketId,
      epoch: 0,
      method: 'qr',
      ticketType: 1,
      zone: 'main',
      uses: 1,
      outOfTouch: false,
      peersReachable: 0,
    },
  }));
  if (answer.ok) say({ acknowledged: { boot, sequence: answer.value.mark?.sequence, ticketId } });
  else {
    say({ failed: answer.error.type });
    const stopped = await store.admit(ticketId, () => ({ decision: 'admit', mark: undefined }));
    if (!stopped.ok) say({ afterwards: stopped.error.type });
    const reopened = await store.reopen();
    say({ reopened: reopened.ok });
    if (!reopened.ok) await sleep(20);
  }
  // Now and then the idle work of a real gate, so that faults meet checkpoints too.
  if (index % 100 === 99) await sleep(300);
}
// No orderly end: closing would tidy up what the tests want to find.
process.kill(process.pid, 'SIGKILL');

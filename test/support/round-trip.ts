// How long the way between two machines of a network lab is, there and back, on the clock of the one that asks: as long as it takes to open a
// TCP connection, which needs nobody's answer but the other kernel's.
import { spawnSync } from 'node:child_process';
import type { NetworkLab } from '../../scripts/lib/network-lab.ts';

const deadlineMs = 60_000;

export function measureRoundTripsMs(
  lab: NetworkLab,
  from: number,
  to: { readonly machine: number; readonly port: number },
  times: number,
): readonly number[] {
  const connects = `
    const { connect } = require('node:net');
    const once = () => new Promise((resolve, reject) => {
      const started = performance.now();
      const socket = connect(${to.port}, '${lab.addressOf(to.machine)}', () => {
        resolve(performance.now() - started);
        socket.destroy();
      });
      socket.on('error', reject);
    });
    (async () => {
      const all = [];
      for (let time = 0; time < ${times}; time++) all.push(await once());
      console.log(JSON.stringify(all));
    })();`;
  const [program = '', ...before] = lab.at(from);
  const { status, stdout, stderr, error } = spawnSync(program, [...before, process.execPath, '--eval', connects], {
    encoding: 'utf8',
    timeout: deadlineMs,
  });
  if (status !== 0) throw new Error(`no way from ${from} to ${to.machine}: ${error?.message ?? stderr.trim()}`);
  return JSON.parse(stdout) as readonly number[];
}

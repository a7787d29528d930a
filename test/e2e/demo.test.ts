// Goal: `npm start` does what it says on a machine with nobody at the keyboard: it plays to the end, its last line is counted from
// the databases and right, and whatever way it ends it leaves no process behind.
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { journalPath } from '../../gate-agent/src/event-folder.ts';
import { countAll } from '../../scripts/demo/counts.ts';
import { describeOrReport, missingPrograms } from '../support/not-run.ts';
import { startDemo, waitUntil, type DemoProcess } from '../support/demo-process.ts';

const childrenGoneMsMax = 15_000;
const timeoutMs = 150_000;

describeOrReport('the demo', missingPrograms('ffmpeg'), () => {
  let demo: DemoProcess | undefined;
  afterEach(async () => {
    await demo?.clean();
    demo = undefined;
  });

  test(
    'in twenty seconds it plays the whole story, and its last line is what the databases hold',
    async () => {
      demo = startDemo({ POSTERN_DEMO_SECONDS: '20', POSTERN_DEMO_PORT: '18100' });
      const { code, errors } = await demo.ended;
      expect({ code, errors }).toEqual({ code: 0, errors: '' });
      expect(demo.lines.filter((line) => line.startsWith('ready: http://127.0.0.1:'))).toHaveLength(1);

      const last = JSON.parse(demo.lines.at(-1) ?? '') as Record<string, number>;
      expect(Object.keys(last)).toEqual(['admitted', 'refused', 'held', 'doubleEntries', 'marks', 'lost']);
      const folder = join(demo.parentFolder, readdirSync(demo.parentFolder)[0] ?? '');
      const { totals, pairs } = countAll(
        [journalPath(join(folder, 'gate-a'), 1), journalPath(join(folder, 'gate-b'), 1)],
        join(folder, 'cloud/cloud.db'),
      );
      expect(last).toEqual(totals);
      expect(pairs).toBe(1);
      expect(last).toMatchObject({ held: 1, doubleEntries: 1, lost: 0 });
      // The essential visitors: 401, 407, 406, 417 twice, 413 and 415 enter; the forgery and two copies do not.
      expect(last['admitted']).toBeGreaterThanOrEqual(7);
      expect(last['refused']).toBeGreaterThanOrEqual(3);
      expect(demo.children()).toEqual(new Map());
    },
    timeoutMs,
  );

  test(
    'a busy port is passed over for the next free one, and Ctrl-C ends the demo without a failure',
    async () => {
      const busy = createServer().listen(18_200, '127.0.0.1');
      await once(busy, 'listening');
      demo = startDemo({ POSTERN_DEMO_PORT: '18200' });
      const [, port] = await demo.line(/^ready: http:\/\/127\.0\.0\.1:(\d+)\//);
      busy.close();
      expect(Number(port)).toBeGreaterThan(18_200);
      expect((await fetch(`http://127.0.0.1:${port}/events`)).status).toBe(200);
      demo.kill('SIGINT');
      expect((await demo.ended).code).toBe(0);
      expect(demo.children()).toEqual(new Map());
    },
    timeoutMs,
  );

  test(
    'SIGTERM ends it and everything it started',
    async () => {
      demo = startDemo({ POSTERN_DEMO_PORT: '18300' });
      const running = demo;
      await running.line(/^ready: /);
      // The cloud, two gates, and an ffmpeg for each camera.
      expect(await waitUntil(() => running.children().size >= 5, childrenGoneMsMax)).toBe(true);
      running.kill('SIGTERM');
      expect((await running.ended).code).toBe(143);
      expect(running.children()).toEqual(new Map());
    },
    timeoutMs,
  );

  test(
    'when it is killed without a word its children end as well',
    async () => {
      demo = startDemo({ POSTERN_DEMO_PORT: '18400' });
      const running = demo;
      await running.line(/^ready: /);
      running.kill('SIGKILL');
      await running.ended;
      expect(await waitUntil(() => running.children().size === 0, childrenGoneMsMax)).toBe(
        existsSync('/usr/bin/setpriv'),
      );
    },
    timeoutMs,
  );

  test(
    'a wrong setting is one line that says what would be right',
    async () => {
      demo = startDemo({ POSTERN_DEMO_SECONDS: 'soon' });
      const { code, errors } = await demo.ended;
      expect(code).toBe(1);
      expect(errors).toContain('POSTERN_DEMO_SECONDS=soon: must be a number over 0, at most 3600');
    },
    timeoutMs,
  );
});

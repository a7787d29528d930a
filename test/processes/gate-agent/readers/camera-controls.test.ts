// With a stand-in for v4l2-ctl: no real camera is asked.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { setCameraControls } from '../../../../gate-agent/src/readers/camera-controls.ts';
import { temporaryFolder } from '../../../support/gate-store-harness.ts';

function standIn(script: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'v4l2-ctl'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'v4l2-ctl'), 0o755);
  const path = process.env['PATH'];
  process.env['PATH'] = `${folder}${delimiter}${path ?? ''}`;
  onTestFinished(() => void (process.env['PATH'] = path));
  return folder;
}
const controls = [
  { name: 'auto_exposure', value: 1 },
  { name: 'exposure_time_absolute', value: 80 },
];

test('the driver is told everything at once', async () => {
  const folder = standIn('echo "$@" > "$(dirname "$0")/asked"');
  await setCameraControls('/dev/video7', controls);
  expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe(
    '-d /dev/video7 -c auto_exposure=1,exposure_time_absolute=80\n',
  );
});

test('what the driver has against it is in the message, with how to see what it takes', async () => {
  standIn('echo "unknown control \'auto_exposure\'" >&2; exit 1');
  await expect(setCameraControls('/dev/video7', controls)).rejects.toThrow(
    /unknown control 'auto_exposure'; what it takes: v4l2-ctl -d \/dev\/video7 -L/,
  );
});

test('without controls nothing is run', async () => {
  standIn('exit 1');
  await setCameraControls('/dev/video7', []);
});

// Goal: whoever tests a reader that is not there stays at the command and reads why, until they interrupt it.
import { expect, test, vi } from 'vitest';
import { startGateCommand } from '../../../support/gate-process.ts';

test('a device that is not there is said and waited for; Ctrl-C ends with 1', async () => {
  const { out, ended, interrupt } = startGateCommand([], 'test-reader', 'evdev:///dev/input/by-id/not-plugged-in');
  await vi.waitFor(() => expect(out()).toContain('restarting: /dev/input/by-id/not-plugged-in'), { timeout: 60_000 });
  interrupt();
  expect(await ended).toMatchObject({ code: 1, out: expect.stringMatching(/^0 arrived$/m) });
});

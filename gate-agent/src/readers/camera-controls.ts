// Sets what a USB camera's driver offers (exposure, gain, focus, lamp) before its frames are read, by v4l2-ctl: `v4l2-ctl -d DEVICE -L`
// lists a camera's own names and values. Again at every start of the reader: a camera that was unplugged has forgotten them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readerFault } from './frame.ts';

export interface CameraControl {
  readonly name: string;
  readonly value: number;
}

const run = promisify(execFile);
const timeoutMs = 5_000;

/** Rejects with a ReaderFault that says what v4l2-ctl has against it. */
export async function setCameraControls(device: string, controls: readonly CameraControl[]): Promise<void> {
  if (controls.length === 0) return;
  const wanted = controls.map(({ name, value }) => `${name}=${value}`).join(',');
  try {
    await run('v4l2-ctl', ['-d', device, '-c', wanted], { timeout: timeoutMs });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      throw readerFault('program-missing', 'v4l2-ctl is not installed: sudo apt-get install v4l-utils');
    const complaint = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause);
    throw readerFault(
      'camera-failed',
      `${device} does not take ${wanted}: ${complaint.split('\n').at(-1)?.slice(0, 200) ?? ''}; what it takes: v4l2-ctl -d ${device} -L`,
    );
  }
}

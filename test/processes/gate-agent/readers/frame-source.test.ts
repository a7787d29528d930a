import { expect, test } from 'vitest';
import {
  complaintCharsMax,
  runFrameSource,
  type FrameCommand,
} from '../../../../gate-agent/src/readers/frame-source.ts';
import type { GreyFrame } from '../../../../gate-agent/src/readers/frame.ts';

/** A program that runs `script` in Node, in place of ffmpeg. */
const script = (text: string, more: Partial<FrameCommand> = {}): FrameCommand => ({
  program: process.execPath,
  args: ['-e', text],
  shape: { type: 'pgm' },
  ...more,
});
const frameOf4 = `process.stdout.write('P5\\n2 2\\n255\\nabcd')`;
const never = new AbortController().signal;

test('frames come out, and the end says how the program ended', async () => {
  const frames: GreyFrame[] = [];
  const end = await runFrameSource(
    script(`${frameOf4}; ${frameOf4}; console.error('a warning'); process.exitCode = 3`),
    (frame) => void frames.push(frame),
    never,
  );
  expect(frames.map(({ grey }) => Buffer.from(grey).toString())).toEqual(['abcd', 'abcd']);
  expect(end).toEqual({ frames: 2, exitCode: 3, complaint: 'a warning', cutOff: false });
});

test('a stream that ends inside a frame is reported as cut off', async () => {
  const end = await runFrameSource(script(`process.stdout.write('P5\\n2 2\\n255\\nabc')`), () => undefined, never);
  expect(end).toMatchObject({ frames: 0, cutOff: true });
});

test('a program that does not exist is a fault that says what to install', async () => {
  await expect(
    runFrameSource({ program: 'rpicam-vid-is-not-here', args: [], shape: { type: 'pgm' } }, () => undefined, never),
  ).rejects.toMatchObject({
    type: 'program-missing',
    message: expect.stringMatching(/not installed: sudo apt-get install .*doctor/),
  });
});

test('what is no frame is a fault, and the program that writes it for ever is ended', async () => {
  await expect(
    runFrameSource(script(`setInterval(() => process.stdout.write('x'.repeat(1e5)), 1)`), () => undefined, never),
  ).rejects.toMatchObject({ type: 'frame-garbled' });
});

test('a program that goes silent is a fault where silence is not normal', async () => {
  await expect(
    runFrameSource(script(`${frameOf4}; setInterval(() => {}, 1000)`, { stallMs: 30 }), () => undefined, never),
  ).rejects.toMatchObject({ type: 'camera-stalled' });
});

test('stderr is kept up to its limit', async () => {
  const end = await runFrameSource(
    script(`process.stderr.write('e'.repeat(1e6) + 'last words')`),
    () => undefined,
    never,
  );
  expect(end.complaint).toHaveLength(complaintCharsMax);
  expect(end.complaint.endsWith('last words')).toBe(true);
});

test('an abort ends even a program that ignores SIGTERM, and nothing of it remains', async () => {
  const stop = new AbortController();
  let pid = 0;
  const stubborn = script(
    `process.on('SIGTERM', () => {}); process.stdout.write('P5\\n4 2\\n255\\n' + String(process.pid).padStart(8)); setInterval(() => {}, 1000)`,
  );
  const end = await runFrameSource(
    stubborn,
    (frame) => {
      pid = Number(Buffer.from(frame.grey).toString());
      stop.abort();
    },
    stop.signal,
  );
  expect(end.exitCode).toBeUndefined();
  expect(pid).toBeGreaterThan(1);
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('while a frame is handled the program has to wait', async () => {
  const order: string[] = [];
  const bigFrame = `process.stdout.write(Buffer.concat([Buffer.from('P5\\n1000 1000\\n255\\n'), Buffer.alloc(1e6, 65)]))`;
  const running = runFrameSource(
    script(`${bigFrame}; ${bigFrame}; ${bigFrame}`),
    () => {
      order.push('frame');
      return new Promise<void>((resolve) => {
        setImmediate(() => {
          order.push('handled');
          resolve();
        });
      });
    },
    never,
  );
  expect(await running).toMatchObject({ frames: 3, exitCode: 0 });
  expect(order).toEqual(['frame', 'handled', 'frame', 'handled', 'frame', 'handled']);
});

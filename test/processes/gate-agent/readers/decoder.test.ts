import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { createDecoder, waitingFramesMax, type DecodeEffort } from '../../../../gate-agent/src/readers/decoder.ts';
import {
  renderCodeFrame,
  renderEmptyFrame,
  renderModules,
  type FrameLook,
  type GreyFrame,
} from '../../../../scripts/lib/render-code-frame.ts';
import { aztec, code128, latin1Qr, microQr, pdf417, type SymbolFixture } from '../../../fixtures/symbols.ts';

const text = `PN1:${'ABC123XYZ$'.repeat(17)}`;

describe('what is read', () => {
  const decoder = createDecoder();
  afterAll(() => decoder.close());

  const read = async (frame: GreyFrame, effort: DecodeEffort = 'thorough') => {
    const decoded = await decoder.decode(frame, effort);
    if (!decoded.ok) throw new Error(decoded.error.type);
    return decoded.value;
  };
  const renderSymbol = ({ rows, rowHeight }: SymbolFixture, look: FrameLook = {}): GreyFrame =>
    renderModules(rows, {
      modulePx: 2,
      moduleHeightPx: 2 * rowHeight,
      quietModules: 10,
      noiseSd: 4,
      width: 640,
      height: 480,
      ...look,
    });

  test('QR, Code 128, PDF417 and Aztec are read, upright and on their side', async () => {
    for (const symbol of [code128, pdf417, aztec])
      for (const rotationDeg of [0, 90]) {
        const { codes } = await read(renderSymbol(symbol, { rotationDeg }));
        expect(codes.map((code) => [code.text, code.format])).toEqual([[symbol.text, symbol.format]]);
      }
    expect((await read(renderCodeFrame({ text }), 'quick')).codes).toMatchObject([{ text, format: 'QRCode' }]);
  });

  test('Micro QR is switched off', async () => {
    expect((await read(renderSymbol(microQr, { modulePx: 6, moduleHeightPx: 6 }))).codes).toEqual([]);
  });

  test('bytes that are UTF-8 are text, others become one character a byte', async () => {
    expect((await read(renderCodeFrame({ text: 'Grüße 🎟' }))).codes[0]?.text).toBe('Grüße 🎟');
    expect((await read(renderSymbol(latin1Qr))).codes[0]?.text).toBe('Müller 0417');
  });

  test('the corners are where the code is, also when a filter turned or enlarged the frame', async () => {
    const frames: readonly [DecodeEffort, ReturnType<typeof renderCodeFrame>][] = [
      ['quick', renderCodeFrame({ text, rotationDeg: 30 })],
      ['enlarged', renderCodeFrame({ text, rotationDeg: 10, modulePx: 3 })],
      [
        'tilted-right',
        renderModules(pdf417.rows, { modulePx: 3, moduleHeightPx: 9, quietModules: 10, rotationDeg: 12 }),
      ],
    ];
    for (const [effort, frame] of frames) {
      const code = (await read(frame, effort)).codes[0];
      frame.corners.forEach(({ x, y }, index) => {
        expect(Math.hypot((code?.corners[index]?.x ?? 0) - x, (code?.corners[index]?.y ?? 0) - y)).toBeLessThan(8);
      });
    }
  });

  test('each look reads frames that the quick one cannot', async () => {
    const difficult: readonly [DecodeEffort, GreyFrame][] = [
      ['turned', renderCodeFrame({ text, dark: 225, light: 30 })],
      ['smoothed', renderCodeFrame({ text, dark: 5, light: 40, background: 10, noiseSd: 8, rotationDeg: 7 })],
      [
        'enlarged',
        renderModules(code128.rows, {
          modulePx: 1.3,
          moduleHeightPx: 80,
          quietModules: 10,
          noiseSd: 8,
          rotationDeg: 4,
        }),
      ],
      ['sharpened', renderCodeFrame({ text, modulePx: 2, blurPx: 0.8, noiseSd: 8, rotationDeg: 7 })],
      ['deblurred', renderCodeFrame({ text, blurPx: 2, noiseSd: 8, rotationDeg: 7 })],
      [
        'tilted-right',
        renderModules(pdf417.rows, { modulePx: 3, moduleHeightPx: 9, quietModules: 10, rotationDeg: 12 }),
      ],
      [
        'tilted-left',
        renderModules(pdf417.rows, { modulePx: 3, moduleHeightPx: 9, quietModules: 10, rotationDeg: -12 }),
      ],
    ];
    for (const [look, frame] of difficult) {
      expect(
        (await read({ ...frame, grey: frame.grey.slice() }, 'quick')).codes,
        `quick look at what ${look} is for`,
      ).toEqual([]);
      expect((await read({ ...frame, grey: frame.grey.slice() }, look)).codes, look).toHaveLength(1);
      expect((await read(frame, 'thorough')).codes, 'thorough').toHaveLength(1);
    }
  });

  test('an empty frame holds no code, and its pixels come back unchanged', async () => {
    const frame = renderEmptyFrame();
    const copy = frame.grey.slice();
    const decoded = await read(frame);
    expect(decoded.codes).toEqual([]);
    expect(decoded.frame.grey).toEqual(copy);
  });

  test('a frame whose size does not fit its pixels, or beyond the limit, is refused', async () => {
    for (const frame of [
      { width: 10, height: 10, grey: new Uint8Array(99) },
      { width: 4_096, height: 4_096, grey: new Uint8Array(4_096 * 4_096) },
    ])
      expect(await decoder.decode(frame, 'quick')).toMatchObject({ ok: false, error: { type: 'frame-too-large' } });
  });
});

describe('threads that misbehave', () => {
  const frame = (): GreyFrame => ({ width: 2, height: 2, grey: new Uint8Array(4) });
  const worker = (code: string): Worker =>
    new Worker(`const { parentPort } = require('node:worker_threads'); parentPort.on('message', (m) => { ${code} })`, {
      eval: true,
    });
  const answering = `parentPort.postMessage({ id: m.id, codes: [], decodeMs: 1, grey: m.frame.grey })`;

  test('a thread that crashes costs its frame; the next one is decoded by a new thread', async () => {
    const started: string[] = [];
    const decoder = createDecoder({
      startWorker: () => worker(started.push('thread') === 1 ? `throw new Error('wasm trap')` : answering),
    });
    expect(await decoder.decode(frame(), 'quick')).toEqual({
      ok: false,
      error: { type: 'decoder-crashed', cause: 'wasm trap' },
    });
    expect(await decoder.decode(frame(), 'quick')).toMatchObject({ ok: true });
    expect(started).toHaveLength(2);
    await decoder.close();
  });

  test('a thread that hangs is given up', async () => {
    const decoder = createDecoder({ startWorker: () => worker('for (;;);'), decodeTimeoutMs: 20 });
    expect(await decoder.decode(frame(), 'quick')).toEqual({
      ok: false,
      error: { type: 'decoder-timeout', afterMs: 20 },
    });
    await decoder.close();
  });

  test('the queue is bounded, and closing answers everything that waits', async () => {
    const decoder = createDecoder({ startWorker: () => worker('') });
    const answers = Array.from({ length: waitingFramesMax + 2 }, () => decoder.decode(frame(), 'quick'));
    expect(await answers.at(-1)).toEqual({ ok: false, error: { type: 'decoder-busy' } });
    await decoder.close();
    const types = (await Promise.all(answers)).map((answer) => (answer.ok ? 'ok' : answer.error.type));
    expect(new Set(types.slice(0, -1))).toEqual(new Set(['decoder-closed']));
    expect(await decoder.decode(frame(), 'quick')).toEqual({ ok: false, error: { type: 'decoder-closed' } });
  });
});

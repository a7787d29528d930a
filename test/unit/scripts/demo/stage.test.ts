// Goal: at one gate one person at a time: what the story tells of a decision names whoever stood there, a visitor, a pasted text or a
// person with their own webcam.
import { expect, test } from 'vitest';
import { sleep, type LaneEvent, type LaneState, type Mark } from '@postern/shared';
import type { Camera } from '../../../../scripts/demo/camera.ts';
import type { Gate } from '../../../../scripts/demo/gate.ts';
import type { Clip } from '../../../../scripts/demo/painter.ts';
import { createStage, type DemoStage } from '../../../../scripts/demo/stage.ts';
import type { GateName, Visit } from '../../../../scripts/demo/story.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const clip: Clip = { arriving: [], held: [] };
const visitor: Visit = { gate: 'a', ticket: 401, showing: 'own', handling: {}, manner: 'held straight' };
const signal = new AbortController().signal;

/** A stage with two gates that decide only when a test says so. */
function createRig(): {
  readonly stage: DemoStage;
  readonly titles: readonly string[];
  readonly webcam: (on: boolean) => void;
  readonly laneIs: (name: LaneState['name']) => void;
  /** Gate A decides about what its camera sees. */
  readonly decide: () => void;
  readonly shown: () => boolean;
  /** Gate B has, or has not, heard of what happened at gate A. */
  readonly heard: (has: boolean) => void;
  readonly cut: () => void;
  readonly advance: (ms: number) => Promise<void>;
} {
  const time = createVirtualTime();
  const titles: string[] = [];
  const listeners = new Set<(event: LaneEvent) => void>();
  let [webcamIsOn, inFront, hasHeard, isCut] = [false, false, true, false];
  let lane: LaneState['name'] = 'idle';
  const gate = {
    title: 'Gate A',
    running: () => true,
    laneState: () => ({ name: lane }) as LaneState,
    hold: () => undefined,
    status: async () => ({ historyHash: 'a', noContactSinceMs: undefined }),
    onEvent: (listener: (event: LaneEvent) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  } as Gate;
  const camera = {
    show: () => (inFront = true),
    clear: () => (inFront = false),
    webcamIsOn: () => webcamIsOn,
  } as unknown as Camera;
  const other = {
    ...gate,
    onEvent: () => () => undefined,
    status: async () => ({ historyHash: hasHeard ? 'a' : 'b', noContactSinceMs: undefined }),
  } as Gate;
  const gates: Readonly<Record<GateName, Gate>> = { a: gate, b: other };
  const stage = createStage({
    gates,
    cameras: { a: camera, b: camera },
    network: { isCut: () => isCut, cut: () => undefined, heal: () => undefined } as never,
    painter: { paint: () => Promise.resolve(clip), close: () => Promise.resolve() },
    textOf: () => 'PN1:…',
    tell: ({ title }) => void titles.push(title),
    wallMs: time.clock.wallMs,
    sleep: (ms, stop) => sleep(time.timer, ms, stop),
    timeZone: 'UTC',
    holdPatienceMs: 1_000,
    lookMs: 1_000,
  });
  const decision: LaneEvent = {
    type: 'decision',
    lane: 'main',
    decision: { kind: 'refuse', refusal: { type: 'not-a-ticket' } },
    mark: undefined as Mark | undefined,
    verifyMs: 1,
    commitMs: 1,
    decodeMs: 1,
    atMs: 0,
  };
  return {
    stage,
    titles,
    webcam: (on) => (webcamIsOn = on),
    laneIs: (name) => (lane = name),
    decide: () => {
      for (const listener of listeners) listener(decision);
    },
    shown: () => inFront,
    heard: (has) => (hasHeard = has),
    cut: () => (isCut = true),
    advance: time.advance,
  };
}

test('a visitor does not step in front of somebody who holds a code to their webcam', async () => {
  const { stage, titles, webcam, decide, shown, advance } = createRig();
  webcam(true);
  const visit = stage.visit(visitor, signal);
  await advance(3_000);
  expect(shown()).toBe(false);
  decide();
  expect(titles).toEqual([expect.stringContaining('your webcam')]);

  webcam(false);
  await advance(100);
  expect(shown()).toBe(true);
  decide();
  await advance(10_000);
  await visit;
  expect(titles.slice(1)).toEqual([expect.stringContaining('ticket 0401')]);
  expect(shown()).toBe(false);
});

test('a pasted text waits for the visitor who stands there, and is told as its own', async () => {
  const { stage, titles, decide, advance } = createRig();
  const visit = stage.visit(visitor, signal);
  await advance(100);
  const text = stage.showText('a', 'Hello');
  await advance(500);
  decide();
  await advance(1_500);
  await visit;
  decide();
  await advance(3_000);
  expect(await text).toBeUndefined();
  expect(titles).toEqual([expect.stringContaining('ticket 0401'), expect.stringContaining('your text')]);
});

test('a lane that stays busy sends a visitor away, and says so to a person', async () => {
  const { stage, titles, laneIs, shown, advance } = createRig();
  laneIs('held');
  const visit = stage.visit(visitor, signal);
  const text = stage.showText('a', 'Hello');
  await advance(30_000);
  await visit;
  expect(await text).toBe('Somebody else is at Gate A; try again');
  expect(titles).toEqual([]);
  expect(shown()).toBe(false);
});

test('a copy that is to be refused comes when both gates know of the entry, and stays away when they cannot', async () => {
  const { stage, heard, cut, shown, advance } = createRig();
  heard(false);
  void stage.visit({ ...visitor, showing: 'copy' }, signal);
  await advance(3_000);
  expect(shown()).toBe(false);
  heard(true);
  await advance(100);
  expect(shown()).toBe(true);
  await advance(20_000);

  heard(false);
  const tooEarly = stage.visit({ ...visitor, showing: 'copy' }, signal);
  await advance(1_000);
  cut();
  await advance(100);
  await tooEarly;
  expect(shown()).toBe(false);
});

test('while the network is cut nobody can hear, and the copy comes at once', async () => {
  const { stage, heard, cut, shown, advance } = createRig();
  heard(false);
  cut();
  void stage.visit({ ...visitor, showing: 'copy' }, signal);
  await advance(100);
  expect(shown()).toBe(true);
  await advance(20_000);
});

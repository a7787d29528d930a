// Goal: the story is played in order and on time, by itself or by hand, and one gate never sees two visitors at once.
import { expect, test } from 'vitest';
import { createDirector, type Stage } from '../../../../scripts/demo/director.ts';
import { planStory, type Chapter, type Visit } from '../../../../scripts/demo/story.ts';

/** Time that passes only while the director waits. */
function createFakeTime(): {
  readonly elapsedMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly run: (play: Promise<void>) => Promise<void>;
} {
  let now = 0;
  let sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  return {
    elapsedMs: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted || ms <= 0) return resolve();
        const sleeper = { atMs: now + ms, wake: resolve };
        sleepers.push(sleeper);
        signal.addEventListener(
          'abort',
          () => {
            sleepers = sleepers.filter((other) => other !== sleeper);
            resolve();
          },
          { once: true },
        );
      }),
    run: async (play) => {
      let done = false;
      void play.then(() => (done = true));
      while (!done) {
        await new Promise((resolve) => setImmediate(resolve));
        const next = sleepers.toSorted((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) continue;
        sleepers = sleepers.filter((other) => other !== next);
        now = next.atMs;
        next.wake();
      }
    },
  };
}

interface Happened {
  readonly atMs: number;
  readonly what: string;
}

function createFakeStage(
  time: ReturnType<typeof createFakeTime>,
  visitMs: number,
): { readonly stage: Stage; readonly happened: Happened[]; readonly crowded: () => boolean } {
  const happened: Happened[] = [];
  const atGate = { a: 0, b: 0 };
  let crowded = false;
  return {
    happened,
    crowded: () => crowded,
    stage: {
      begin: async (chapter) => void happened.push({ atMs: time.elapsedMs(), what: chapter }),
      visit: async ({ gate, ticket }: Visit) => {
        crowded ||= ++atGate[gate] > 1;
        happened.push({ atMs: time.elapsedMs(), what: `${ticket}@${gate}` });
        await time.sleep(visitMs, new AbortController().signal);
        atGate[gate]--;
      },
    },
  };
}

const chapters = planStory(60);

test('by itself every chapter begins at its time and every planned visitor comes', async () => {
  const time = createFakeTime();
  const { stage, happened, crowded } = createFakeStage(time, 1_000);
  await time.run(createDirector(chapters, { stage, ...time }).play(new AbortController().signal));
  const begun = happened.filter(({ what }) => chapters.some(({ name }) => name === what));
  expect(begun.map(({ atMs, what }) => [what, atMs])).toEqual(chapters.map(({ name, atMs }) => [name, atMs]));
  expect(happened.length - begun.length).toBe(chapters.flatMap(({ visits }) => visits).length);
  expect(crowded()).toBe(false);
});

test('slow visitors delay the ones behind them and the next chapter instead of meeting them', async () => {
  const time = createFakeTime();
  const { stage, happened, crowded } = createFakeStage(time, 4_500);
  await time.run(createDirector(chapters, { stage, ...time }).play(new AbortController().signal));
  expect(crowded()).toBe(false);
  expect(happened.filter(({ what }) => what.includes('@')).length).toBe(
    chapters.flatMap(({ visits }) => visits).length,
  );
});

test("pressing the next chapter's button begins it now; pressing another one changes nothing", async () => {
  const time = createFakeTime();
  const { stage, happened } = createFakeStage(time, 100);
  const short: readonly Chapter[] = chapters.map(({ name, atMs }) => ({ name, atMs, visits: [] }));
  const director = createDirector(short, { stage, ...time });
  const playing = director.play(new AbortController().signal);
  await new Promise((resolve) => setImmediate(resolve));
  director.advance('heal');
  director.advance('cut');
  await time.run(playing);
  expect(happened.map(({ what, atMs }) => [what, atMs]).slice(0, 3)).toEqual([
    ['doors', 0],
    ['cut', 0],
    ['kill', 30_000],
  ]);
});

test('an abort ends the play', async () => {
  const time = createFakeTime();
  const { stage, happened } = createFakeStage(time, 100);
  const ending = new AbortController();
  const playing = createDirector(chapters, { stage, ...time }).play(ending.signal);
  ending.abort();
  await time.run(playing);
  expect(happened.map(({ what }) => what)).not.toContain('cut');
});

// Plays the story: begins each chapter at its time, or as soon as somebody presses its button, and sends the visitors to the
// gates one after the other. It knows nothing of processes or pictures; the stage does what it is told.
import type { Chapter, ChapterName, GateName, Visit } from './story.ts';
import { gateNames } from './story.ts';

export interface Stage {
  /** Resolves when the visitor has gone again; never rejects. */
  readonly visit: (visit: Visit, signal: AbortSignal) => Promise<void>;
  /** Does what the chapter begins with (cut, kill, heal), unless somebody did it already. */
  readonly begin: (chapter: ChapterName) => Promise<void>;
}

export interface DirectorDeps {
  readonly stage: Stage;
  /** Milliseconds since `ready:`. */
  readonly elapsedMs: () => number;
  /** Resolves after `ms`, or at once when `signal` aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Director {
  /** Resolves when the last chapter has begun and all visitors have left. */
  readonly play: (signal: AbortSignal) => Promise<void>;
  /** Somebody pressed the button that begins `chapter`: if it is the next one, it begins now. */
  readonly advance: (chapter: ChapterName) => void;
}

/** A chapter waits this long for the last visitors of the one before. */
export const stragglersMs = 5_000;

export function createDirector(chapters: readonly Chapter[], { stage, elapsedMs, sleep }: DirectorDeps): Director {
  let current = -1;
  let hurry = new AbortController();

  const playGate = async (
    gate: GateName,
    chapter: Chapter,
    startedMs: number,
    leave: AbortSignal,
    signal: AbortSignal,
  ): Promise<void> => {
    for (const { afterMs, visit } of chapter.visits) {
      if (visit.gate !== gate) continue;
      await sleep(startedMs + afterMs - elapsedMs(), leave);
      // Whoever has not stepped up when the next chapter begins by hand stays away; whoever is at the gate finishes.
      if (leave.aborted) return;
      await stage.visit(visit, signal);
    }
  };

  return {
    advance: (chapter) => {
      if (chapters[current + 1]?.name === chapter) hurry.abort();
    },
    play: async (signal) => {
      // Each gate's line moves on by itself: visitors of a later chapter stand behind those of the earlier ones.
      const lines: Record<GateName, Promise<void>> = { a: Promise.resolve(), b: Promise.resolve() };
      for (const [index, chapter] of chapters.entries()) {
        await sleep(chapter.atMs - elapsedMs(), AbortSignal.any([signal, hurry.signal]));
        if (signal.aborted) return;
        const patience = new AbortController();
        await Promise.race([
          Promise.all([lines.a, lines.b]),
          sleep(stragglersMs, AbortSignal.any([signal, patience.signal])),
        ]);
        patience.abort();
        if (signal.aborted) return;
        hurry = new AbortController();
        current = index;
        await stage.begin(chapter.name);
        const startedMs = elapsedMs();
        const leave = AbortSignal.any([signal, hurry.signal]);
        for (const gate of gateNames)
          lines[gate] = lines[gate].then(() => playGate(gate, chapter, startedMs, leave, signal));
      }
      await Promise.all([lines.a, lines.b]);
    },
  };
}

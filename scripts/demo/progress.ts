// What the terminal shows while the demo starts: one line a step as it begins, with the time it took once it is done.

export interface Progress {
  readonly step: <T>(title: string, work: () => Promise<T>) => Promise<T>;
  readonly say: (line: string) => void;
}

export function createProgress(write: (text: string) => void, monotonicMs: () => number): Progress {
  return {
    say: (line) => write(`${line}\n`),
    step: async (title, work) => {
      write(`  ${title} … `);
      const startedMs = monotonicMs();
      try {
        const result = await work();
        write(`${((monotonicMs() - startedMs) / 1_000).toFixed(1)} s\n`);
        return result;
      } catch (cause) {
        write('failed\n');
        throw cause;
      }
    },
  };
}

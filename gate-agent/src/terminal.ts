// Questions to the person at the terminal, and what they type; a secret is not shown. Lines may also come from a scanner or a pipe.
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';

export interface Terminal {
  /** The next line; undefined when there are no more. */
  readonly ask: (question: string) => Promise<string | undefined>;
  readonly askSecret: (question: string) => Promise<string | undefined>;
  readonly close: () => void;
}

export function openTerminal(
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stdout,
): Terminal {
  let hidden = false;
  const echo = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!hidden) output.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output: echo, terminal: input.isTTY });
  const waiting: ((line: string | undefined) => void)[] = [];
  const typed: string[] = [];
  let ended = false;
  lines.on('line', (line) => {
    const next = waiting.shift();
    if (next === undefined) typed.push(line);
    else next(line);
  });
  lines.on('close', () => {
    ended = true;
    for (const next of waiting.splice(0)) next(undefined);
  });
  const ask = (question: string): Promise<string | undefined> => {
    output.write(question);
    const line = typed.shift();
    if (line !== undefined || ended) return Promise.resolve(line);
    return new Promise((resolve) => void waiting.push(resolve));
  };
  return {
    ask,
    askSecret: async (question) => {
      hidden = true;
      const answer = await ask(question);
      hidden = false;
      output.write('\n');
      return answer;
    },
    close: () => lines.close(),
  };
}

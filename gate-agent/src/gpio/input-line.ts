// The level of one input line, asked for by `gpioget` whenever somebody wants to know.
import { execFile } from 'node:child_process';
import type { GpioPrograms, InputLines } from './programs.ts';

const answerWithinMs = 2_000;

/** Rejects with a sentence when the line cannot be read. */
export const createInputLine =
  (input: InputLines & { readonly line: number }, programs: GpioPrograms): (() => Promise<boolean>) =>
  async () => {
    const [program = '', ...args] = (await programs.find()).read(input, input.line);
    return new Promise((resolve, reject) => {
      execFile(program, args, { timeout: answerWithinMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
        const said = stdout.trim();
        if (error === null && (said === '0' || said === '1')) return resolve(said === '1');
        const why = error?.killed === true ? 'gpioget does not answer' : stderr.trim() || (error?.message ?? said);
        reject(new Error(why.slice(0, 300)));
      });
    });
  };

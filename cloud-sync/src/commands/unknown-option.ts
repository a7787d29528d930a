// Finds an option that a command does not have. The parser keeps such a one without a word, and the command then does something else
// than was asked: on the default database instead of the one that was mistyped.
import type { ArgsDef, CommandDef } from 'citty';

/** What to tell; undefined when every option is one of the command that `words` name. */
export async function explainUnknownOption(root: CommandDef, words: readonly string[]): Promise<string | undefined> {
  const { command, names, rest } = await findCommand(root, words);
  const always = names.length === 0 ? ['help', 'h', 'version', 'v'] : ['help', 'h'];
  const unknown = findUnknown(await valueOf(command.args ?? {}), rest, always);
  return unknown === undefined
    ? undefined
    : `there is no option ${unknown}; see ${['cloud-sync', ...names].join(' ')} --help`;
}

interface Found {
  readonly command: CommandDef;
  readonly names: readonly string[];
  /** The words after the command's name, and options that stand before it. */
  readonly rest: readonly string[];
}

async function findCommand(root: CommandDef, words: readonly string[]): Promise<Found> {
  const names: string[] = [];
  let command = root;
  let rest = words;
  for (;;) {
    const [name, ...others] = rest;
    const below = await valueOf(command.subCommands ?? {});
    const next = name === undefined || !Object.hasOwn(below, name) ? undefined : await valueOf(below[name]);
    if (name === undefined || next === undefined) return { command, names, rest };
    names.push(name);
    command = next;
    rest = others;
  }
}

type Given<T> = T | Promise<T>;
const isAsked = <T>(value: Given<T> | (() => Given<T>)): value is () => Given<T> => typeof value === 'function';
/** Citty lets a definition be there, come, or be asked for. */
const valueOf = async <T>(value: Given<T> | (() => Given<T>)): Promise<T> => (isAsked(value) ? value() : value);

function findUnknown(defined: ArgsDef, words: readonly string[], always: readonly string[]): string | undefined {
  const kinds = new Map(Object.entries(defined).map(([name, { type }]) => [name, type]));
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (word === '--') return undefined;
    if (!/^-./.test(word)) continue;
    const [option = ''] = word.split('=');
    const name = option.replace(/^--?/, '');
    const kind = kinds.get(name);
    if (kind === undefined && !always.includes(name) && kinds.get(name.replace(/^no-/, '')) !== 'boolean')
      return option;
    // The next word is its value, whatever it looks like, unless that is an option for sure.
    if (kind === 'string' && word === option && words[index + 1]?.startsWith('--') === false) index += 1;
  }
  return undefined;
}

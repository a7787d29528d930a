// `gate-agent bind`: the band desk at a terminal, beside the running agent. A person signs on with PIN; then, again and again: the ticket
// (scanned or typed), the band held to a reader, its pass, done. The agent decides and writes; here are only the questions.
import { err, ok, type Result } from '@postern/shared';
import { z } from 'zod';
import type { CommandError, GateFolder } from './gate-folder.ts';
import { askRunningAgent } from './running-agent.ts';

export interface BindDeps {
  /** A line; undefined when there is none any more. */
  readonly ask: (question: string) => Promise<string | undefined>;
  /** As `ask`, without showing what is typed. */
  readonly askSecret: (question: string) => Promise<string | undefined>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  readonly fetch?: typeof fetch;
}

export interface BindOptions {
  readonly folder: GateFolder;
  /** As the cloud has named the person. */
  readonly operator: string;
  /** Only this reader; any when undefined. */
  readonly reader?: string | undefined;
}

const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  refusal: z.looseObject({ type: z.string() }).optional(),
});
const heldSchema = z.looseObject({ medium: z.enum(['nfc', 'ble']), id: z.string(), reader: z.string() });
/** Of what is said of a band's pass, the language of this command. */
const sayingSchema = z.looseObject({ en: z.string() });
const passSchema = z.looseObject({
  pass: z.enum(['written', 'not-written']),
  why: z.string().optional(),
  title: sayingSchema,
  hint: sayingSchema,
  next: z.enum(['wait', 'retry']),
});
const answerMsMax = 30_000;

/** What can be done about a band that is not given at once. */
const remedies = {
  'band-of-another-ticket': {
    question: 'This band belongs to another ticket. Take it from that one? Only a supervisor may. (y/N) ',
    replace: 'other-ticket',
  },
  'ticket-has-its-bands': {
    question: 'This ticket has its band already. Is that one lost? It will open nothing any more. (y/N) ',
    replace: 'lost-band',
  },
} as const;

/** Resolves with how many bands were given when there are no tickets any more. */
export async function bindBands(
  { folder, operator, reader }: BindOptions,
  { ask, askSecret, say, signal, fetch: send = fetch }: BindDeps,
): Promise<Result<number, CommandError>> {
  const agent = await askRunningAgent(folder.data, send);
  if (agent === undefined)
    return err({
      type: 'agent-not-running',
      message: `no agent runs on ${folder.data}: start it first, it keeps the record`,
    });
  const post = (path: string, body: object): Promise<Response> =>
    send(`${agent.url.replace(/\/$/, '')}/steward${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]),
    });

  const pin = await askSecret(`PIN of ${operator}: `);
  const signedOn = await post('/sign-on', { operator, pin: pin ?? '' });
  const shift = z.looseObject({ session: z.string(), role: z.string() }).safeParse(await signedOn.json());
  if (!signedOn.ok || !shift.success)
    return err({ type: 'pin-wrong', message: 'operator or PIN is wrong, or there were too many wrong ones: wait' });
  const { session, role } = shift.data;

  const agrees = async (question: string): Promise<boolean> => /^y/i.test((await ask(question)) ?? '');

  /** Undefined when it was interrupted. */
  const nextBand = async (): Promise<Result<z.infer<typeof heldSchema>, CommandError> | undefined> => {
    while (!signal.aborted) {
      const response = await post('/next-band', { session, ...(reader === undefined ? {} : { reader }) });
      if (response.status === 204) continue;
      const body: unknown = await response.json();
      return response.ok ? ok(heldSchema.parse(body)) : err(problemOf(body));
    }
    return undefined;
  };

  /** Gives the band, and asks the agent again to see that its record says so. */
  const give = async (text: string, held: z.infer<typeof heldSchema>): Promise<boolean> => {
    const action = { type: 'bind-band', text, medium: held.medium, id: held.id };
    let replace: string | undefined;
    for (;;) {
      const response = await post('', {
        session,
        action: { ...action, ...(replace === undefined ? {} : { replace }) },
      });
      if (response.ok) break;
      const problem = problemSchema.parse(await response.json());
      const remedy = problem.type in remedies ? remedies[problem.type as keyof typeof remedies] : undefined;
      if (remedy === undefined || replace !== undefined) {
        say(`✗ ${problem.title}${problem.refusal === undefined ? '' : ` (${problem.refusal.type})`}`);
        return false;
      }
      if (!(await agrees(remedy.question))) return false;
      ({ replace } = remedy);
    }
    const again = await post('', { session, action });
    const readBack = z.looseObject({ ticketId: z.string() }).safeParse(await again.json());
    if (again.ok && readBack.success && !('mark' in readBack.data)) {
      say('✓ Band linked');
      return true;
    }
    say('✗ the record does not say so: try again');
    return false;
  };

  /** Writes the pass onto a band that has just been given; true where the person wants to try it again. */
  const writePass = async (text: string, { medium, id }: z.infer<typeof heldSchema>): Promise<boolean> => {
    for (let overwrite = false; ; overwrite = true) {
      const response = await post('/write-pass', { session, text, medium, id, overwrite });
      const body: unknown = await response.json();
      if (!response.ok) {
        say(`! the pass is not written: ${problemOf(body).message}`);
        return false;
      }
      const { pass, why, title, hint, next } = passSchema.parse(body);
      if (pass === 'written') {
        say('✓ Pass written and read back');
        return false;
      }
      say(`! ${title.en}. ${hint.en}`);
      if (next === 'wait') return false;
      if (why !== 'band-holds-other') return agrees('Try it again? (y/N) ');
      if (role !== 'supervisor' || !(await agrees('Overwrite what is on it? It cannot be brought back. (y/N) ')))
        return false;
    }
  };

  let given = 0;
  for (let text = await ask('Ticket: '); text !== undefined && text.trim() !== ''; text = await ask('Ticket: ')) {
    for (let isFirst = true; ; isFirst = false) {
      say('Hold the band to the reader …');
      const held = await nextBand();
      if (held?.ok === false) return held;
      if (held === undefined || !(await give(text.trim(), held.value))) break;
      if (isFirst) given++;
      if (!(await writePass(text.trim(), held.value))) break;
    }
    if (signal.aborted) break;
  }
  await post('/sign-off', { session }).catch(() => undefined); // The shift ends by itself, too.
  return ok(given);
}

function problemOf(body: unknown): CommandError {
  const problem = problemSchema.safeParse(body);
  return problem.success
    ? { type: problem.data.type, message: problem.data.title }
    : { type: 'unknown', message: 'the agent has answered something else; look at its log' };
}

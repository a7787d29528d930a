// Tells the cloud how this gate is: every minute, and within seconds after something looks different. The answer may order it to forget everything. Nobody
// waits for it, and a cloud that does not know the question is asked again later.
import {
  base64ToBytes,
  problemSchema,
  vitalsPath,
  vitalsResponseSchema,
  wipedPath,
  type Clock,
  type GateVitals,
  type Logger,
} from '@postern/shared';
import { answerJson, postJson, type Post } from './http-client.ts';
import type { Bell } from './waiting.ts';
import type { Wipe } from './wipe.ts';

const roundMs = 10_000;
/** The cloud believes a gate's vitals for five times as long. */
const tellEveryMs = 60_000;
const timeoutMs = 10_000;
const answerBytesMax = 16 * 1024;

export interface TellVitalsDeps {
  /** Without a slash at its end. */
  readonly url: string;
  readonly fetch: Post;
  readonly vitals: () => GateVitals;
  readonly wipe: Pick<Wipe, 'hear' | 'endIfWiped'>;
  /** Rings when the cloud has something to say. */
  readonly wanted: Bell;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Until `signal` aborts, or the gate has forgotten who it is; never rejects. */
export async function keepTellingVitals(deps: TellVitalsDeps, signal: AbortSignal): Promise<void> {
  const { clock, logger, wipe, wanted } = deps;
  let rings = wanted.rings();
  let isWanted = false;
  let said = '';
  let saidAtMs = Number.NEGATIVE_INFINITY;
  let trouble = '';
  while (!signal.aborted) {
    const vitals = deps.vitals();
    if (isWanted || looks(vitals) !== said || clock.monotonicMs() - saidAtMs >= tellEveryMs) {
      const told = await tell(deps, vitals, signal);
      if (typeof told === 'string') {
        if (told !== trouble) logger.warn({ cause: told }, 'The cloud does not hear how this gate is');
        trouble = told;
        if (told === 'gate-revoked' && (await wipe.endIfWiped())) return;
      } else {
        trouble = '';
        said = looks(vitals);
        saidAtMs = clock.monotonicMs();
        const wiped = told.wipe === undefined ? 'nothing' : await wipe.hear(told.wipe);
        if (wiped === 'done') return;
        // What it waits for may be over in seconds.
        if (wiped === 'waiting') said = '';
      }
    }
    isWanted = await wanted.wait(rings, roundMs, signal);
    rings = wanted.rings();
  }
}

/** What a screen shows of it at a glance. */
const looks = ({ state, problems, lanes, readers, wipe }: GateVitals): string =>
  JSON.stringify([state, problems, lanes, readers, wipe]);

/** The order in the answer, or why there is no answer. */
async function tell(
  { url, fetch, logger }: TellVitalsDeps,
  vitals: GateVitals,
  signal: AbortSignal,
): Promise<{ readonly wipe?: Uint8Array } | string> {
  const answer = await postJson(url + vitalsPath, vitals, { timeoutMs, answerBytesMax, signal, fetch });
  if (!answer.ok) return answer.error.type;
  const json = answerJson(answer.value.body);
  if (answer.value.status !== 200) return problemSchema.safeParse(json).data?.type ?? `status ${answer.value.status}`;
  const read = vitalsResponseSchema.safeParse(json);
  if (!read.success) return 'the answer is not that of a cloud';
  const { wipe } = read.data;
  if (wipe === undefined) return {};
  const order = base64ToBytes(wipe);
  if (order === undefined) logger.warn({}, 'An order that is no base64');
  return order === undefined ? {} : { wipe: order };
}

/** Says that everything is forgotten; a cloud that believes the gate nothing more has heard it before. */
export const confirmWiped =
  ({ url, fetch }: Pick<TellVitalsDeps, 'url' | 'fetch'>, signal: AbortSignal) =>
  async (order: string): Promise<boolean> => {
    const answer = await postJson(url + wipedPath, { order }, { timeoutMs, answerBytesMax, signal, fetch });
    if (!answer.ok) return false;
    if (answer.value.status === 204) return true;
    return problemSchema.safeParse(answerJson(answer.value.body)).data?.type === 'gate-revoked';
  };

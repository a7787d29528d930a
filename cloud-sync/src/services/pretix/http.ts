// Requests to one pretix server: bounded in time and bytes, never redirected, tried again where that may help, with one typed error for all
// that can go wrong. The token goes to the configured address and nowhere else, and into no log and no error.
import { err, ok, sleep, type Clock, type Result, type Timer } from '@postern/shared';
import { connectionCode, readBoundedText } from '../http-reading.ts';
import { parseJson } from '../parse-json.ts';
import type { Failure, ProblemType } from '../problems.ts';
import type { Reach } from './reach.ts';

export interface PretixError extends Failure {
  readonly type: Extract<
    ProblemType,
    | 'pretix-unreachable'
    | 'pretix-refused'
    | 'pretix-unknown'
    | 'pretix-busy'
    | 'pretix-answer-wrong'
    | 'pretix-stopped'
    | 'pretix-url-forbidden'
  >;
}

export interface PretixAnswer {
  readonly status: number;
  /** As JSON has it; checked by whoever asked. */
  readonly body: unknown;
  /** The server's time before it looked, or at least before it answered, but not later than ours; NaN where it says none. */
  readonly generatedAtMs: number;
}

export interface PretixHttp {
  /** `path` begins with a slash, after the server's address. Anything but 200 is an error. */
  readonly get: (path: string, query?: URLSearchParams) => Promise<Result<PretixAnswer, PretixError>>;
  /** 200, 201, 400 and 404 in JSON are answers. Only for what may be done twice. */
  readonly post: (path: string, body: object) => Promise<Result<PretixAnswer, PretixError>>;
  readonly requests: () => number;
}

export interface PretixHttpDeps {
  /** Without a slash at the end. */
  readonly server: string;
  readonly token: string;
  readonly reach: Pick<Reach, 'mayAsk'>;
  readonly clock: Clock;
  readonly timer: Timer;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** How often a request is sent that may succeed the next time; 1 while a person waits for the answer. */
  readonly triesMax?: number;
}

/** A whole request, with its answer's last byte. */
export const requestMsMax = 30_000;
/** Of an answer, unpacked: a page of 50 orders has some hundred kilobytes. */
export const answerBytesMax = 16 * 1024 * 1024;
const triesMaxUnlessSaid = 4;
const firstWaitMs = 1_000;
/** Waits that are sat out here; whoever asks for more is left alone until the next run. */
const waitMsMax = 120_000;
const retryAfterSMax = 3_600;

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether a token may be sent there: encrypted, or to this machine, or because somebody has said so. */
export function isServerAllowed(server: string, allowHttp: boolean): boolean {
  if (!URL.canParse(server)) return false;
  const { protocol, hostname } = new URL(server);
  return protocol === 'https:' || allowHttp || loopback.test(hostname);
}

export function createPretixHttp({
  server,
  token,
  reach,
  clock,
  timer,
  signal,
  triesMax = triesMaxUnlessSaid,
}: PretixHttpDeps): PretixHttp {
  let requests = 0;

  const request = async (
    url: string,
    init: RequestInit,
    isAnswer: (status: number) => boolean,
  ): Promise<Result<PretixAnswer, PretixError>> => {
    for (let tries = 1; ; tries++) {
      if (signal.aborted) return err({ type: 'pretix-stopped' });
      const allowed = await reach.mayAsk(server);
      if (!allowed.ok) return allowed;
      requests += 1;
      const answered = await requestOnce(url, init, isAnswer);
      if (answered.ok || tries >= triesMax || !isPassing(answered.error)) return answered;
      const waitMs = Math.max(firstWaitMs * 4 ** (tries - 1), (answered.error.retryAfterS ?? 0) * 1_000);
      if (waitMs > waitMsMax) return answered;
      await sleep(timer, waitMs, signal);
    }
  };

  const requestOnce = async (
    url: string,
    init: RequestInit,
    isAnswer: (status: number) => boolean,
  ): Promise<Result<PretixAnswer, PretixError>> => {
    const ended = new AbortController();
    const cancel = timer.after(requestMsMax, () => ended.abort());
    try {
      const response = await fetch(url, {
        ...init,
        headers: {
          Accept: 'application/json',
          Authorization: `Token ${token}`,
          ...(init.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        redirect: 'manual',
        signal: AbortSignal.any([signal, ended.signal]),
      });
      if (!isAnswer(response.status)) {
        await response.body?.cancel();
        return err(errorOf(response, clock));
      }
      const text = await readBoundedText(response, answerBytesMax);
      const body = text === undefined ? undefined : parseJson(text);
      if (body === undefined)
        return wrong(text === undefined ? `More than ${answerBytesMax} bytes.` : 'An answer that is not JSON.');
      return ok({ status: response.status, body, generatedAtMs: readTime(response.headers, clock) });
    } catch (cause) {
      if (signal.aborted) return err({ type: 'pretix-stopped' });
      return err({
        type: 'pretix-unreachable',
        detail: ended.signal.aborted ? `No answer within ${requestMsMax / 1_000} s.` : connectionCode(cause),
      });
    } finally {
      cancel();
    }
  };

  return {
    get: (path, query) => request(withQuery(server + path, query), {}, (status) => status === 200),
    post: (path, body) =>
      request(server + path, { method: 'POST', body: JSON.stringify(body) }, (status) =>
        [200, 201, 400, 404].includes(status),
      ),
    requests: () => requests,
  };
}

export const wrong = (detail: string): Result<never, PretixError> => err({ type: 'pretix-answer-wrong', detail });

const withQuery = (url: string, query: URLSearchParams | undefined): string =>
  query === undefined || query.size === 0 ? url : `${url}?${query.toString()}`;

/** What another try may mend. */
const isPassing = ({ type }: PretixError): boolean => type === 'pretix-unreachable' || type === 'pretix-busy';

function errorOf({ status, headers }: Response, clock: Clock): PretixError {
  const detail = `It answers ${status}.`;
  if (status === 401 || status === 403) return { type: 'pretix-refused', detail };
  if (status === 404) return { type: 'pretix-unknown', detail };
  const retryAfterS = readRetryAfter(headers.get('Retry-After'), clock);
  const wait = retryAfterS === undefined ? {} : { retryAfterS };
  if (status === 429 || status === 503) return { type: 'pretix-busy', detail, ...wait };
  if (status >= 500 || status === 409) return { type: 'pretix-unreachable', detail, ...wait };
  if (status >= 300 && status < 400)
    return { type: 'pretix-answer-wrong', detail: `${detail} Give the address that it leads to.` };
  return { type: 'pretix-answer-wrong', detail };
}

/** RFC 9110 10.2.3: seconds, or a date. */
function readRetryAfter(header: string | null, clock: Clock): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : (Date.parse(header) - clock.wallMs()) / 1_000;
  return Number.isNaN(seconds) ? undefined : Math.min(retryAfterSMax, Math.max(0, Math.ceil(seconds)));
}

/**
 * X-Page-Generated was taken before the list was read; a proxy that leaves only its headers of its own has at least Date. A server whose clock
 * is ahead would else never be asked again about what happens until then.
 */
const readTime = (headers: Headers, clock: Clock): number =>
  Math.min(clock.wallMs(), Math.max(0, Date.parse(headers.get('X-Page-Generated') ?? headers.get('Date') ?? '')));

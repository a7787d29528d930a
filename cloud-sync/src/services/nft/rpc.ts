// JSON-RPC requests to one node of a chain: bounded in time and bytes, never redirected, every answer checked before it is believed, one
// typed error for all that can go wrong. An address may hold a key of its provider: it goes into no log and no error.
import { err, ok, type Result, type Timer } from '@postern/shared';
import { z } from 'zod';
import { connectionCode, readBoundedText } from '../http-reading.ts';
import { parseJson } from '../parse-json.ts';

export interface ChainError {
  readonly type:
    | 'rpc-unreachable'
    /** The node understands, and says no: too much asked, or nothing that it would do. */
    | 'rpc-refused'
    | 'rpc-answer-wrong'
    | 'rpc-answer-too-large'
    /** What it says does not fit what it, or another node, has said. */
    | 'rpc-lies'
    | 'chain-wrong'
    | 'contract-wrong'
    /** The contract would not do it, whoever sends it. */
    | 'contract-refuses'
    | 'account-empty'
    | 'fee-too-high'
    | 'stopped';
  /** One sentence for people. */
  readonly detail: string;
}

export interface Rpc {
  /** Tells nodes apart that have one name. */
  readonly id: number;
  /** Host and port, for people. */
  readonly name: string;
  readonly call: <T>(
    method: string,
    params: readonly unknown[],
    answer: z.ZodType<T>,
    signal: AbortSignal,
  ) => Promise<Result<T, ChainError>>;
}

export interface RpcDeps {
  readonly id?: number;
  readonly url: string;
  readonly timer: Timer;
  /** A whole request, with its answer's last byte. */
  readonly requestMsMax?: number;
}

export const requestMsMax = 20_000;
/** Of an answer: 10,000 logs have about 6 MB. */
export const answerBytesMax = 16 * 1024 * 1024;
const messageCharactersMax = 200;

const envelopeSchema = z.union([
  z.object({ error: z.object({ code: z.number(), message: z.string() }) }),
  // A missing result is not null: `undefined` fits no answer that anybody asks for.
  z.object({ result: z.unknown() }),
]);

export function createRpc({ id = 0, url, timer, requestMsMax: msMax = requestMsMax }: RpcDeps): Rpc {
  const name = new URL(url).host;
  const { address, authorization } = splitCredentials(url);
  let requests = 0;

  const post = async (body: string, signal: AbortSignal): Promise<Result<string, ChainError>> => {
    const ended = new AbortController();
    const cancel = timer.after(msMax, () => ended.abort());
    try {
      const response = await fetch(address, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...authorization },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, ended.signal]),
      });
      // Some nodes answer 400 or 500 with a JSON-RPC error; whatever is no JSON is told by its status.
      const text = await readBoundedText(response, answerBytesMax);
      if (text === undefined)
        return err({ type: 'rpc-answer-too-large', detail: `${name} answers with more than ${answerBytesMax} bytes.` });
      if (response.ok || text.startsWith('{')) return ok(text);
      return err({ type: 'rpc-unreachable', detail: `${name} answers ${response.status}.` });
    } catch (cause) {
      if (signal.aborted) return err({ type: 'stopped', detail: 'Stopped before it was done.' });
      const why = ended.signal.aborted
        ? `does not answer within ${msMax / 1_000} s`
        : `cannot be reached (${connectionCode(cause)})`;
      return err({ type: 'rpc-unreachable', detail: `${name} ${why}.` });
    } finally {
      cancel();
    }
  };

  return {
    id,
    name,
    call: async (method, params, answer, signal) => {
      const text = await post(JSON.stringify({ jsonrpc: '2.0', id: ++requests, method, params }), signal);
      if (!text.ok) return text;
      const envelope = envelopeSchema.safeParse(parseJson(text.value));
      if (!envelope.success) return wrong(name, method, 'is no answer of JSON-RPC');
      if ('error' in envelope.data) {
        const { code, message } = envelope.data.error;
        const said = message.slice(0, messageCharactersMax);
        return err({ type: 'rpc-refused', detail: `${name} refuses ${method}: ${said} (${code}).` });
      }
      const checked = answer.safeParse(envelope.data.result);
      return checked.success ? ok(checked.data) : wrong(name, method, 'has not the form that was asked for');
    },
  };
}

const wrong = (name: string, method: string, what: string): Result<never, ChainError> =>
  err({ type: 'rpc-answer-wrong', detail: `What ${name} answers to ${method} ${what}.` });

/** `fetch` takes no address with a name and a password in it. */
function splitCredentials(url: string): { readonly address: string; readonly authorization: Record<string, string> } {
  const address = new URL(url);
  const { username, password } = address;
  if (username === '' && password === '') return { address: url, authorization: {} };
  address.username = '';
  address.password = '';
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return { address: address.href, authorization: { Authorization: `Basic ${credentials}` } };
}

// Everything that the dashboard asks of the cloud. Whoever is no longer signed in signs in over the page, nothing of which goes away meanwhile;
// then what they wanted is asked again. Whatever else goes wrong comes back as a problem that people can read.
import { err, ok, type Problem, type Result } from '@postern/shared';
import { say } from './language.ts';
import { isOwnRelease, outdatedTexts, releaseOf } from './release.ts';
import { serverClock } from './server-clock.ts';
import { signedInAgain } from './session.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Asked {
  /** Sent as JSON; a Blob as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** `T` is what the route answers with, by the schema that describes it. */
export async function ask<T>(method: Method, path: string, asked: Asked = {}): Promise<Result<T, Problem>> {
  const response = await send(method, path, asked);
  if (!response.ok) return response;
  try {
    return ok((await response.value.json()) as T);
  } catch {
    // Cut off on the way, or no JSON.
    return err(unreadable());
  }
}

/** Asks for what is answered with nothing but that it is done. */
export async function tell(method: Method, path: string, asked: Asked = {}): Promise<Result<undefined, Problem>> {
  const response = await send(method, path, asked);
  return response.ok ? ok(undefined) : response;
}

/** The answer itself, for files. */
export async function send(method: Method, path: string, asked: Asked = {}): Promise<Result<Response, Problem>> {
  for (;;) {
    const response = await fetchOnce(method, path, asked);
    if (response === undefined) return err(unreachable());
    const saidMs = Date.parse(response.headers.get('Date') ?? '');
    if (!Number.isNaN(saidMs)) serverClock.heardRoughly(saidMs);
    if (response.ok) return ofOwnRelease(response, method);
    const problem = await readProblem(response);
    if (problem.type !== 'sign-in-needed') return err(problem);
    await signedInAgain();
  }
}

function ofOwnRelease(response: Response, method: Method): Result<Response, Problem> {
  const said = releaseOf(response);
  if (isOwnRelease(said)) return ok(response);
  if (said === '') return err(unreadable());
  // What was sent is done: the cloud checks what it is told, whoever tells it. This page is what would misread.
  return method === 'GET' ? err(outdated()) : ok(response);
}

async function fetchOnce(method: Method, path: string, asked: Asked): Promise<Response | undefined> {
  const { body, headers = {}, signal } = asked;
  const isJson = body !== undefined && !(body instanceof Blob);
  try {
    return await fetch(path, {
      method,
      headers: { ...(isJson ? { 'Content-Type': 'application/json' } : {}), ...headers },
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : body }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch {
    // No network, or the cloud is not there.
    return undefined;
  }
}

async function readProblem(response: Response): Promise<Problem> {
  try {
    // Where it does not say so, it is from something on the way.
    if (releaseOf(response) !== '' || isOwnRelease('')) return (await response.json()) as Problem;
  } catch {
    // Cut off on the way.
  }
  return { ...unreadable(), status: response.status };
}

const unreachable = (): Problem => ({
  type: 'unreachable',
  status: 0,
  title: say({ en: 'The cloud does not answer', de: 'Die Cloud antwortet nicht' }),
  detail: say({
    en: 'Nothing has been changed as far as this page knows. Check the network, then try again.',
    de: 'Soweit diese Seite weiß, wurde nichts geändert. Netz prüfen, dann noch einmal versuchen.',
  }),
});

const outdated = (): Problem => ({
  type: 'page-outdated',
  status: 0,
  title: say(outdatedTexts.title),
  detail: say(outdatedTexts.hint),
});

const unreadable = (): Problem => ({
  type: 'unreadable',
  status: 0,
  title: say({ en: 'The answer could not be read', de: 'Die Antwort war nicht lesbar' }),
  detail: say({
    en: 'Load the page again: the cloud may have been updated.',
    de: 'Seite neu laden: Die Cloud wurde vielleicht aktualisiert.',
  }),
});

// The four requests of this page. The token is the part of the page's address that browsers send to nobody.
import type { FaceEnrolled, FaceEnrolmentRequest, FaceSubject, Problem } from '@postern/shared';

export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly type: string; readonly detail?: string };

export const tokenOf = (): string => location.hash.slice(1);

/** From now on the page speaks for who has enrolled; a reload and the address that somebody keeps do too. */
export const keepToken = (token: string): void => history.replaceState(null, '', `#${token}`);

const ask = async <T>(method: string, path: string, body?: unknown): Promise<Answer<T>> => {
  try {
    const response = await fetch(path, {
      method,
      headers: {
        Authorization: `Bearer ${tokenOf()}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.ok) return { ok: true, value: (response.status === 204 ? undefined : await response.json()) as T };
    const { type, detail } = (await response.json()) as Problem;
    return { ok: false, type, ...(detail === undefined ? {} : { detail }) };
  } catch {
    // No network, or something in between that does not speak JSON.
    return { ok: false, type: 'unreachable' };
  }
};

export const readSubject = (): Promise<Answer<FaceSubject>> => ask('GET', './subject');
export const enrol = (request: FaceEnrolmentRequest): Promise<Answer<FaceEnrolled>> =>
  ask('POST', './enrolment', request);
export const withdraw = (): Promise<Answer<undefined>> => ask('DELETE', './enrolment');
export const readExport = (): Promise<Answer<unknown>> => ask('GET', './export');

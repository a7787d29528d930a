// Everybody who may ask: nobody, people with each role at one event or another, and the administrator, each with a token.
import type { EventRole } from '@postern/shared';
import type { TestCloud } from './cloud.ts';

export interface TestPerson {
  readonly name: string;
  /** Absent: has not signed in. */
  readonly token?: string;
  readonly id?: string;
  readonly role?: 'attendee' | EventRole | 'admin';
  /** Where the role is held. */
  readonly event?: number;
}

export async function createPerson(test: TestCloud, role: 'attendee' | EventRole, event?: number): Promise<TestPerson> {
  const name = event === undefined ? role : `${role} of event ${event}`;
  const { id, token } = await test.cloud.users.create({ name, role: 'person' });
  if (role === 'attendee' || event === undefined) return { name, id, token, role };
  const set = await test.cloud.members.set({ event, user: id, role });
  if (!set.ok) throw new Error(`no role: ${set.error.type}`);
  return { name, id, token, role, event };
}

export const askAs = async (
  test: TestCloud,
  { token }: Pick<TestPerson, 'token'>,
  method: string,
  path: string,
  body?: unknown,
  contentType = body === undefined ? undefined : 'application/json',
): Promise<Response> =>
  test.cloud.app.request(path, {
    method,
    headers: {
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(contentType === undefined ? {} : { 'Content-Type': contentType }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** A browser on one of our pages: keeps its session's cookie and says where its requests come from. */
export interface TestBrowser {
  readonly send: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>;
  readonly signIn: (email: string, password: string) => Promise<Response>;
  readonly cookie: () => string;
}

export function createBrowser(test: TestCloud, userAgent = 'Test browser'): TestBrowser {
  let cookie = '';
  const send: TestBrowser['send'] = async (method, path, body, headers = { 'Sec-Fetch-Site': 'same-origin' }) => {
    const response = await test.cloud.app.request(path, {
      method,
      headers: {
        'User-Agent': userAgent,
        ...(cookie === '' ? {} : { Cookie: cookie }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    cookie = response.headers.get('Set-Cookie')?.split(';')[0] ?? cookie;
    return response;
  };
  return { send, signIn: (email, password) => send('POST', '/session', { email, password }), cookie: () => cookie };
}

export const typeOf = async (response: Response): Promise<string> =>
  response.ok ? `${response.status}` : `${response.status} ${(await response.json()).type}`;

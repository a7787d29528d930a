// The page of tickets on phones, served by a cloud of its own in this process with one event, for measuring it and taking its picture. Pages
// come as they are built.
import type { AddressInfo } from 'node:net';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import type { ClaimLinkMade, TicketResponse } from '@postern/shared';
import type { Cloud } from '../../cloud-sync/src/main.ts';
import { firstReason, missingPrograms } from './missing.ts';

export const myTicketFolder = fileURLToPath(new URL('../../cloud-sync/dist/my-ticket', import.meta.url));

/** Why none of this can be done here, or undefined. */
export const missingPhonePage = (): string | undefined =>
  firstReason(
    missingPrograms('chromium'),
    existsSync(join(myTicketFolder, 'worker.js')) ? undefined : 'the pages are not built (npm run build)',
  );

export interface PhonePage {
  /** Without a slash at the end. */
  readonly url: string;
  /** A new ticket of the event; answers with the address that a phone opens. */
  readonly sell: (type?: number) => Promise<string>;
  readonly post: <T>(path: string, body: object) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** `answer`: what the server answers itself, before the cloud is asked. */
export async function openPhonePage(
  cloud: Cloud,
  event: object,
  answer: (path: string) => Response | undefined = () => undefined,
): Promise<PhonePage> {
  const token = (await cloud.users.createFirst())?.token ?? '';
  const server = createAdaptorServer({
    fetch: (request) => answer(new URL(request.url).pathname) ?? cloud.app.fetch(request),
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post: PhonePage['post'] = async <T>(path: string, body: object) => {
    const response = await cloud.app.request(path, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (response.status !== 201) throw new Error(`${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  await post('/api/events', event);
  return {
    url,
    post,
    sell: async (type = 1) => {
      const ticket = await post<TicketResponse>('/api/tickets', { event: 1, type });
      const { link } = await post<ClaimLinkMade>(`/api/tickets/${ticket.id}/claim-links`, {});
      return `${url}/my/${new URL(link).hash}`;
    },
    close: async () => {
      cloud.endStreams();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
      await cloud.close();
    },
  };
}

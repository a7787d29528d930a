// Goal: whoever holds a ticket sees it and makes credentials for it, and nobody else's; a transfer takes it from one account to another.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bytesToHex, keyPairFromSeed, type TicketResponse } from '@postern/shared';
import { createTestCloud, someEvent, type TestCloud } from '../../support/cloud.ts';
import { askAs, createPerson, type TestPerson } from '../../support/people.ts';

let test: TestCloud;
let [ada, ben]: readonly TestPerson[] = [];
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  [ada, ben] = [await createPerson(test, 'attendee'), await createPerson(test, 'attendee')];
});
afterEach(() => test.close());

const issueFor = (person: TestPerson | undefined): Promise<TicketResponse> =>
  test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1, holder: { account: person?.id } });
const ask = (person: TestPerson | undefined, method: string, path: string, body?: unknown): Promise<Response> =>
  askAs(test, person ?? {}, method, path, body);
const ticketsOf = async (person: TestPerson | undefined): Promise<readonly string[]> => {
  const { tickets } = (await (await ask(person, 'GET', '/me/tickets')).json()) as { tickets: TicketResponse[] };
  return tickets.map(({ id }) => id);
};

it('shows a ticket to its holder and to nobody else', async () => {
  const [hers, his] = [await issueFor(ada), await issueFor(ben)];
  expect(await ticketsOf(ada)).toEqual([hers.id]);
  expect(await ticketsOf(ben)).toEqual([his.id]);
  expect((await ask(ada, 'GET', `/api/tickets/${hers.id}`)).status).toBe(200);
  expect((await ask(ada, 'GET', `/api/tickets/${hers.id}/qr.svg`)).status).toBe(200);
  expect((await ask(ada, 'GET', `/api/tickets/${his.id}`)).status).toBe(404);
  expect((await ask(ada, 'PATCH', `/api/tickets/${hers.id}`, { party: 5 })).status).toBe(404);
});

it('lets the holder bind the ticket to their phone, but not verify it', async () => {
  const { id, text } = await issueFor(ada);
  const holderKey = bytesToHex(keyPairFromSeed(new Uint8Array(32).fill(5)).publicKey);
  expect((await ask(ada, 'POST', `/api/tickets/${id}/methods/dynamic/generate`, { holderKey })).status).toBe(201);
  expect((await ask(ben, 'POST', `/api/tickets/${id}/methods/dynamic/generate`, { holderKey })).status).toBe(404);
  expect((await ask(ada, 'POST', `/api/tickets/${id}/methods/qr/verify`, { presented_data: text })).status).toBe(404);
});

it('goes with a transfer', async () => {
  const { id } = await issueFor(ada);
  await test.json('POST', `/api/tickets/${id}/transfer`, { holder: { account: ben?.id } }, 200);
  expect(await ticketsOf(ada)).toEqual([]);
  expect(await ticketsOf(ben)).toEqual([id]);
  expect((await ask(ada, 'GET', `/api/tickets/${id}`)).status).toBe(404);
});

it('knows when there is no such account', async () => {
  const stranger = { holder: { account: '0'.repeat(12) } };
  const { id } = await issueFor(ada);
  for (const [method, path, body] of [
    ['POST', '/api/tickets', { event: 1, type: 1, ...stranger }],
    ['POST', `/api/tickets/${id}/transfer`, stranger],
    ['PATCH', `/api/tickets/${id}`, stranger],
  ] as const)
    expect(await (await test.api(method, path, body)).json()).toMatchObject({ status: 404, type: 'user-unknown' });
  expect(await ticketsOf(ada)).toEqual([id]);
});

// Goal: every list of the API is paged in the same way: each entry once, and a cursor is good for the list and the filters that gave it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobRun, Mark, TicketResponse, UserView, WebhookCreated } from '@postern/shared';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import { aMark, baseOf, eveningMs } from '../../support/marks.ts';
import { openPretixRig, type PretixRig } from '../../support/pretix.ts';

const event = 7;
let test: TestCloud;
let pretix: PretixRig;
/** What stands for words in capitals. */
let ids: Readonly<Record<string, string>>;

/** Every list, with its entries' name in the answer, and the same list narrowed otherwise. */
const lists = [
  { path: '/api/tickets', query: 'event=7', entries: 'tickets', other: 'event=7&type=1' },
  { path: '/audits/usage', query: '', entries: 'entries', other: 'event=7' },
  { path: '/audits/log', query: 'action=ticket-created', entries: 'entries', other: 'action=event-created' },
  { path: '/api/events/{event}/suspicions', query: '', entries: 'suspicions', other: 'state=open' },
  { path: '/api/events/{event}/cases', query: '', entries: 'cases', other: 'state=open' },
  { path: '/api/events/{event}/binding-conflicts', query: '', entries: 'conflicts' },
  { path: '/api/events/{event}/pretix/check-ins', query: 'state=sent', entries: 'checkIns', other: 'state=failed' },
  { path: '/api/events/{event}/quarantine', query: '', entries: 'chunks' },
  { path: '/api/events/{event}/jobs', query: '', entries: 'runs', other: 'state=cancelled' },
  {
    path: '/api/events/{event}/webhooks/{webhook}/deliveries',
    query: '',
    entries: 'deliveries',
    other: 'state=waiting',
  },
  { path: '/api/events/{event}/gates', query: '', entries: 'gates' },
  { path: '/admin/jobs/runs', query: '', entries: 'runs', other: 'state=cancelled' },
  { path: '/admin/users', query: '', entries: 'users', other: 'email=a@example.test' },
  { path: '/admin/keys/{key}/tickets', query: '', entries: 'tickets' },
] as const;
type List = (typeof lists)[number];

interface Page {
  readonly entries: readonly unknown[];
  readonly next: string | undefined;
}

const at = (path: string): string => path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '');
const ask = (path: string, query: string): Promise<Response> => test.api('GET', `${at(path)}?${query}`);
const read = async ({ path, query, entries }: List, more = ''): Promise<Page> => {
  const answer = await test.json('GET', `${at(path)}?${query}${more}`);
  return { entries: answer[entries] as readonly unknown[], next: answer['next'] as string | undefined };
};
const firstCursor = async (list: List): Promise<string> => {
  const { next } = await read(list, '&limit=1');
  if (next === undefined) throw new Error(`${list.path} has one page only`);
  return next;
};
const refusal = async (response: Promise<Response>): Promise<string> => {
  const { status, type } = await (await response).json();
  return `${status} ${type}`;
};

/** A ticket that entered twice, and a band that two tickets claim. */
function disputes(index: number): readonly Mark[] {
  const base = (of: number) => {
    const sequence = 4 * index + of;
    const at = { ms: eveningMs + sequence * 1_000, counter: 0 };
    return { ...baseOf({ sequence }), event, at, ticketId: `${index}${of % 2}`.repeat(16) };
  };
  const bound = { kind: 'bound', tagHash: `a${index}`.repeat(16) } as const;
  const entry = aMark({ ...base(1) });
  return [entry, aMark({ ...base(2), ticketId: entry.ticketId }), { ...base(3), ...bound }, { ...base(4), ...bound }];
}

beforeAll(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', { ...someEvent, event });
  await test.json('PUT', `/api/events/${event}/suspicion-rules`, { travelMinMs: 0, refusalsMin: 1 }, 200);
  for (const name of ['a', 'b', 'c'])
    await test.json<{ user: UserView }>('POST', '/admin/users', { name, email: `${name}@example.test` });
  await test.json('POST', '/api/events', { ...someEvent, event: event + 1 });
  const gate = await enrolTestGate(test, event, 'gate-a');
  await gate.push([await gate.chunk([0, 1, 2].flatMap(disputes))]);
  const revoked = await enrolTestGate(test, event, 'gate-b');
  await test.json('POST', `/admin/events/${event}/gates/gate-b/revoke`, { reason: 'stolen' }, 200);
  const later = Array.from({ length: 3 }, (_, index) =>
    aMark({ event, gate: 'gate-b', sequence: index + 1, at: { ms: eveningMs + index, counter: 0 } }),
  );
  for (const count of [1, 2, 3]) await gate.push([await revoked.chunk(later.slice(0, count))]);
  for (let count = 0; count < 3; count++) {
    const { id, shortCode } = await test.json<TicketResponse>('POST', '/api/tickets', { event, type: 1 });
    for (const _use of ['admitted', 'refused'])
      await test.json('POST', `/api/tickets/${id}/methods/code/verify`, { presented_data: shortCode }, 200);
  }
  for (let count = 0; count < 3; count++) {
    const run = await test.json<JobRun>('POST', `/api/events/${event}/jobs`, { kind: 'revoke-unscanned' }, 202);
    await test.json('POST', `/api/events/${event}/jobs/${run.id}/cancel`, {}, 200);
  }
  const webhook = await test.json<WebhookCreated>('POST', `/api/events/${event}/webhooks`, {
    url: 'https://shop.example',
    types: ['case.opened'],
  });
  for (let count = 0; count < 3; count++)
    await test.json('POST', `/api/events/${event}/webhooks/${webhook.id}/test`, {}, 202);
  pretix = await openPretixRig(test, event, {
    sell: (shop) => {
      const { id: item } = shop.addItem('Standing');
      shop.addOrder({ positions: [{ item }, { item }, { item }] });
    },
  });
  await pretix.connect();
  await pretix.sync();
  const { tickets } = await test.json<{ tickets: readonly TicketResponse[] }>(
    'GET',
    `/api/tickets?event=${event}&search=${pretix.shop.orders[0]?.code ?? ''}`,
  );
  const third = await enrolTestGate(test, event, 'gate-c');
  const entries = tickets.map(({ id }, index) =>
    aMark({ ...baseOf({ sequence: index + 1, gate: 'gate-c' }), event, ticketId: id }),
  );
  await third.push([await third.chunk(entries)]);
  await pretix.sync();
  const { keys } = await test.json<{ keys: readonly { keyId: string; purpose: string; state: string }[] }>(
    'GET',
    '/admin/keys',
  );
  const issuer = (state: string): string =>
    keys.find((key) => key.purpose === 'issuer' && key.state === state)?.keyId ?? '';
  ids = {
    webhook: webhook.id,
    event: String(event),
    eventOther: String(event + 1),
    key: issuer('active'),
    keyOther: issuer('next'),
  };
});
afterAll(async () => {
  await test.close();
  await pretix.standIn.stop();
});

it('is true of every list with a cursor, and none calls it otherwise', async () => {
  const { paths } = await test.json<{
    paths: Readonly<Record<string, { readonly get?: { readonly parameters?: readonly { readonly name: string }[] } }>>;
  }>('GET', '/openapi.json');
  const names = Object.entries(paths).map(
    ([path, { get }]) => [path, (get?.parameters ?? []).map(({ name }) => name)] as const,
  );
  const paged = names.filter(([, parameters]) => parameters.includes('limit') || parameters.includes('cursor'));
  expect(paged.map(([path]) => path).toSorted()).toEqual(lists.map(({ path }) => path).toSorted());
  for (const [path, parameters] of paged)
    expect([path, parameters]).toEqual([path, expect.arrayContaining(['cursor', 'limit'])]);
  expect(names.filter(([, parameters]) => parameters.includes('after'))).toEqual([]);
});

describe.each(lists.map((list) => [list.path, list] as const))('%s', (_path, list) => {
  it('has each entry once and in order, a page at a time', async () => {
    const whole = await read(list);
    expect(whole.entries.length).toBeGreaterThanOrEqual(3);
    expect(whole.next).toBeUndefined();
    const seen: unknown[] = [];
    for (let more = ''; ;) {
      const page = await read(list, `&limit=1${more}`);
      seen.push(...page.entries);
      if (page.next === undefined) break;
      more = `&cursor=${page.next}`;
    }
    expect(seen).toEqual(whole.entries);
  });

  it('takes a cursor with another limit, and not with other filters', async () => {
    const cursor = await firstCursor(list);
    const [, ...rest] = (await read(list)).entries;
    expect((await read(list, `&limit=200&cursor=${cursor}`)).entries).toEqual(rest);
    const other =
      'other' in list
        ? ask(list.path, `${list.other}&cursor=${cursor}`)
        : ask(list.path.replace(/\{(event|key)\}/, '{$1Other}'), `cursor=${cursor}`);
    expect(await refusal(other)).toBe('400 cursor-invalid');
  });

  it('takes no cursor of another list', async () => {
    for (const other of lists.filter((each) => each !== list))
      expect(await refusal(ask(list.path, `${list.query}&cursor=${await firstCursor(other)}`))).toBe(
        '400 cursor-invalid',
      );
  });

  it.each([
    '[]',
    '{}',
    '[[]]',
    '["a","b","c",1]',
    '[1,"a","b",1.5]',
    '[1,2,3,4]',
    '[1.5,"a"]',
    String.raw`["\u0000"]`,
    String.raw`[1,"\u0000"]`,
    String.raw`[1,"\u0000","b",1]`,
    String.raw`[1,"\ud800",1]`,
    '[1e300,"a"]',
    '[1e300,"a",1]',
    '[1e300,"a","b",1]',
    'null',
    'x',
    '',
  ])('takes no cursor of its own that somebody has made to say %s', async (text) => {
    const question = Buffer.from(await firstCursor(list), 'base64url').subarray(0, 8);
    const cursor = Buffer.concat([question, Buffer.from(text)]).toString('base64url');
    expect(await refusal(ask(list.path, `${list.query}&cursor=${cursor}`))).toBe('400 cursor-invalid');
  });

  it('takes no text that is no cursor', async () => {
    for (const text of ['A', 'AAAA', 'AAAAAAAAAAA', '-_-_'])
      expect(await refusal(ask(list.path, `${list.query}&cursor=${text}`))).toBe('400 cursor-invalid');
    for (const text of ['', '*', 'a'.repeat(401)])
      expect(await refusal(ask(list.path, `${list.query}&cursor=${text}`))).toBe('400 request-invalid');
  });
});

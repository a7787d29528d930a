// Goal: a ticket's life through the API: changed, cancelled, reinstated, re-issued and passed on, each exactly as far as it may be, with
// what the gates' marks have made of it, and never two winners.
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ticketListSchema,
  ticketRequestSchema,
  ticketResponseSchema,
  type TicketRequest,
  type TicketResponse,
} from '@postern/shared';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { aMark, baseOf, bootOfTests } from '../../support/marks.ts';

let test: TestCloud;
/** Another one for every test: events share nothing. */
let event: number;
beforeAll(async () => {
  test = await createTestCloud();
});
beforeEach(async () => {
  event = await newEvent();
});
afterAll(() => test.close());

const newEvent = async (): Promise<number> =>
  (await test.json<{ event: number }>('POST', '/api/events', someEvent)).event;
const gateId = (): string => `gate-${event}`;

const holder = { name: 'Ada Löwe', email: 'Ada@example.org', order: 'A-1001' };
const issue = (fields: object = {}): Promise<TicketResponse> =>
  test.json('POST', '/api/tickets', { event, type: 1, ...fields });
const read = (id: string): Promise<TicketResponse> => test.json('GET', `/api/tickets/${id}`);
const act = (id: string, action: string, body?: unknown, headers?: Record<string, string>): Promise<Response> =>
  test.api('POST', `/api/tickets/${id}/${action}`, body, headers);
const changed = async (response: Promise<Response>): Promise<TicketResponse> => {
  const answer = await response;
  expect(answer.status).toBe(200);
  return ticketResponseSchema.parse(await answer.json());
};
const problemOf = async (response: Promise<Response>): Promise<string> => {
  const answer = await response;
  return `${answer.status} ${((await answer.json()) as { type: string }).type}`;
};
const etagOf = async (id: string): Promise<string> =>
  (await test.api('GET', `/api/tickets/${id}`)).headers.get('ETag') ?? '';

describe('a new ticket', () => {
  it('says where it is, who holds it and that nobody has used it', async () => {
    const answer = await test.api('POST', '/api/tickets', { event, type: 1, party: 4, holder });
    const ticket = ticketResponseSchema.parse(await answer.json());
    expect(answer.status).toBe(201);
    expect(answer.headers.get('Location')).toBe(`/api/tickets/${ticket.id}`);
    expect(answer.headers.get('ETag')).toBe(await etagOf(ticket.id));
    expect(ticket).toMatchObject({ event, party: 4, epoch: 0, status: 'valid', usesSpent: 0, inside: 0, holder });
    expect(ticket.used).toBeUndefined();
    expect(await read(ticket.id)).toEqual(ticket);
  });

  it.each([
    ['a code of which cleaning leaves nothing', { code: ']Q3' }, '400 request-invalid'],
    ['a code with half a surrogate pair', { code: 'A\ud800B' }, '400 request-invalid'],
    ['a holder with a line break', { holder: { name: 'Ada\nLöwe' } }, '400 request-invalid'],
    ['a window without inside', { validFromS: 100, validUntilS: 100 }, '422 window-empty'],
    ['an unknown event', { event: 99 }, '404 event-unknown'],
  ])('is not made with %s', async (_what, fields, expected) => {
    expect(await problemOf(test.api('POST', '/api/tickets', { event, type: 1, ...fields }))).toBe(expected);
  });
});

describe('a change', () => {
  it('replaces what is named, takes away what is null and leaves the rest', async () => {
    const { id } = await issue({ hold: 'vip', validFromS: 1_000, validUntilS: 2_000, language: 'es', holder });
    const after = await changed(
      test.api('PATCH', `/api/tickets/${id}`, {
        type: 2,
        party: 3,
        hold: null,
        validFromS: null,
        holder: { email: null, name: 'Grace' },
      }),
    );
    expect(after).toMatchObject({ type: 2, party: 3, validUntilS: 2_000, holder: { name: 'Grace', order: 'A-1001' } });
    expect(after.language).toBe('es');
    expect((await changed(test.api('PATCH', `/api/tickets/${id}`, { language: 'fr' }))).language).toBe('fr');
    expect((await changed(test.api('PATCH', `/api/tickets/${id}`, { language: null }))).language).toBeUndefined();
    expect(await problemOf(test.api('PATCH', `/api/tickets/${id}`, { language: 'it' }))).toBe('400 request-invalid');
    expect([after.hold, after.validFromS, after.holder?.email]).toEqual([undefined, undefined, undefined]);
    expect((await changed(test.api('PATCH', `/api/tickets/${id}`, { holder: null }))).holder).toBeUndefined();
    expect(await read(id)).toMatchObject({ type: 2, party: 3 });
  });

  it.each([
    ['a type that the event does not have', { holder: { name: 'x' }, type: 9 }, '422 type-unknown'],
    [
      'an end before the beginning that is already set',
      { holder: { name: 'x' }, validUntilS: 999 },
      '422 window-empty',
    ],
    ['nothing at all', {}, '400 request-invalid'],
  ])('to %s is refused and leaves no trace', async (_what, change, expected) => {
    const { id } = await issue({ validFromS: 1_000, holder });
    const before = await etagOf(id);
    expect(await problemOf(test.api('PATCH', `/api/tickets/${id}`, change))).toBe(expected);
    expect([await etagOf(id), (await read(id)).holder]).toEqual([before, holder]);
  });

  it('of the holder alone is no news for gates', async () => {
    const { id } = await issue();
    const publish = (): Promise<{ version: number }> => test.json('POST', `/admin/events/${event}/publish`);
    const { version } = await publish();
    await changed(test.api('PATCH', `/api/tickets/${id}`, { holder }));
    expect((await publish()).version).toBe(version);
    await changed(test.api('PATCH', `/api/tickets/${id}`, { party: 2 }));
    expect((await publish()).version).toBe(version + 1);
  });
});

describe('cancelling and reinstating', () => {
  it('lead back and forth, and not twice the same way', async () => {
    const { id } = await issue();
    expect(await problemOf(act(id, 'reinstate'))).toBe('409 not-revoked');
    expect((await changed(act(id, 'revoke'))).status).toBe('revoked');
    expect(await problemOf(act(id, 'revoke'))).toBe('409 revoked');
    expect((await changed(act(id, 'reinstate'))).status).toBe('valid');
    expect((await read(id)).epoch).toBe(0);
  });
});

describe('a new credential', () => {
  it('of a re-issue is another code for the same holder', async () => {
    const before = await issue({ holder });
    const after = await changed(act(before.id, 'reissue', {}));
    expect(after).toMatchObject({ id: before.id, epoch: 1, holder });
    expect(after.transferredAtMs).toBeUndefined();
    expect([after.text === before.text, after.shortCode === before.shortCode]).toEqual([false, false]);
  });

  it('of a transfer is for the new holder, and nothing is left of the old one', async () => {
    const before = await issue({ holder, language: 'fr' });
    const after = await changed(act(before.id, 'transfer', { holder: { name: 'Grace' } }));
    expect(after).toMatchObject({ epoch: 1, holder: { name: 'Grace' }, transferredAtMs: test.time.clock.wallMs() });
    expect(Object.keys(after.holder ?? {})).toEqual(['name']);
    expect([before.language, after.language]).toEqual(['fr', undefined]);
    const next = await changed(act(before.id, 'transfer', { holder: {}, language: 'ar' }));
    expect(next.language).toBe('ar');
  });

  it('may be a code that somebody else prints, or ours in place of one', async () => {
    const { id, text } = await issue({ code: 'PRINTED-1' });
    expect(text).toBeUndefined();
    const ours = await changed(act(id, 'transfer', { holder }));
    expect(ours.text).toMatch(/^PN1:/);
    const theirs = await changed(act(id, 'reissue', { code: 'PRINTED-2' }));
    expect([theirs.epoch, theirs.text, theirs.shortCode]).toEqual([2, undefined, undefined]);
    expect((await test.api('GET', `/api/tickets/${id}/qr.svg`)).status).toBe(422);
  });

  it('never takes a code that is or was the code of a ticket', async () => {
    const [a, b] = [await issue({ code: 'A' }), await issue({ code: 'B' })];
    expect(await problemOf(act(a.id, 'reissue', { code: 'B' }))).toBe('409 ticket-exists');
    expect(await problemOf(act(a.id, 'reissue', { code: ' A ' }))).toBe('409 ticket-exists');
    await changed(act(b.id, 'reissue', { code: 'C' }));
    expect(await problemOf(test.api('POST', '/api/tickets', { event, type: 1, code: 'B' }))).toBe('409 ticket-exists');
    expect(await problemOf(test.api('POST', '/api/tickets', { event, type: 1, code: 'C' }))).toBe('409 ticket-exists');
    expect((await read(a.id)).epoch).toBe(0);
  });

  it.each(['revoked', 'unpaid', 'blocked'])('is not for a ticket that is %s', async (status) => {
    const { id } = await issue({ status });
    expect(await problemOf(act(id, 'transfer', { holder }))).toBe(`409 ${status}`);
    expect(await problemOf(act(id, 'reissue', {}))).toBe(`409 ${status}`);
  });
});

describe('entity tags', () => {
  it('answer 304 until something changes', async () => {
    const { id } = await issue();
    const etag = await etagOf(id);
    const ask = async (known: string): Promise<number> =>
      (await test.api('GET', `/api/tickets/${id}`, undefined, { 'If-None-Match': known })).status;
    expect([await ask(etag), await ask(`"x", W/${etag}`), await ask('*'), await ask('"x"')]).toEqual([
      304, 304, 304, 200,
    ]);
    await changed(test.api('PATCH', `/api/tickets/${id}`, { holder }));
    expect(await ask(etag)).toBe(200);
  });

  it('protect every change of a ticket that has become another one', async () => {
    const { id } = await issue();
    const stale = { 'If-Match': await etagOf(id) };
    await changed(test.api('PATCH', `/api/tickets/${id}`, { party: 2 }, stale));
    const attempts = [
      test.api('PATCH', `/api/tickets/${id}`, { party: 3 }, stale),
      act(id, 'transfer', { holder }, stale),
      act(id, 'reissue', {}, stale),
      act(id, 'revoke', undefined, stale),
      act(id, 'reinstate', undefined, stale),
      act(id, 'revoke', undefined, { 'If-Match': `W/${await etagOf(id)}` }),
      act(id, 'revoke', undefined, { 'If-Match': 'nonsense' }),
    ];
    for (const attempt of attempts) expect(await problemOf(attempt)).toBe('412 precondition-failed');
    expect(await read(id)).toMatchObject({ party: 2, epoch: 0, status: 'valid' });
    const fresh = { 'If-Match': `"other", ${await etagOf(id)}` };
    const answer = await act(id, 'revoke', undefined, fresh);
    expect([answer.status, answer.headers.get('ETag')]).toEqual([200, await etagOf(id)]);
  });

  it('let exactly one of many transfers win that were decided on at the same time', async () => {
    const { id } = await issue();
    const known = { 'If-Match': await etagOf(id) };
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => act(id, 'transfer', { holder: { name: `Buyer ${index}` } }, known)),
    );
    const winners = answers.filter((answer) => answer.status === 200);
    expect([winners.length, answers.filter((answer) => answer.status === 412).length]).toEqual([1, 11]);
    const won = ticketResponseSchema.parse(await winners[0]?.json());
    expect(await read(id)).toEqual(won);
    expect(won.epoch).toBe(1);
  });

  it('are not needed: without them each change counts, one after the other', async () => {
    const { id } = await issue();
    await Promise.all(Array.from({ length: 8 }, (_, index) => act(id, 'transfer', { holder: { name: `B${index}` } })));
    expect((await read(id)).epoch).toBe(8);
  });
});

describe('what the marks of gates make of a ticket', () => {
  let gate: TestGate;
  let ticket: TicketResponse;
  const atMs = 1_700_000_000_000;
  const entry = (sequence: number, fields: object = {}): ReturnType<typeof aMark> =>
    aMark({
      event,
      gate: gateId(),
      ticketId: ticket.id,
      sequence,
      at: { ms: atMs + sequence * 1_000, counter: 0 },
      ...fields,
    });
  beforeEach(async () => {
    gate = await enrolTestGate(test, event, gateId());
    ticket = await issue({ party: 2 });
  });

  it('is told in the ticket and changes its tag', async () => {
    const before = await etagOf(ticket.id);
    await gate.push([await gate.chunk([entry(1), entry(2)])]);
    expect(await read(ticket.id)).toMatchObject({
      status: 'used',
      used: { atMs: atMs + 1_000, gate: gateId() },
      usesSpent: 2,
      inside: 2,
    });
    expect(await etagOf(ticket.id)).not.toBe(before);
    expect(await problemOf(act(ticket.id, 'revoke', undefined, { 'If-Match': before }))).toBe(
      '412 precondition-failed',
    );
  });

  it('is cleared by a use that was given back', async () => {
    const lapsed = {
      ...baseOf({ sequence: 2, gate: gateId() }),
      event,
      ticketId: ticket.id,
      kind: 'lapsed' as const,
      of: { boot: bootOfTests, sequence: 1 },
      uses: 1,
    };
    const stateOf = async (): Promise<readonly unknown[]> => {
      const { status, used, usesSpent, inside } = await read(ticket.id);
      return [status, used?.gate, usesSpent, inside];
    };
    await gate.push([await gate.chunk([entry(1)])]);
    expect(await stateOf()).toEqual(['used', gateId(), 1, 1]);
    await gate.push([await gate.chunk([entry(1), lapsed])]);
    expect(await stateOf()).toEqual(['valid', undefined, 0, 0]);
    expect((await changed(act(ticket.id, 'transfer', { holder }))).epoch).toBe(1);
  });

  it('forbids to pass on what is spent, and reads anew when the party grows', async () => {
    await gate.push([await gate.chunk([entry(1), entry(2)])]);
    expect(await problemOf(act(ticket.id, 'transfer', { holder }))).toBe('409 already-used');
    await changed(test.api('PATCH', `/api/tickets/${ticket.id}`, { party: 3 }));
    expect((await changed(act(ticket.id, 'transfer', { holder }))).usesSpent).toBe(2);
  });

  it('brings cases up to date when the party is another one', async () => {
    await gate.push([await gate.chunk([entry(1), entry(2), entry(3)])]);
    const cases = async (): Promise<number> =>
      (await test.json<{ cases: [] }>('GET', `/api/events/${event}/cases`)).cases.length;
    expect(await cases()).toBe(1);
    await changed(test.api('PATCH', `/api/tickets/${ticket.id}`, { party: 3 }));
    expect(await cases()).toBe(0);
  });

  it('is what the list can be narrowed to', async () => {
    const other = await issue();
    await gate.push([await gate.chunk([entry(1)])]);
    await changed(act(other.id, 'transfer', { holder }));
    const listed = async (status: string): Promise<string[]> =>
      (
        await test.json<{ tickets: { id: string }[] }>('GET', `/api/tickets?event=${event}&status=${status}`)
      ).tickets.map(({ id }) => id);
    expect(await listed('used')).toEqual([ticket.id]);
    expect(await listed('transferred')).toEqual([other.id]);
    expect(await listed('valid')).toEqual([other.id]);
    await changed(act(ticket.id, 'revoke'));
    expect(await listed('used')).toEqual([]);
    expect(await listed('revoked')).toEqual([ticket.id]);
  });
});

describe('the list', () => {
  const find = async (query: string): Promise<string[]> =>
    ticketListSchema
      .parse(await test.json('GET', `/api/tickets?event=${event}&${query}`))
      .tickets.map(({ holder: found }) => found?.order ?? '')
      .toSorted();

  it('finds by everything that is printed or known of the holder, and says no codes', async () => {
    const own = await issue({ holder });
    await issue({ code: 'BOX 42', holder: { name: 'Bob 100%', email: 'bob_x@example.org', order: 'B-2' } });
    const foreign = await test.json<TicketResponse>('POST', '/api/tickets', {
      event: await newEvent(),
      type: 1,
      holder: { ...holder, order: 'other event' },
    });
    const dashed = own.id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    for (const term of [
      own.id,
      own.id.slice(0, 31),
      dashed.toUpperCase(),
      dashed.slice(0, -2),
      own.text ?? '',
      own.shortCode ?? '',
      (own.shortCode ?? '').toLowerCase().replace('-', ' '),
      'a-1001',
      'ada lö',
      'löwe',
      'LÖ',
      'ＡＤＡ',
      'ADA@EX',
    ])
      expect(await find(`search=${encodeURIComponent(term)}`), term).toEqual(['A-1001']);
    for (const term of ['BOX 42', ']Q1BOX 42', 'bob 100%', 'bob_'])
      expect(await find(`search=${encodeURIComponent(term)}`), term).toEqual(['B-2']);
    for (const term of [
      '%',
      '_',
      'da',
      'we',
      'BOX',
      "' or 1=1 --",
      'B-',
      own.id.slice(1),
      own.id.slice(0, 7),
      foreign.text ?? '',
    ])
      expect(await find(`search=${encodeURIComponent(term)}`), term).toEqual([]);
    expect(JSON.stringify(await test.json('GET', `/api/tickets?event=${event}`))).not.toContain('PN1:');
  });

  it('finds hostile names by what they begin with, and takes what is too long for no search', async () => {
    const names = [
      '<img src=x onerror=alert(1)>',
      'مرحبا \u202Eevil',
      '👩‍👩‍👧‍👦 Family',
      'Ω≈ç√∫˜µ',
      "Robert'); DROP TABLE ticket;--",
    ];
    for (const [index, name] of names.entries()) await issue({ holder: { name, order: `n-${index}` } });
    for (const [index, name] of names.entries())
      for (const term of [name, [...name].slice(0, 4).join('')])
        expect(await find(`search=${encodeURIComponent(term)}`), term).toEqual([`n-${index}`]);
    expect(await find(`search=${encodeURIComponent('😀'.repeat(150))}`)).toEqual([]);
    expect((await test.api('GET', `/api/tickets?event=${event}&search=${'x'.repeat(601)}`)).status).toBe(400);
  });

  it('pages through what very many names begin with, as through what few do', async () => {
    const requests = Array.from({ length: 5_200 }, (_, index) =>
      ticketRequestSchema.parse({ type: 1 + (index % 100 === 0 ? 1 : 0), holder: { name: `Many ${index}` } }),
    );
    const issued = await test.cloud.tickets.issue(event, [...requests, ticketRequestSchema.parse({ type: 2 })]);
    if (!issued.ok) throw new Error(issued.error.type);
    const wanted = issued.value.filter(({ type, holder: found }) => type === 2 && found !== undefined);
    const seen: string[] = [];
    for (let cursor = '', isFirst = true; isFirst || cursor !== ''; isFirst = false) {
      const query = `event=${event}&search=many&type=2&limit=20${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page = ticketListSchema.parse(await test.json('GET', `/api/tickets?${query}`));
      seen.push(...page.tickets.map(({ id }) => id));
      cursor = page.next ?? '';
    }
    expect(seen).toEqual(wanted.map(({ id }) => id).toSorted());
    expect(seen).toHaveLength(52);
    const [few] = ticketListSchema.parse(
      await test.json('GET', `/api/tickets?event=${event}&search=${encodeURIComponent('many 4711')}`),
    ).tickets;
    expect(few?.holder?.name).toBe('Many 4711');
  });

  it('still finds a ticket by the code and the short form it had before', async () => {
    const { id, shortCode } = await issue({ holder });
    await changed(act(id, 'reissue', { code: 'NEW' }));
    await changed(act(id, 'reissue', {}));
    expect(await find('search=NEW')).toEqual(['A-1001']);
    expect(await find(`search=${shortCode ?? ''}`)).toEqual(['A-1001']);
  });

  it('gives every ticket once and in order, whatever happens between the pages', async () => {
    const { tickets } = await test.json<{ tickets: TicketResponse[] }>('POST', '/api/tickets/batch', {
      event,
      tickets: Array.from({ length: 25 }, (_, index): Partial<TicketRequest> => ({ type: 1 + (index % 2) })),
    });
    const seen: string[] = [];
    for (let cursor = '', pages = 0; pages === 0 || cursor !== ''; pages++) {
      const page = ticketListSchema.parse(
        await test.json('GET', `/api/tickets?event=${event}&limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`),
      );
      expect(page.tickets.length).toBeLessThanOrEqual(4);
      seen.push(...page.tickets.map(({ id }) => id));
      cursor = page.next ?? '';
      if (pages === 2) for (const { id } of tickets.slice(0, 5)) await changed(act(id, 'revoke'));
    }
    expect(seen).toEqual(tickets.map(({ id }) => id).toSorted());
    expect(
      (await test.json<{ tickets: [] }>('GET', `/api/tickets?event=${event}&type=2&status=valid`)).tickets,
    ).toHaveLength(tickets.slice(5).filter(({ type }) => type === 2).length);
  });

  it.each([
    ['no event', '', '400 request-invalid'],
    ['an unknown event', 'event=99', '404 event-unknown'],
    ['an unknown status', 'event=EVENT&status=lost', '400 request-invalid'],
    ['a limit of nothing', 'event=EVENT&limit=0', '400 request-invalid'],
    ['a limit over the bound', 'event=EVENT&limit=201', '400 request-invalid'],
    ['a field that nobody knows', 'event=EVENT&sort=id', '400 request-invalid'],
    ['two events', 'event=EVENT&event=2', '400 request-invalid'],
    ['a search with a zero byte', 'event=EVENT&search=%00', '400 request-invalid'],
    ['a search of bytes that are no text', 'event=EVENT&search=%ff%fe', '200 undefined'],
    ['a cursor that is none', 'event=EVENT&cursor=AAAA', '400 cursor-invalid'],
  ])('with %s answers %s', async (_what, query, expected) => {
    expect(await problemOf(test.api('GET', `/api/tickets?${query.replace('EVENT', String(event))}`))).toBe(expected);
  });
});

describe('personal fields', () => {
  it('are in no file that a gate can fetch and in no history', async () => {
    const gate = await enrolTestGate(test, event, gateId());
    const personal = { name: 'Unmistakable', email: 'unmistakable@example.org', order: 'UNMISTAKABLE' };
    const first = await issue({ holder: personal });
    await test.json('POST', `/admin/events/${event}/publish`);
    await changed(act(first.id, 'transfer', { holder: personal }));
    await issue({ holder: personal });
    await test.json('POST', `/admin/events/${event}/publish`);
    await gate.push([await gate.chunk([aMark({ event, gate: gateId(), ticketId: first.id })])]);
    const manifest = await (await gate.request('GET', `/feed/${event}/manifest`)).text();
    const hashes = [...new Set(manifest.match(/[0-9a-f]{64}/g))];
    const files = await Promise.all(hashes.map((hash) => gate.request('GET', `/feed/files/${hash}`)));
    const fetched = files.filter((answer) => answer.status === 200);
    expect(fetched.length).toBeGreaterThan(1);
    const texts = [manifest, JSON.stringify(await test.json('GET', `/api/tickets/${first.id}/history`))];
    for (const answer of fetched) {
      const bytes = Buffer.from(await answer.arrayBuffer());
      texts.push((bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('latin1'));
    }
    for (const text of texts) expect(text.toLowerCase()).not.toContain('unmistakable');
    expect((await read(first.id)).holder).toEqual(personal);
  });
});

// What the cloud makes of marks that gates ship: counted once, folded into histories, uses that do not fit become one case.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  syncContentType,
  type CaseView,
  type Mark,
  type Summary,
  type TicketHistory,
  type TicketResponse,
} from '@postern/shared';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { aMark, baseOf } from '../../support/marks.ts';

const event = 7;
const doorsMs = Date.UTC(2026, 8, 21, 19, 2, 11);

let test: TestCloud;
let gateA: TestGate;
let gateB: TestGate;
let ticket: TicketResponse;

beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', { ...someEvent, event });
  ticket = await test.json('POST', '/api/tickets', { event, type: 1 });
  gateA = await enrolTestGate(test, event, 'gate-a');
  gateB = await enrolTestGate(test, event, 'gate-b');
});
afterEach(() => test.close());

const admittedAt = (gate: string, atMs: number, fields: Partial<Extract<Mark, { kind: 'admitted' }>> = {}): Mark =>
  aMark({ event, gate, ticketId: ticket.id, at: { ms: atMs, counter: 0 }, ...fields });
const summary = (): Promise<Summary> => test.json('GET', `/api/events/${event}/summary`);
const cases = async (): Promise<readonly CaseView[]> =>
  (await test.json<{ cases: CaseView[] }>('GET', `/api/events/${event}/cases`)).cases;

describe('ingest', () => {
  it('counts marks once however often they are shipped', async () => {
    const chunk = await gateA.chunk([admittedAt('gate-a', doorsMs)]);
    const first = await gateA.push([chunk]);
    const { historyHash } = await summary();
    await gateA.push([chunk, chunk]);
    await gateB.push([chunk]);
    expect(first.refusals).toEqual([]);
    expect(await summary()).toMatchObject({ admitted: 1, refused: 0, marks: 1, cases: 0, historyHash });
  });

  it('takes refusals with their counts', async () => {
    const refused: Mark = {
      ...baseOf({ gate: 'gate-a' }),
      event,
      ticketId: '',
      kind: 'refused',
      code: 'malformed',
      count: 12,
    };
    await gateA.push([await gateA.chunk([refused])]);
    expect(await summary()).toMatchObject({ admitted: 0, refused: 12, marks: 1 });
  });

  it('takes what another gate has written for a time past all calendars, and what is passed on with it', async () => {
    const far = { ms: 8_640_000_000_000_000, counter: 0 };
    const refused: Mark = {
      ...baseOf({ gate: 'gate-a' }),
      event,
      at: far,
      ticketId: ticket.id,
      epoch: 0,
      method: 'qr',
      kind: 'refused',
      code: 'replaced',
      count: 1,
    };
    const passedOn = await gateA.chunk([refused]);
    await gateB.push([passedOn, await gateB.chunk([admittedAt('gate-b', doorsMs)])]);
    expect(await summary()).toMatchObject({ admitted: 1, refused: 1, marks: 2 });
    await test.json('PUT', `/api/events/${event}/suspicion-rules`, { travelMinMs: 0, refusalsMin: 1 });
  });

  it('counts an override without a ticket as an entry and takes it back when undone', async () => {
    const overridden: Mark = {
      ...baseOf({ gate: 'gate-a' }),
      event,
      ticketId: '',
      kind: 'overridden',
      reason: 'lost-code',
      zone: 'arena',
      uses: 2,
      operator: 'abcdefgh',
    };
    const undone: Mark = {
      ...baseOf({ gate: 'gate-b' }),
      event,
      ticketId: '',
      kind: 'undone',
      reason: 'wrong-person',
      of: { gate: 'gate-a', boot: overridden.boot, sequence: 1 },
    };
    await gateA.push([await gateA.chunk([overridden])]);
    expect(await summary()).toMatchObject({ admitted: 2 });
    await gateB.push([await gateB.chunk([undone])]);
    expect(await summary()).toMatchObject({ admitted: 0, marks: 2 });
  });

  it('tells of every mark of a ticket who answered for it, and why', async () => {
    const approved = admittedAt('gate-a', doorsMs, { approved: 'supervisor', operator: 'abcdefgh' });
    const undone: Mark = {
      ...baseOf({ gate: 'gate-b' }),
      event,
      ticketId: ticket.id,
      kind: 'undone',
      reason: 'wrong-person',
      of: { gate: 'gate-a', boot: approved.boot, sequence: approved.sequence },
      operator: 'hgfedcba',
    };
    await gateA.push([await gateA.chunk([approved])]);
    await gateB.push([await gateB.chunk([undone])]);
    const { marks } = await test.json<TicketHistory>('GET', `/api/tickets/${ticket.id}/history`);
    expect(marks.find(({ kind }) => kind === 'admitted')).toMatchObject({
      operator: 'abcdefgh',
      approved: 'supervisor',
    });
    expect(marks.find(({ kind }) => kind === 'undone')).toMatchObject({
      operator: 'hgfedcba',
      reason: 'wrong-person',
      of: { gate: 'gate-a', boot: approved.boot, sequence: approved.sequence },
    });
  });

  it('refuses chunks of a gate that it does not know and keeps nothing of them', async () => {
    const stranger = await gateA.chunk([admittedAt('gate-x', doorsMs)]);
    const answer = await gateA.push([stranger]);
    expect(answer.refusals).toEqual([{ index: 0, code: 'gate-unknown' }]);
    expect(await summary()).toMatchObject({ marks: 0 });
  });

  it('refuses a chunk that another gate has signed', async () => {
    const forged = await gateB.chunk([admittedAt('gate-a', doorsMs)]);
    expect((await gateA.push([forged])).refusals).toEqual([{ index: 0, code: 'signature-invalid' }]);
  });

  it('answers garbage with 400 and another event with 403', async () => {
    const garbage = await gateA.request('POST', '/sync', Uint8Array.of(1, 2, 3), { 'Content-Type': syncContentType });
    expect([garbage.status, (await garbage.json()).type]).toEqual([400, 'sync-malformed']);
    await expect(gateA.push([], event + 1)).rejects.toThrow('sync answered 403');
  });
});

describe('cases', () => {
  const bothEnter = async (): Promise<void> => {
    await gateA.push([await gateA.chunk([admittedAt('gate-a', doorsMs)])]);
    await gateB.push([await gateB.chunk([admittedAt('gate-b', doorsMs + 20_000)], { throughMs: doorsMs + 30_000 })]);
  };

  it('tells both gates, both times and their uncertainty', async () => {
    await bothEnter();
    const [found, ...others] = await cases();
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      ticket: ticket.id,
      fitting: [{ gate: 'gate-a', atMs: doorsMs, uncertaintyMs: 100 }],
      misfits: [{ gate: 'gate-b', atMs: doorsMs + 20_000, uncertaintyMs: 100 }],
      orderUncertain: false,
    });
    expect(found?.text).toBe(
      `Entered twice: ticket …${ticket.id.slice(-4)}, Gate A 19:02:11 ±0.1 s, Gate B 19:02:31 ±0.1 s`,
    );
  });

  it('may change until every gate has been heard up to the last use', async () => {
    await bothEnter();
    expect((await cases())[0]?.gatesNotHeard).toEqual(['gate-a']);
    await gateA.push([await gateA.chunk([admittedAt('gate-a', doorsMs)], { throughMs: doorsMs + 60_000 })]);
    expect((await cases())[0]?.gatesNotHeard).toEqual([]);
  });

  it('is one however many late uses join it, whatever their order', async () => {
    await bothEnter();
    const before = await cases();
    const gateC = await enrolTestGate(test, event, 'gate-c');
    await gateC.push([await gateC.chunk([admittedAt('gate-c', doorsMs - 60_000)])]);
    const after = await cases();
    expect(after.map((found) => found.id)).toEqual(before.map((found) => found.id));
    expect(after[0]).toMatchObject({
      fitting: [{ gate: 'gate-c' }],
      misfits: [{ gate: 'gate-a' }, { gate: 'gate-b' }],
    });
    expect(await summary()).toMatchObject({ cases: 1, admitted: 3 });
  });

  it('is gone when a lapse explains it', async () => {
    await bothEnter();
    const lapsed: Mark = {
      ...baseOf({ gate: 'gate-b' }),
      event,
      sequence: 2,
      at: { ms: doorsMs + 40_000, counter: 0 },
      ticketId: ticket.id,
      kind: 'lapsed',
      of: { boot: admittedAt('gate-b', 0).boot, sequence: 1 },
      uses: 1,
    };
    await gateB.push([await gateB.chunk([admittedAt('gate-b', doorsMs + 20_000), lapsed])]);
    expect(await cases()).toEqual([]);
    expect(await summary()).toMatchObject({ admitted: 1, cases: 0, marks: 3 });
  });

  it('appears when the rules change and goes when they change back', async () => {
    await bothEnter();
    const policy = { ...someEvent, types: [{ id: 1, name: 'Standing', uses: 2 }] };
    await test.json('PUT', `/api/events/${event}/policy`, policy);
    expect(await cases()).toEqual([]);
    await test.json('PUT', `/api/events/${event}/policy`, someEvent);
    expect(await cases()).toHaveLength(1);
  });
});

describe('history of a ticket', () => {
  it('lists its marks in the order of time, with what they come to', async () => {
    await gateB.push([await gateB.chunk([admittedAt('gate-b', doorsMs + 20_000, { outOfTouch: true })])]);
    await gateA.push([await gateA.chunk([admittedAt('gate-a', doorsMs)])]);
    const history = await test.json<TicketHistory>('GET', `/api/tickets/${ticket.id}/history`);
    expect(history.marks.map((mark) => [mark.kind, mark.gate, mark.outOfTouch])).toEqual([
      ['admitted', 'gate-a', false],
      ['admitted', 'gate-b', true],
    ]);
    expect(history).toMatchObject({ usesSpent: 2, cases: [{ ticket: ticket.id }] });
    expect(JSON.stringify(history)).not.toContain('PN1:');
  });
});

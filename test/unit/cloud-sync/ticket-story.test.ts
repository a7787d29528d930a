// The story of one ticket: everything that is known of it, in one order, with who, and no more than somebody may know.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storyStepsMax, type Mark, type StoryStep, type TicketResponse, type TicketStory } from '@postern/shared';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { aMark, baseOf } from '../../support/marks.ts';
import { askAs, createPerson } from '../../support/people.ts';
import { virtualStartMs } from '../../support/virtual-time.ts';

let test: TestCloud;
let ticket: TicketResponse;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
});
afterEach(() => test.close());

const story = (): Promise<TicketStory> => test.json('GET', `/api/tickets/${ticket.id}/story`);
const act = (path: string, body: object = {}): Promise<Response> =>
  test.api('POST', `/api/tickets/${ticket.id}/${path}`, body);
const summary = ({ steps }: TicketStory): readonly string[] =>
  steps.map((step) =>
    step.type === 'mark' ? `mark ${step.mark.kind}` : step.type === 'done' ? step.action : step.type,
  );
const marksOf = ({ steps }: TicketStory): readonly Extract<StoryStep, { type: 'mark' }>[] =>
  steps.flatMap((step) => (step.type === 'mark' ? [step] : []));
const minutesLater = (minutes: number) => ({ ms: virtualStartMs + minutes * 60_000, counter: 0 });
const admitted = (gate: string, minutes: number, fields: Partial<Parameters<typeof aMark>[0]> = {}): Mark =>
  aMark({ event: 1, gate, ticketId: ticket.id, epoch: ticket.epoch, at: minutesLater(minutes), ...fields });
const push = async (gate: TestGate, marks: readonly Mark[], throughMinutes?: number): Promise<void> =>
  void (await gate.push([
    await gate.chunk(marks, throughMinutes === undefined ? {} : { throughMs: minutesLater(throughMinutes).ms }),
  ]));

describe('the story of a ticket', () => {
  it('begins when it was issued and tells what was done with it, by whom, in order', async () => {
    await test.time.advance(60_000);
    await act('methods/qr/generate');
    await test.time.advance(60_000);
    await act('transfer', { holder: { name: 'Ada' } });
    await test.time.advance(60_000);
    await act('revoke');
    const told = await story();
    expect(summary(told)).toEqual(['issued', 'generate', 'transfer', 'ticket-revoked']);
    expect(told).toMatchObject({ ticket: ticket.id, event: 1, epoch: ticket.epoch + 1, status: 'revoked', leftOut: 0 });
    expect(told.steps[0]).toMatchObject({ atMs: virtualStartMs, by: { kind: 'user' } });
    expect(told.steps[2]).toMatchObject({
      atMs: virtualStartMs + 120_000,
      by: { kind: 'user', name: expect.any(String) },
    });
    expect(JSON.stringify(told)).not.toContain('Ada');
  });

  it('has every mark with gate, lane, operator, time and how sure it is, and the case that they make', async () => {
    const gateA = await enrolTestGate(test, 1, 'gate-a');
    const gateB = await enrolTestGate(test, 1, 'gate-b');
    await push(gateA, [admitted('gate-a', 10)], 60);
    await push(gateB, [admitted('gate-b', 20, { operator: 'op-1', approved: 'id-check' })]);
    const told = await story();
    expect(summary(told)).toEqual(['issued', 'mark admitted', 'mark admitted', 'case']);
    const [first, second] = marksOf(told);
    expect(first).toMatchObject({
      gateName: 'Gate A',
      counts: true,
      provisional: false,
      mark: { lane: 'lane-1', uncertaintyMs: 100, method: 'qr' },
    });
    expect(second).toMatchObject({
      atMs: minutesLater(20).ms,
      by: { kind: 'operator', id: 'op-1' },
      gateName: 'Gate B',
      provisional: false,
      mark: { approved: 'id-check' },
    });
    expect(told).toMatchObject({ usesSpent: expect.any(Number), completeUpToMs: minutesLater(20).ms });
  });

  it('says that what a silent gate could change is provisional', async () => {
    const gateA = await enrolTestGate(test, 1, 'gate-a');
    await enrolTestGate(test, 1, 'gate-b');
    await push(gateA, [admitted('gate-a', 10)]);
    expect(marksOf(await story())).toMatchObject([{ provisional: true }]);
  });

  it('tells an entry that was given back as one that does not count', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const { boot } = baseOf();
    const entry = admitted('gate-a', 1);
    const lapsed: Mark = {
      ...baseOf({ sequence: 2 }),
      event: 1,
      ticketId: ticket.id,
      epoch: ticket.epoch,
      at: minutesLater(2),
      kind: 'lapsed',
      uses: 1,
      of: { boot, sequence: 1 },
    };
    await push(gate, [entry, lapsed]);
    expect(marksOf(await story()).map(({ mark, counts }) => [mark.kind, counts])).toEqual([
      ['admitted', false],
      ['lapsed', true],
    ]);
  });

  it('dates marks as corrections of the gate’s clock say, beside what the gate stamped', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const corrected: Mark = {
      ...baseOf({ sequence: 2 }),
      event: 1,
      at: minutesLater(61),
      monotonicMs: 120_000,
      clock: { source: 'server', uncertaintyMs: 5 },
      kind: 'corrected',
      offsetMs: 3_600_000,
    } as never;
    await push(gate, [admitted('gate-a', 1), corrected]);
    expect(marksOf(await story())[0]).toMatchObject({
      atMs: minutesLater(61).ms,
      stampedAtMs: minutesLater(1).ms,
    });
  });

  it('tells a verification through the cloud once, with who asked for it', async () => {
    const verified = await act('methods/qr/verify', { presented_data: ticket.text });
    expect(await verified.json()).toMatchObject({ success: true });
    const told = await story();
    expect(summary(told)).toEqual(['issued', 'mark admitted']);
    expect(marksOf(told)[0]).toMatchObject({ gateName: 'Cloud', by: { kind: 'user' }, counts: true });
  });

  it('is bounded: the latest, and how many are left out', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const refused = Array.from({ length: storyStepsMax + 7 }, (_, index): Mark => ({
      ...baseOf({ sequence: index + 1 }),
      event: 1,
      ticketId: ticket.id,
      epoch: ticket.epoch,
      at: { ms: virtualStartMs + index * 1_000, counter: 0 },
      kind: 'refused',
      code: 'already-used',
      count: 1,
    }));
    await push(gate, refused);
    const told = await story();
    expect(marksOf(told)).toHaveLength(storyStepsMax);
    expect(told.leftOut).toBe(7);
    expect(marksOf(told).at(-1)?.mark.sequence).toBe(storyStepsMax + 7);
  });

  it('names people to who organises the event, and to nobody on duty; others do not know the ticket', async () => {
    await act('revoke');
    const steward = await createPerson(test, 'steward', 1);
    const organiser = await createPerson(test, 'organiser', 1);
    await test.json('POST', '/api/events', { ...someEvent, event: 2 });
    const stranger = await createPerson(test, 'organiser', 2);
    const ask = (person: typeof steward): Promise<Response> =>
      askAs(test, person, 'GET', `/api/tickets/${ticket.id}/story`);
    const told = (await (await ask(steward)).json()) as TicketStory;
    expect(told.steps[1]).toMatchObject({ action: 'ticket-revoked', by: { kind: 'user' } });
    expect(told.steps[1]?.by).not.toHaveProperty('name');
    expect(((await (await ask(organiser)).json()) as TicketStory).steps[1]?.by).toHaveProperty('name');
    expect((await ask(stranger)).status).toBe(404);
  });
});

// Goal: one evening in which every method lets somebody in, at two gates, with the network cut in the middle, ends with the same history at
// both gates and at the cloud: each ticket used once, where and how it was, the one that came in twice as one case, and all of it in the books.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  auditPageSchema,
  caseListSchema,
  knownMethods,
  ticketHistorySchema,
  usagePageSchema,
  type TicketResponse,
} from '@postern/shared';
import type { KnownCasesAnswer } from '../../gate-agent/src/known-cases.ts';
import { runCloud } from '../support/cloud-process.ts';
import { waitUntil } from '../support/demo-process.ts';
import {
  gateIds,
  happensMsMax,
  missingLanes,
  openEvening,
  ticketTypes,
  type Evening,
  type GateId,
} from '../support/evening.ts';
import { ways, type Visitor, type Way } from '../support/evening-ways.ts';
import { runOrReport } from '../support/not-run.ts';

/** What this machine has the radios for. */
const whyNot = ({ lane, missing }: Way): string | undefined => missingLanes[lane] ?? missing;
const playable = ways.filter((way) => whyNot(way) === undefined);
const markedAs = ({ method, claim, marked }: Way): string => marked ?? claim.method ?? method;
const label = ({ method, how, gate }: Way): string => `${method} at ${gate}: ${how}`;

test('the evening has every method that there is', () => {
  expect(new Set(ways.map(({ method }) => method))).toEqual(new Set(knownMethods.map(({ id }) => id)));
});

describe('one evening at two gates', () => {
  let evening: Evening;
  const visitors = new Map<Way, Visitor>();
  const visitorOf = (way: Way): Visitor => {
    const visitor = visitors.get(way);
    if (visitor === undefined) throw new Error(`nothing is ready for ${label(way)}`);
    return visitor;
  };
  let twice: TicketResponse;
  let vip: TicketResponse;
  let chosen: TicketResponse;

  beforeAll(async () => {
    evening = await openEvening();
    [twice, vip, chosen] = [
      await evening.issue(),
      await evening.issue({ type: ticketTypes.vip }),
      await evening.issue({ type: ticketTypes.vip }),
    ];
    await Promise.all(playable.map(async (way) => visitors.set(way, await way.prepare(evening))));
    await evening.openDoors();
  });
  afterAll(async () => {
    for (const { leave } of visitors.values()) leave?.();
    await evening?.close();
  });

  const type = (gate: GateId, text: string | undefined, ticketId: string) =>
    evening.gate(gate).show(text ?? '', ticketId);
  const play = (when: Way['when']): void => {
    for (const way of ways.filter((one) => one.when === when))
      runOrReport(label(way), whyNot(way), async () => {
        const { ticketId, show } = visitorOf(way);
        const gate = evening.gate(way.gate);
        const takeAway = await show(gate);
        if (way.waits === true) expect(await gate.decision(way.lane, ticketId)).toMatchObject({ kind: 'hold' });
        const decision = await gate.decision(way.lane, ticketId);
        await takeAway?.();
        expect(decision).toMatchObject({ kind: 'admit', claim: { method: way.method, ticketId, ...way.claim } });
      });
  };

  describe('while all are connected', () => play('before'));

  describe('while the network is cut', () => {
    test('both gates notice', () => evening.cut());
    play('cut');

    test('a VIP is not let in by a short code alone; a steward cannot either, and declines', async () => {
      const held = await type('gate-a', vip.shortCode, vip.id);
      expect(held).toMatchObject({ kind: 'hold', reason: 'second-factor', claim: { method: 'code' } });
      const answer = await evening.gate('gate-a').hold(vip.id);
      const accepted = await evening.gate('gate-a').act(evening.staff.steward, { type: 'accept-hold', ...answer });
      expect(accepted.status).toBe(403);
      const declined = { type: 'decline-hold', reason: 'not-the-holder', ...answer };
      expect((await evening.gate('gate-a').act(evening.staff.steward, declined)).status).toBe(200);
    });

    test('the code on paper lets the same VIP in at the other gate', async () => {
      expect(await type('gate-b', vip.text, vip.id)).toMatchObject({ kind: 'admit', claim: { method: 'qr' } });
    });

    test('a supervisor lets in whom a steward has looked up', async () => {
      expect(await type('gate-a', chosen.shortCode, chosen.id)).toMatchObject({ kind: 'hold' });
      const action = { type: 'accept-hold', ...(await evening.gate('gate-a').hold(chosen.id)) };
      const accepted = await evening.gate('gate-a').act(evening.staff.supervisor, action);
      expect(accepted).toMatchObject({ status: 200, body: { decision: { kind: 'admit' } } });
    });

    test('one ticket comes in at both gates, which cannot know', async () => {
      for (const gate of gateIds) expect(await type(gate, twice.text, twice.id)).toMatchObject({ kind: 'admit' });
    });
  });

  describe('when the network is back', () => {
    test('both gates and the cloud come to the same history', async () => {
      await evening.rejoin();
      const admissions = playable.length + 4;
      const isAllThere = async (): Promise<boolean> =>
        (await evening.summary()).admitted === admissions && (await evening.agree());
      expect(await waitUntil(isAllThere, happensMsMax), JSON.stringify(await evening.summary())).toBe(true);
    });

    test('the double entry is one case, the same at both gates and at the cloud', async () => {
      const { cases } = caseListSchema.parse(await evening.access.json('GET', `/api/events/${evening.event}/cases`));
      expect(cases).toMatchObject([{ ticket: twice.id, misfitCount: 1 }]);
      for (const id of gateIds)
        expect(
          (await evening.gate(id).ask<KnownCasesAnswer>('/cases')).cases.map((one) => [one.id, one.ticket]),
        ).toEqual([[cases[0]?.id, twice.id]]);
    });

    test('each ticket was first used where, when and by what the script says', async () => {
      for (const way of playable) {
        const { ticketId } = visitorOf(way);
        const history = ticketHistorySchema.parse(await evening.access.json('GET', `/api/tickets/${ticketId}/history`));
        const entries = history.marks.filter(({ kind }) => kind === 'admitted');
        expect(entries, label(way)).toMatchObject([{ gate: way.gate, lane: way.lane, method: markedAs(way) }]);
        expect(history).toMatchObject({ usesSpent: 1, cases: [] });
      }
    });

    for (const way of ways.filter(({ settled }) => settled !== undefined))
      runOrReport(`what follows of it is done: ${label(way)}`, whyNot(way), async () => {
        const isSettled = async (): Promise<boolean> => (await way.settled?.(evening, visitorOf(way))) === true;
        expect(await waitUntil(isSettled, happensMsMax)).toBe(true);
      });

    test('what was used at one gate is refused at the other', async () => {
      for (const way of playable.filter(({ lane, rotates }) => lane === 'door' && rotates !== true)) {
        const other = evening.gate(way.gate === 'gate-a' ? 'gate-b' : 'gate-a');
        const { ticketId, show } = visitorOf(way);
        await show(other);
        expect(await other.decision('door', ticketId), label(way)).toMatchObject({
          kind: 'refuse',
          refusal: { type: 'already-used', detail: { gate: way.gate } },
        });
      }
    });

    test('the books are complete and proved', async () => {
      const { event, access, database } = evening;
      const uses = usagePageSchema.parse(
        await access.json('GET', `/audits/usage?event=${event}&kind=admitted`),
      ).entries;
      const expected = [
        ...playable.map((way) => [visitorOf(way).ticketId, way.gate, markedAs(way)]),
        [vip.id, 'gate-b', 'qr'],
        [chosen.id, 'gate-a', 'code'],
        ...gateIds.map((id) => [twice.id, id, 'qr']),
      ];
      const inOrder = (rows: readonly (readonly unknown[])[]): readonly string[] =>
        rows.map((row) => row.join(' ')).toSorted();
      expect(inOrder(uses.map(({ ticket, gate, method }) => [ticket, gate, method]))).toEqual(inOrder(expected));
      for (const way of playable.filter(({ audited }) => audited !== undefined)) {
        const path = `/audits/log?event=${event}&ticket=${visitorOf(way).ticketId}&action=${way.audited}`;
        expect(auditPageSchema.parse(await access.json('GET', path)).entries, label(way)).toHaveLength(1);
      }
      const { out, code } = await runCloud('audit', 'verify', '--database', database).ended;
      expect([code, out]).toEqual([0, expect.stringContaining('entries')]);
    });

    test('and the history is still the same everywhere', async () => {
      expect(await waitUntil(evening.agree, happensMsMax)).toBe(true);
    });
  });
});

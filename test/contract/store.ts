// The acceptance suite of the Store port: what every adapter promises to a lane, whatever it keeps marks in.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  compareHybrid,
  createRehearsingStore,
  ok,
  type AdmitView,
  type Clock,
  type Mark,
  type MarkDraft,
  type Store,
  type Ticket,
  type Verdict,
} from '@postern/shared';
import { rehearsed } from '../support/marks.ts';

/** One gate's store under test, with hands on what surrounds it. */
export interface StoreHarness {
  readonly event: number;
  readonly gate: string;
  readonly clock: Clock & { readonly advance: (ms: number) => void };
  readonly store: () => Store;
  /** What the feed says of a ticket from now on. */
  readonly setTicket: (ticket: Ticket) => Awaitable<void>;
  /** A new process start over the same data, with the wall clock as it is. */
  readonly restart: () => Promise<void>;
  /** Lets the quiet moment come in which batched refusals are written. */
  readonly becomeQuiet: () => Awaitable<void>;
  /** Everything durable, in order of writer and sequence, read by somebody else. */
  readonly durableMarks: () => Awaitable<readonly Mark[]>;
  /** Marks that another gate has made and that this one has learned. */
  readonly learn: (marks: readonly Mark[]) => Awaitable<void>;
  /** From now on no commit succeeds, until `repair`. */
  readonly breakCommits: () => Awaitable<void>;
  readonly repair: () => Awaitable<void>;
  /** Whether it can be cut off from everybody else, and so counts what it spends meanwhile. */
  readonly canBeOutOfTouch: boolean;
}

/** Of the sample ticket, at a gate far away. */
const remoteMark = (event: number): Extract<Mark, { kind: 'admitted' }> => ({
  ...admittedDraft(event),
  gate: 'far',
  boot: 'ffffffffffffffff',
  sequence: 1,
  at: { ms: 1, counter: 0 },
  monotonicMs: 1,
  clock: { source: 'server', uncertaintyMs: 5 },
});

type Awaitable<T> = T | Promise<T>;

export const sampleTicket: Ticket = {
  id: '0190c2d45e6f7a8b9c0d1e2f30415263',
  type: 1,
  epoch: 0,
  status: 'valid',
  party: 1,
};

export const admittedDraft = (
  event: number,
  ticketId: string = sampleTicket.id,
): Extract<MarkDraft, { kind: 'admitted' }> => ({
  kind: 'admitted',
  event,
  lane: 'a',
  ticketId,
  epoch: 0,
  method: 'qr',
  ticketType: 1,
  zone: 'main',
  uses: 1,
  outOfTouch: false,
  peersReachable: 1,
});

export const refusedDraft = (event: number, lane = 'a'): Extract<MarkDraft, { kind: 'refused' }> => ({
  kind: 'refused',
  event,
  lane,
  ticketId: sampleTicket.id,
  epoch: 0,
  method: 'qr',
  code: 'already-used',
  count: 1,
});

/** Admits a ticket that has not been used, as the simplest rule would. */
const admitOnce =
  (event: number) =>
  (view: AdmitView): Verdict<'admit' | 'refuse'> =>
    view.history.usesSpent > 0
      ? { decision: 'refuse', mark: undefined }
      : { decision: 'admit', mark: admittedDraft(event) };

export function describeStoreContract(name: string, createHarness: () => Promise<StoreHarness>): void {
  describe(`store contract: ${name}`, () => {
    let harness: StoreHarness;
    beforeEach(async () => {
      harness = await createHarness();
      await harness.setTicket(sampleTicket);
    });
    const admit = (): ReturnType<Store['admit']> => harness.store().admit(sampleTicket.id, admitOnce(harness.event));

    it('gives the rule the ticket and its history and returns the mark it has stored', async () => {
      let seen: Ticket | undefined;
      const answer = await harness.store().admit(sampleTicket.id, (view) => {
        seen = view.ticket;
        return admitOnce(harness.event)(view);
      });
      expect(seen).toEqual(sampleTicket);
      expect(answer).toMatchObject({
        ok: true,
        value: { decision: 'admit', mark: { kind: 'admitted', sequence: 1, gate: harness.gate } },
      });
      if (answer.ok) expect(await harness.durableMarks()).toEqual([answer.value.mark]);
    });

    it('shows a use to the very next admission, before and after a restart', async () => {
      await admit();
      expect(await admit()).toMatchObject({ ok: true, value: { decision: 'refuse', mark: undefined } });
      await harness.restart();
      expect(await admit()).toMatchObject({ ok: true, value: { decision: 'refuse', mark: undefined } });
    });

    it('lets one of many simultaneous admissions of a ticket win', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => admit()));
      expect(answers.filter((answer) => answer.ok && answer.value.decision === 'admit')).toHaveLength(1);
      expect(await harness.durableMarks()).toHaveLength(1);
    });

    it('counts what other gates have done with a ticket', async () => {
      await harness.learn([remoteMark(harness.event)]);
      expect(await admit()).toMatchObject({ ok: true, value: { decision: 'refuse' } });
    });

    it('gives the use back with a lapsed mark', async () => {
      const first = await admit();
      const mark = first.ok ? first.value.mark : undefined;
      expect(mark).toBeDefined();
      if (mark === undefined) return;
      const lapsed: MarkDraft = {
        kind: 'lapsed',
        event: harness.event,
        lane: 'a',
        ticketId: sampleTicket.id,
        epoch: 0,
        method: 'qr',
        of: { boot: mark.boot, sequence: mark.sequence },
        uses: 1,
      };
      expect(await harness.store().append(lapsed)).toMatchObject({ ok: true, value: { kind: 'lapsed', sequence: 2 } });
      expect(await admit()).toMatchObject({ ok: true, value: { decision: 'admit' } });
    });

    it('numbers marks from 1 without gaps in every boot and never lets timestamps fall', async () => {
      const store = harness.store();
      await store.append(admittedDraft(harness.event));
      store.appendLater(refusedDraft(harness.event));
      await store.append(admittedDraft(harness.event));
      harness.clock.advance(-3_600_000);
      await harness.restart();
      await harness.store().append(admittedDraft(harness.event));
      const marks = await harness.durableMarks();
      expect(marks.map((mark) => mark.sequence)).toEqual([1, 2, 3, 1]);
      expect(new Set(marks.map((mark) => mark.boot)).size).toBe(2);
      const rises = marks.slice(1).map((mark, index) => compareHybrid(mark.at, marks[index]?.at ?? mark.at) > 0);
      expect(rises).toEqual([true, true, true]);
    });

    it('keeps what was practised apart from what was real, whoever practised it, also after a restart', async () => {
      const session = '5e55105e55105e55';
      const rehearsing = createRehearsingStore(harness.store(), () => session);
      const use = (view: AdmitView): Verdict<string> => {
        const isUsed = view.history.usesSpent > 0;
        return { decision: isUsed ? 'refuse' : 'admit', mark: isUsed ? undefined : admittedDraft(harness.event) };
      };
      const first = await rehearsing.admit(sampleTicket.id, use);
      expect(first).toMatchObject({
        ok: true,
        value: { decision: 'admit', mark: { kind: 'admitted', rehearsal: session } },
      });
      expect(await rehearsing.admit(sampleTicket.id, use)).toMatchObject({ value: { decision: 'refuse' } });
      const [elsewhere] = rehearsed(
        { ...remoteMark(harness.event), ticketId: sampleTicket.id.replace(/^./, 'f') },
        session,
      );
      if (elsewhere !== undefined) await harness.learn([elsewhere]);
      expect((await harness.durableMarks()).every(({ kind }) => kind === 'rehearsed')).toBe(true);
      await harness.restart();
      const seen = async (id: string): Promise<unknown> => {
        const answer = await harness.store().admit(id, ({ history, practised, occupancy }) => ({
          decision: [
            history.usesSpent,
            practised(session).usesSpent,
            practised('0'.repeat(16)).usesSpent,
            occupancy('main').known,
          ],
          mark: undefined,
        }));
        return answer.ok ? answer.value.decision : answer.error;
      };
      expect(await seen(sampleTicket.id)).toEqual([0, 1, 0, 0]);
      expect(await seen(sampleTicket.id.replace(/^./, 'f'))).toEqual([0, 1, 0, 0]);
      expect(await admit()).toMatchObject({ ok: true, value: { decision: 'admit', mark: { kind: 'admitted' } } });
    });

    it('writes refusals of a rehearsal as sparingly, and never among the real ones', async () => {
      const rehearsing = createRehearsingStore(harness.store(), () => '5e55105e55105e55');
      for (let index = 0; index < 70; index++) rehearsing.appendLater(refusedDraft(harness.event));
      harness.store().appendLater(refusedDraft(harness.event));
      await harness.store().close();
      const marks = await harness.durableMarks();
      const practised = marks.flatMap((mark) => (mark.kind === 'rehearsed' ? [mark.practised] : []));
      expect(practised).toHaveLength(61);
      expect(practised.reduce((sum, part) => sum + (part.kind === 'refused' ? part.count : 0), 0)).toBe(70);
      expect(marks.filter((mark) => mark.kind === 'refused')).toMatchObject([{ count: 1 }]);
    });

    it('says how many persons are in a zone, also after a restart', async () => {
      const store = harness.store();
      await store.append({ ...admittedDraft(harness.event), uses: 3, outOfTouch: true });
      await store.append({
        kind: 'exited',
        event: harness.event,
        lane: 'a',
        ticketId: sampleTicket.id,
        epoch: 0,
        method: 'qr',
        zone: 'main',
      });
      const occupancy = async (): Promise<unknown> => {
        const answer = await harness
          .store()
          .admit(sampleTicket.id, (view) => ({ decision: view.occupancy('main'), mark: undefined }));
        return answer.ok ? answer.value.decision : answer.error;
      };
      const spentOutOfTouch = harness.canBeOutOfTouch ? 3 : 0;
      expect(await occupancy()).toEqual({ known: 2, spentOutOfTouch });
      await harness.restart();
      expect(await occupancy()).toEqual({ known: 2, spentOutOfTouch });
    });

    it('writes refusals when it becomes quiet, sixty a minute and lane, the rest as one mark with a count', async () => {
      for (let index = 0; index < 100; index++) harness.store().appendLater(refusedDraft(harness.event));
      harness.store().appendLater(refusedDraft(harness.event, 'b'));
      await harness.becomeQuiet();
      expect(await harness.durableMarks()).toHaveLength(61);
      harness.clock.advance(61_000);
      harness.store().appendLater(refusedDraft(harness.event));
      await harness.becomeQuiet();
      const counts = (await harness.durableMarks()).map((mark) => (mark.kind === 'refused' ? mark.count : 0));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(102);
      expect(counts.filter((count) => count === 40)).toHaveLength(1);
    });

    it('keeps refusals over an orderly stop', async () => {
      for (let index = 0; index < 70; index++) harness.store().appendLater(refusedDraft(harness.event));
      await harness.store().close();
      const counts = (await harness.durableMarks()).map((mark) => (mark.kind === 'refused' ? mark.count : 0));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(70);
    });

    it('admits nobody when the commit fails, stops, and works again only after reopening', async () => {
      await harness.breakCommits();
      expect(await admit()).toMatchObject({ ok: false, error: { type: 'store-failed' } });
      expect(harness.store().healthy()).toBe(false);
      expect(await admit()).toEqual({ ok: false, error: { type: 'store-stopped' } });
      expect(await harness.store().append(admittedDraft(harness.event))).toEqual({
        ok: false,
        error: { type: 'store-stopped' },
      });
      expect(await harness.store().reopen()).toMatchObject({ ok: false, error: { type: 'store-failed' } });
      await harness.repair();
      expect(await admit()).toEqual({ ok: false, error: { type: 'store-stopped' } });
      expect(await harness.store().reopen()).toEqual(ok(undefined));
      expect(harness.store().healthy()).toBe(true);
      expect(await admit()).toMatchObject({ ok: true, value: { decision: 'admit' } });
      expect((await harness.durableMarks()).filter((mark) => mark.kind === 'admitted')).toHaveLength(1);
    });

    it('rejects, and stores nothing, when the rule itself is broken', async () => {
      const broken = harness.store().admit(sampleTicket.id, () => {
        throw new Error('Bug: a broken rule');
      });
      await expect(broken).rejects.toThrow('a broken rule');
      expect(await admit()).toMatchObject({ ok: true, value: { decision: 'admit', mark: { sequence: 1 } } });
    });

    it('answers `store-stopped` after it was closed', async () => {
      await harness.store().close();
      expect(await admit()).toEqual({ ok: false, error: { type: 'store-stopped' } });
      expect(await harness.store().reopen()).toEqual({ ok: false, error: { type: 'store-stopped' } });
    });
  });
}

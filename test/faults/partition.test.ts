// Gates apart from each other and from the cloud, joined again in every order, with crashes, a clock three days off and a data
// folder restored from an older copy in between. Nothing acknowledged is lost, everybody ends with the same content hash, and
// every double entry is reported once.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  loadLedger,
  ready,
  type CaseView,
  type Ledger,
  type Mark,
  type Summary,
  type TicketResponse,
} from '@postern/shared';
import { createTestCloud, someEvent, type TestCloud, type TestGate } from '../support/cloud.ts';
import {
  createNetwork,
  enrolGates,
  startReplicatingGate,
  type Network,
  type ReplicatingGate,
} from '../support/replicating-gate.ts';

const event = 7;
const [a, b] = ['gate-a', 'gate-b'];
const links = [
  [a, b],
  [a, 'cloud'],
  [b, 'cloud'],
] as const;
type Link = (typeof links)[number];

let ledger: Ledger;
let cloud: TestCloud;
let network: Network;
let folder: string;
let enrolled: ReadonlyMap<string, TestGate>;
let gates: ReplicatingGate[];
let acknowledged: Mark[];

beforeAll(async () => {
  await ready;
  ledger = await loadLedger();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-partition-'));
  cloud = await createTestCloud();
  await cloud.json('POST', '/api/events', { ...someEvent, event });
  enrolled = await enrolGates(cloud, event, [a, b]);
  network = createNetwork();
  gates = [];
  acknowledged = [];
});
afterEach(async () => {
  for (const gate of gates) await gate.close();
  await cloud.close();
  rmSync(folder, { recursive: true, force: true });
});

const startGate = async (id: string, clockOffMs = 0): Promise<ReplicatingGate> => {
  const gate = await startReplicatingGate({ cloud, network, ledger, event, id, folder, gates: enrolled, clockOffMs });
  gates.push(gate);
  return gate;
};
const sellTickets = async (count: number): Promise<readonly string[]> => {
  const tickets: string[] = [];
  for (let index = 0; index < count; index++)
    tickets.push((await cloud.json<TicketResponse>('POST', '/api/tickets', { event, type: 1 })).id);
  return tickets;
};
const admit = async (gate: ReplicatingGate, ticket: string): Promise<Mark | undefined> => {
  await cloud.time.advance(1_000);
  const mark = await gate.admit(ticket);
  if (mark !== undefined) acknowledged.push(mark);
  return mark;
};
/** One exchange over a link, begun by the gate at its first end. */
const exchange = async ([from, to]: Link): Promise<void> => {
  const one = gates.find(({ id }) => id === from);
  const other = to === 'cloud' ? to : gates.find(({ id }) => id === to);
  if (one !== undefined && other !== undefined) await one.sync(other);
};
const exchangeEverything = async (): Promise<void> => {
  for (let round = 0; round < 3; round++) for (const link of links) await exchange(link);
};
const summary = (): Promise<Summary> => cloud.json('GET', `/api/events/${event}/summary`);
const cases = async (): Promise<readonly CaseView[]> =>
  (await cloud.json<{ cases: CaseView[] }>('GET', `/api/events/${event}/cases`)).cases;

const expectNothingLostAndAllEqual = async (): Promise<void> => {
  const { historyHash, marks } = await summary();
  for (const gate of gates) {
    expect(await gate.replica().contentHash(event)).toBe(historyHash);
    expect(await gate.replica().quarantined(event)).toEqual([]);
    for (const mark of acknowledged) {
      const known = 'ticketId' in mark ? gate.store().marksOf(mark.ticketId) : [];
      expect(
        known.some((other) => other.gate === mark.gate && other.boot === mark.boot && other.sequence === mark.sequence),
      ).toBe(true);
    }
  }
  expect(marks).toBe(acknowledged.length);
};

function permutations<T>(items: readonly T[]): readonly T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}

describe('two gates and the cloud, all apart', () => {
  test.each(permutations(links).map((order) => [order.map((link) => link.join('–')).join(', '), order] as const))(
    'healed in the order %s',
    async (_name, order) => {
      const [first, second] = [await startGate(a), await startGate(b)];
      const [shared = '', onlyA = '', onlyB = '', before = ''] = await sellTickets(4);
      expect(await admit(first, before)).toBeDefined();
      await exchangeEverything();
      // Everybody is in touch: the copy is refused next door.
      expect(await admit(second, before)).toBeUndefined();
      for (const [from, to] of links) network.cut(from, to);
      await exchangeEverything();
      expect(await admit(first, shared)).toBeDefined();
      expect(await admit(first, onlyA)).toBeDefined();
      expect(await admit(second, onlyB)).toBeDefined();
      // Both green: neither can know.
      expect(await admit(second, shared)).toBeDefined();
      for (const [from, to] of order) {
        network.heal(from, to);
        for (const link of order) await exchange(link);
      }
      await exchangeEverything();
      await expectNothingLostAndAllEqual();
      expect(
        (await cases()).map(({ ticket, fitting, misfits }) => [
          ticket,
          fitting.map(({ gate }) => gate),
          misfits.map(({ gate }) => gate),
        ]),
      ).toEqual([[shared, [a], [b]]]);
      expect(await admit(first, onlyB)).toBeUndefined();
      expect(await admit(second, onlyA)).toBeUndefined();
    },
  );

  test('one link is enough: what the other gate cannot send itself is carried on unchanged', async () => {
    const [first, second] = [await startGate(a), await startGate(b)];
    const tickets = await sellTickets(5);
    network.cut(a, 'cloud');
    for (const ticket of tickets) await admit(first, ticket);
    await exchangeEverything();
    expect((await summary()).marks).toBe(5);
    await expectNothingLostAndAllEqual();
    expect(await second.replica().frontier(event)).toEqual(await first.replica().frontier(event));
  });
});

describe('trouble at one gate', () => {
  test('killed between commit and segment, it ships at the next start what the last one had acknowledged', async () => {
    const first = await startGate(a);
    const tickets = await sellTickets(6);
    for (const [index, ticket] of tickets.entries()) {
      await admit(first, ticket);
      if (index % 2 === 0) await exchange([a, 'cloud']);
      if (index % 3 === 0) await first.crash();
    }
    await exchangeEverything();
    await expectNothingLostAndAllEqual();
  });

  test('its clock three days off, both entries are reported once and the right clock is not led astray', async () => {
    const threeDaysMs = 3 * 86_400_000;
    const [wrong, right] = [await startGate(a, threeDaysMs), await startGate(b)];
    const [ticket = '', another = ''] = await sellTickets(2);
    network.cut(a, b);
    network.cut(a, 'cloud');
    await admit(wrong, ticket);
    await admit(right, ticket);
    network.heal(a, b);
    network.heal(a, 'cloud');
    await exchangeEverything();
    const mark = await admit(right, another);
    expect(mark?.at.ms).toBe(cloud.time.clock.wallMs());
    await exchangeEverything();
    await expectNothingLostAndAllEqual();
    expect((await cases()).length).toBe(1);
  });

  test('its data folder restored from an older copy, it learns from the others what it had said since', async () => {
    const [first, second] = [await startGate(a), await startGate(b)];
    const tickets = await sellTickets(12);
    for (const ticket of tickets.slice(0, 4)) await admit(first, ticket);
    await exchangeEverything();
    await admit(first, tickets[4] ?? '');
    first.copyData(join(folder, 'image'));
    for (const ticket of tickets.slice(5, 9)) await admit(first, ticket);
    await exchangeEverything();
    await first.restoreData(join(folder, 'image'));
    // It closes the old start where its journal ends, before it hears of the rest.
    await first.replicator().drain();
    await admit(first, tickets[9] ?? '');
    await exchangeEverything();
    await expectNothingLostAndAllEqual();
    expect(await cases()).toEqual([]);
    // What it had let in before the restore is known again at its own lane and next door.
    expect(await admit(first, tickets[8] ?? '')).toBeUndefined();
    expect(await admit(second, tickets[9] ?? '')).toBeUndefined();
  });

  test('its replica lost, the journal gives the same segments again', async () => {
    const [first] = [await startGate(a), await startGate(b)];
    const tickets = await sellTickets(4);
    for (const ticket of tickets.slice(0, 3)) {
      await admit(first, ticket);
      await exchangeEverything();
    }
    const image = join(folder, 'without-replica');
    first.copyData(image);
    for (const file of ['replica.db', 'replica.db-wal']) rmSync(join(image, file), { force: true });
    await first.restoreData(image);
    await admit(first, tickets[3] ?? '');
    await exchangeEverything();
    await expectNothingLostAndAllEqual();
  });
});

describe('a cloud whose data folder was restored from an older backup', () => {
  /** The same cloud, on the folder as it was when `change` is done with it. */
  const reopen = async (change: () => void): Promise<void> => {
    await cloud.cloud.close();
    change();
    const { folder: data, time } = cloud;
    Object.assign(cloud, await createTestCloud({ folder: data, time, database: 'sqlite' }));
  };
  const backUp = (): Promise<void> => reopen(() => cpSync(cloud.folder, join(folder, 'backup'), { recursive: true }));
  const restore = (): Promise<void> =>
    reopen(() => {
      rmSync(cloud.folder, { recursive: true });
      cpSync(join(folder, 'backup'), cloud.folder, { recursive: true });
    });

  test('finds that marks between its backup and the newest are missing, and gets them from the gate that made them', async () => {
    const first = await startGate(a);
    const tickets = await sellTickets(12);
    for (const ticket of tickets.slice(0, 4)) await admit(first, ticket);
    await exchangeEverything();
    await backUp();
    for (const ticket of tickets.slice(4, 9)) await admit(first, ticket);
    await exchangeEverything();
    await restore();
    expect((await summary()).marks).toBe(4);
    // The gate goes on where the cloud said it was, which leaves a gap there.
    for (const ticket of tickets.slice(9)) await admit(first, ticket);
    await exchangeEverything();
    await expectNothingLostAndAllEqual();
  });

  test('gets them from any other gate, also those of a gate that is gone', async () => {
    const [first, second] = [await startGate(a), await startGate(b)];
    const tickets = await sellTickets(10);
    for (const ticket of tickets.slice(0, 3)) await admit(first, ticket);
    await exchangeEverything();
    await backUp();
    for (const ticket of tickets.slice(3, 8)) await admit(first, ticket);
    await exchangeEverything();
    await restore();
    network.cut(a, 'cloud');
    network.cut(a, b);
    for (const ticket of tickets.slice(8)) await admit(second, ticket);
    await exchangeEverything();
    expect((await summary()).marks).toBe(acknowledged.length);
    expect(await cases()).toEqual([]);
    network.heal(a, 'cloud');
    await exchangeEverything();
    await expectNothingLostAndAllEqual();
  });
});

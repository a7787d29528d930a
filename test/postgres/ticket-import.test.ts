// Goal: two processes that import the same tickets at once, while people change some of them and issue others, make each ticket once, lose no
// change, and publish all of it.
import { foreignTicketId, type TicketResponse } from '@postern/shared';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { missingPostgres } from '../../scripts/lib/postgres-programs.ts';
import { systemActor } from '../../cloud-sync/src/services/audit.ts';
import type { TicketImportReport } from '../../cloud-sync/src/services/ticket-import-report.ts';
import type { WantedTicket } from '../../cloud-sync/src/services/ticket-import-plan.ts';
import { accessCloud, createTestCloud, someEvent, type TestCloud } from '../support/cloud.ts';
import { describeOrReport } from '../support/not-run.ts';

const masterKey = '11'.repeat(32);
let first: TestCloud;
let second: TestCloud;

const ticketCount = 6_000;
const wanted = (fields: WantedTicket['fields']): WantedTicket[] =>
  Array.from({ length: ticketCount }, (_, index) => ({ row: index + 2, key: { code: `code ${index}` }, fields }));
const run = async ({ cloud }: TestCloud, tickets: readonly WantedTicket[]): Promise<TicketImportReport> => {
  const done = await cloud.ticketImports.run(1, tickets, { dryRun: false, by: systemActor, source: 'test' });
  if (!done.ok) throw new Error(done.error.type);
  return done.value;
};
const oneByOne = async (all: readonly number[], work: (one: number) => Promise<unknown>): Promise<void> => {
  for (const one of all) await work(one);
};
const changeOf = (index: number): object => ({
  holder: { name: `Holder ${index}` },
  ...(index % 2 === 0 ? { type: 2 } : {}),
});
const idOf = (index: number): string => foreignTicketId(1, `code ${index}`);

describeOrReport('two imports on one PostgreSQL', missingPostgres(), () => {
  beforeEach(async () => {
    const opened = await createTestCloud({ masterKey });
    second = await createTestCloud({ databaseUrl: opened.databaseUrl, masterKey, time: opened.time });
    // The second one has made the administrator's present token.
    first = { ...opened, ...accessCloud(opened.request, second.token) };
    await first.json('POST', '/api/events', someEvent);
  });
  afterEach(async () => {
    await second.close();
    await first.close();
  });

  it('each ticket is made once, and every change of a person is kept', async () => {
    const both = await Promise.all([run(first, wanted({ type: 1 })), run(second, wanted({ type: 1 }))]);
    expect(both.map(({ created, unchanged, refused }) => [created + unchanged, refused])).toEqual([
      [ticketCount, 0],
      [ticketCount, 0],
    ]);
    expect((both[0]?.created ?? 0) + (both[1]?.created ?? 0)).toBe(ticketCount);

    // Both change what people change meanwhile: of the same tickets, other things.
    const people = Array.from({ length: 300 }, (_, index) => index * 19);
    const [changed] = await Promise.all([
      run(first, wanted({ party: 2, holder: { email: 'ada@example.org' } })),
      run(second, wanted({ hold: 'vip' })),
      oneByOne(people, (index) => second.json('PATCH', `/api/tickets/${idOf(index)}`, changeOf(index), 200)),
      oneByOne(people, (index) => first.json('POST', '/api/tickets', { event: 1, type: 1, code: `other ${index}` })),
    ]);
    expect(changed).toMatchObject({ changed: ticketCount, refused: 0 });
    for (const index of people)
      expect(await first.json<TicketResponse>('GET', `/api/tickets/${idOf(index)}`)).toMatchObject({
        type: index % 2 === 0 ? 2 : 1,
        party: 2,
        hold: 'vip',
        holder: { name: `Holder ${index}`, email: 'ada@example.org' },
      });
    expect(await first.cloud.feed.publish(1, { snapshot: true })).toMatchObject({
      ok: true,
      value: { tickets: ticketCount + people.length },
    });
  }, 240_000);
});

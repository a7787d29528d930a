// Goal: over HTTP a table is first looked at and then imported in the background, whatever happens to the process, and tickets come out again
// as they went in: for who may see them, written down, and harmless to a spreadsheet.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  foreignTicketId,
  ticketFileBytesMax,
  ticketFileOptionsSchema,
  ticketFileReportSchema,
  ticketImportViewSchema,
  type JobRun,
  type TicketFileReport,
  type TicketImportView,
  type TicketResponse,
} from '@postern/shared';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemActor } from '../../../cloud-sync/src/services/audit.ts';
import { bytesInMemory, openCsv } from '../../../cloud-sync/src/services/csv-file.ts';
import { receivedAtOnceMax } from '../../../cloud-sync/src/services/ticket-uploads.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import { aMark, baseOf } from '../../support/marks.ts';
import { askAs, createPerson, typeOf } from '../../support/people.ts';

let test: TestCloud;
beforeEach(async () => {
  test = await createTestCloud();
  onTestFinished(() => test.close());
  await test.json('POST', '/api/events', someEvent);
});

const send = (csv: string, query = '', type = 'text/csv', headers = {}): Promise<Response> =>
  test.request(`/api/events/1/tickets/import${query}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${test.token}`, 'Content-Type': type, ...headers },
    body: csv,
  });
const look = async (csv: string, query = ''): Promise<TicketFileReport> => {
  const response = await send(csv, `?dryRun=true${query}`);
  expect(await typeOf(response.clone())).toBe('200');
  return ticketFileReportSchema.parse(await response.json());
};
const begin = async (csv: string, query = ''): Promise<JobRun> => {
  const response = await send(csv, query);
  expect(await typeOf(response.clone())).toBe('202');
  return response.json();
};
const view = async (run: string): Promise<TicketImportView> =>
  ticketImportViewSchema.parse(await test.json('GET', `/api/events/1/tickets/imports/${run}`));
const load = async (csv: string, query = ''): Promise<TicketImportView> => {
  const { id } = await begin(csv, query);
  await test.cloud.jobs.perform(id);
  return view(id);
};
const exported = async (query = '', token = test.token): Promise<string> => {
  const response = await test.request(`/api/events/1/tickets.csv${query}`, {
    headers: { Authorization: `Bearer ${token}` },
  });
  expect(await typeOf(response.clone())).toBe('200');
  return response.text();
};
const cleanUp = async (): Promise<void> => {
  const { id } = await test.json<JobRun>('POST', '/admin/jobs/runs', { kind: 'clean-up' }, 202);
  await test.cloud.jobs.perform(id);
};
const uploads = (): readonly string[] => readdirSync(join(test.folder, 'uploads'));
const idOf = (code: string): string => foreignTicketId(1, code);

describe('a table that is sent', () => {
  const csv = 'code,type,name\nA1,1,Ada\nA2,Under 18,Grace\nA3,none,x\n';

  it('is looked at without doing anything, and then imported with a report that says the same', async () => {
    const said = await look(csv);
    expect(said).toMatchObject({ dryRun: true, created: 2, refused: 1, errors: [{ row: 4 }] });
    expect((await test.api('GET', `/api/tickets/${idOf('A1')}`)).status).toBe(404);
    const { run, report } = await load(csv);
    expect(report).toEqual({ ...said, dryRun: false });
    expect(run).toMatchObject({ kind: 'ticket-import', state: 'done', event: 1, startedBy: { kind: 'user' } });
    expect(run.result?.counts).toEqual({ created: 2, changed: 0, unchanged: 0, refused: 1 });
    expect(await test.json('GET', `/api/tickets/${idOf('A2')}`)).toMatchObject({ type: 2, holder: { name: 'Grace' } });
    expect((await load(csv)).report).toMatchObject({ created: 0, unchanged: 2 });
    expect(uploads()).toEqual([]);
  });

  it('is read as the query says', async () => {
    const { report } = await load('Nr|Art\nA1|Früh\n', '?code=Nr&type=Art&types=Früh=2&delimiter=|&encoding=utf-8');
    expect(report).toMatchObject({ created: 1, columns: { code: 'Nr', type: 'Art' } });
  });

  it('is written down by who imports it, with counts', async () => {
    const organiser = await createPerson(test, 'organiser', 1);
    const response = await askAs(test, organiser, 'GET', '/me');
    const { id: user } = (await response.json()) as { id: string };
    const started = await test.request('/api/events/1/tickets/import', {
      method: 'POST',
      headers: { Authorization: `Bearer ${organiser.token ?? ''}`, 'Content-Type': 'text/csv' },
      body: csv,
    });
    const { id } = (await started.json()) as JobRun;
    await test.cloud.jobs.perform(id);
    const { entries } = await test.json<{ entries: { action: string; actor: string; details?: object }[] }>(
      'GET',
      '/audits/log?event=1&limit=3',
    );
    expect(entries).toMatchObject([
      { action: 'tickets-imported', actor: user, details: { source: 'csv', state: 'done', created: 2, refused: 1 } },
      { action: 'tickets-imported', actor: user, details: { source: 'csv', state: 'begun' } },
      { action: 'job-started', actor: user },
    ]);
  });

  it('that is no table of tickets is refused before anything is begun, and nothing of it is kept', async () => {
    expect(await typeOf(await send('a,b\n1,2\n'))).toBe('422 columns-unfit');
    expect(await typeOf(await send('', '?dryRun=true'))).toBe('422 csv-malformed');
    expect(await typeOf(await send('PK\x03\x04…'))).toBe('422 csv-malformed');
    expect(await typeOf(await send(csv, '?types=x'))).toBe('400 request-invalid');
    expect(await typeOf(await send(csv, '?colour=red'))).toBe('400 request-invalid');
    expect(await typeOf(await send(csv, '', 'application/json'))).toBe('415 content-type-unsupported');
    const announced = { 'Content-Length': String(ticketFileBytesMax + 1) };
    expect(await typeOf(await send(csv, '', 'text/csv', announced))).toBe('413 body-too-large');
    expect(uploads()).toEqual([]);
    expect(await test.json('GET', '/api/events/1/jobs')).toMatchObject({ runs: [] });
  });

  it('may be sent twice at once, to be looked at and to be imported', async () => {
    for (let round = 0; round < 5; round++) {
      const table = `code,type\nR${round},1\n`;
      const [said, { id }] = await Promise.all([look(table), begin(table)]);
      expect(said.rows).toBe(1);
      await test.cloud.jobs.perform(id);
      expect((await view(id)).run.state).toBe('done');
    }
    expect(uploads()).toEqual([]);
  });

  it('is turned away while as many come in as may at once, and taken when one of them has ended', async () => {
    const senders: ReadableStreamDefaultController<Uint8Array>[] = [];
    const slowly = async (): Promise<Response> => {
      const body = new ReadableStream<Uint8Array>({ start: (sender) => void senders.push(sender) });
      const headers = { Authorization: `Bearer ${test.token}`, 'Content-Type': 'text/csv' };
      const init = { method: 'POST', headers, body, duplex: 'half' };
      return test.request('/api/events/1/tickets/import?dryRun=true', init);
    };
    const slow = Array.from({ length: receivedAtOnceMax }, slowly);
    await vi.waitUntil(() => uploads().length === receivedAtOnceMax);
    expect(await typeOf(await send(csv, '?dryRun=true'))).toBe('503 store-unavailable');
    for (const sender of senders) {
      sender.enqueue(Buffer.from(csv));
      sender.close();
    }
    for (const answer of await Promise.all(slow)) expect(answer.status).toBe(200);
    expect((await send(csv, '?dryRun=true')).status).toBe(200);
    expect(uploads()).toEqual([]);
  });

  it('has headers of any length and kind: a report says their beginning, and no terminal obeys them', async () => {
    const { unused } = await look(`code,"${'x'.repeat(9_000)}","\u001b[2J\u0007red"\nA1,,\n`);
    expect(unused).toEqual(['x'.repeat(60), '[2J red']);
  });

  it('is for organisers, and its report for those of its event', async () => {
    const supervisor = await createPerson(test, 'supervisor', 1);
    const body = {
      method: 'POST',
      headers: { Authorization: `Bearer ${supervisor.token ?? ''}`, 'Content-Type': 'text/csv' },
      body: csv,
    };
    expect(await typeOf(await test.request('/api/events/1/tickets/import', body))).toBe('403 role-too-low');
    const { id } = await begin(csv);
    await test.json('POST', '/api/events', someEvent);
    const stranger = await createPerson(test, 'organiser', 2);
    expect(await typeOf(await askAs(test, stranger, 'GET', `/api/events/2/tickets/imports/${id}`))).toBe(
      '404 job-unknown',
    );
  });

  it('whose process dies is imported by the next one, and one that was cancelled leaves no file behind', async () => {
    const rows = Array.from({ length: 1_500 }, (_, index) => `B${index},1`).join('\n');
    const { id } = await begin(`code,type\n${rows}\n`);
    expect(uploads().length).toBe(1);
    expect(await view(id)).toMatchObject({ run: { state: 'waiting' } });
    const { cloud, folder, time } = test;
    await cloud.close();
    test = await createTestCloud({ folder, time });
    await test.cloud.jobs.perform(id);
    expect(await view(id)).toMatchObject({ run: { state: 'done' }, report: { created: 1_500, complete: true } });
    const cancelled = await begin('code,type\nC1,1\n');
    await test.json('POST', `/api/events/1/jobs/${cancelled.id}/cancel`, {}, 200);
    await look('code,type\nC2,1\n');
    expect(uploads()).toEqual([]);
  });

  it('goes with the next clean-up where its import was cancelled, and no other does', async () => {
    const cancelled = await begin('code,type\nC1,1\n');
    await test.json('POST', `/api/events/1/jobs/${cancelled.id}/cancel`, {}, 200);
    expect(uploads().length).toBe(1);
    await cleanUp();
    expect(uploads()).toEqual([]);
    const waiting = await begin('code,type\nC2,1\n');
    await cleanUp();
    await test.cloud.jobs.perform(waiting.id);
    expect(await view(waiting.id)).toMatchObject({ report: { created: 1 } });
    expect(uploads()).toEqual([]);
  });

  it('is imported before the next one is taken, however long it waits', async () => {
    const { id } = await begin('code,type\nC1,1\n');
    expect(await typeOf(await send('code,type\nC2,1\n'))).toBe('409 job-running');
    await test.cloud.jobs.perform(id);
    expect(await view(id)).toMatchObject({ report: { created: 1 } });
    expect(await load('code,type\nC2,1\n')).toMatchObject({ report: { created: 1 } });
    expect(uploads()).toEqual([]);
  });
});

describe('an export', () => {
  it('has what an import has brought, but no codes, and names only where they are asked for', async () => {
    await load(
      'code,type,hold,validUntil,language,order,name,email\nA1,2,vip,2026-11-28T03:00:00Z,fr,=1+1,"Löwe, Ada",ada@example.org\n',
    );
    const id = idOf('A1');
    expect(await exported()).toBe(
      `ticket,type,type_name,status,party,hold,valid_from,valid_until,language,created\r\n${id},2,Under 18,valid,1,vip,,2026-11-28T03:00:00.000Z,fr,${new Date(test.time.clock.wallMs()).toISOString()}\r\n`,
    );
    const [header, line] = (await exported('?holders=true')).split('\r\n');
    expect(header).toMatch(/,created,order,name,email$/);
    expect(line).toMatch(/,'=1\+1,"Löwe, Ada",ada@example\.org$/);
  });

  it('says when and where a ticket was first let in and last went out', async () => {
    await load('code,type\nA1,1\nA2,1\n');
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const about = { event: 1, ticketId: idOf('A1') };
    const entered = aMark({ ...about, sequence: 1 });
    const exit = { ...baseOf({ sequence: 2 }), ...about, kind: 'exited', zone: 'arena', persons: 1 } as const;
    await gate.push([await gate.chunk([entered, exit])]);
    const rows = (await exported('?uses=true'))
      .split('\r\n')
      .filter((row) => row.startsWith(idOf('A')) || row.includes('gate-a'));
    const time = (ms: number): string => new Date(ms).toISOString();
    expect(rows.join('\n')).toContain(`,1,0,${time(entered.at.ms)},gate-a,${time(exit.at.ms)},gate-a`);
    expect(await exported('?uses=true')).toContain(`${idOf('A2')},1,Standing,valid,1,,,,`);
  });

  it('is written down, with what it held, and gives names to who organises only', async () => {
    const steward = await createPerson(test, 'steward', 1);
    expect(await typeOf(await askAs(test, steward, 'GET', '/api/events/1/tickets.csv?holders=true'))).toBe(
      '403 role-too-low',
    );
    expect(await typeOf(await askAs(test, steward, 'GET', '/api/events/1/tickets.csv?uses=true'))).toBe('200');
    await exported('?holders=true');
    const { entries } = await test.json<{ entries: { details: object }[] }>(
      'GET',
      '/audits/log?event=1&action=tickets-exported',
    );
    expect(entries.map(({ details }) => details)).toEqual([
      { holders: true, uses: false },
      { holders: false, uses: true },
    ]);
  });

  it('of more than a page has every ticket once', async () => {
    await load(`code,type\n${Array.from({ length: 4_500 }, (_, index) => `P${index},1`).join('\n')}\n`);
    const ids = (await exported())
      .trim()
      .split('\r\n')
      .slice(1)
      .map((row) => row.slice(0, 32));
    expect([ids.length, new Set(ids).size]).toEqual([4_500, 4_500]);
  });
});

describe('there and back', () => {
  const word = fc
    .string({
      unit: fc.constantFrom('a', 'é', '"', ',', ';', "'", '=', '-', '@', ' ', '😀'),
      minLength: 1,
      maxLength: 8,
    })
    .map((text) => text.replace(/\s+/g, ' ').trim())
    .filter((text) => text !== '');
  const ticket = fc.record({
    type: fc.constantFrom(1, 2),
    status: fc.constantFrom('valid', 'revoked', 'unpaid', 'blocked'),
    party: fc.integer({ min: 1, max: 9 }),
    hold: fc.option(fc.constantFrom('vip', 'id-check'), { nil: undefined }),
    validUntilS: fc.option(fc.integer({ min: 1, max: 4_000_000_000 }), { nil: undefined }),
    holder: fc.record({ name: fc.option(word, { nil: undefined }), order: fc.option(word, { nil: undefined }) }),
  });

  it('changes nothing, and on another database restores what was changed meanwhile', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(ticket, { minLength: 1, maxLength: 5 }), async (tickets) => {
        round += 1;
        const { event } = await test.json<{ event: number }>('POST', '/api/events', someEvent);
        const issued = await test.json<{ tickets: TicketResponse[] }>('POST', '/api/tickets/batch', {
          event,
          tickets: tickets.map((one, index) => ({
            ...one,
            ...(index % 2 === 0 ? { code: `R${round}-${index}` } : {}),
          })),
        });
        const path = `/api/events/${event}/tickets.csv?holders=true`;
        const before = await (await test.api('GET', path)).text();
        const run = (dryRun: boolean): ReturnType<typeof test.cloud.ticketFileImports.run> =>
          test.cloud.ticketFileImports.run(event, bytesInMemory(Buffer.from(before)), {
            dryRun,
            by: systemActor,
            options: ticketFileOptionsSchema.parse({ reinstates: true }),
          });
        expect(await run(true)).toMatchObject({ ok: true, value: { unchanged: tickets.length, refused: 0 } });
        for (const { id } of issued.tickets)
          await test.json(
            'PATCH',
            `/api/tickets/${id}`,
            { type: 2, status: 'valid', party: 10, hold: 'companion', validUntilS: 5, holder: { name: 'X' } },
            200,
          );
        expect(await run(false)).toMatchObject({ ok: true, value: { changed: tickets.length, refused: 0 } });
        expect(await (await test.api('GET', path)).text()).toBe(before);
        expect((await openCsv(bytesInMemory(Buffer.from(before)))).ok).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});

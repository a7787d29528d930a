// Goal: an action and its audit entry are there together or not at all, in a chain without gaps whose heads are signed, and what names
// a person can be erased.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { personalFields } from '../../../cloud-sync/src/services/audit-chain.ts';
import { signEveryMs, type Audit } from '../../../cloud-sync/src/services/audit.ts';
import { anEntry, anna, openAuditBooks, type AuditBooks } from '../../support/audit.ts';

let books: AuditBooks;
let audit: Audit;
beforeEach(async () => {
  books = await openAuditBooks();
  audit = books.start();
});
afterEach(() => books.close());

const entries = () =>
  books.database.selectFrom('audit_entry').selectAll().orderBy('chain').orderBy('sequence').execute();
const actions = async (): Promise<readonly string[]> => (await entries()).map((entry) => entry.action);
const heads = () => books.database.selectFrom('audit_head').selectAll().orderBy('sequence').execute();
const values = async (): Promise<readonly (string | null)[]> =>
  (await books.database.selectFrom('audit_field').select('value').execute()).map((row) => row.value);
const proved = async (): Promise<void> => expect((await books.verify()).flaw).toBeUndefined();

class Undo extends Error {}
/** A transaction that records and is then rolled back. */
const rolledBack = (work: () => ReturnType<typeof anEntry>): Promise<void> =>
  books.database
    .transaction()
    .execute(async (queries) => {
      await audit.record(queries, work());
      throw new Undo();
    })
    .catch((cause: unknown) => {
      if (!(cause instanceof Undo)) throw cause;
    });

describe('record', () => {
  it('leaves nothing behind when nothing was recorded', async () => {
    await audit.sign();
    await audit.close();
    expect(await entries()).toEqual([]);
    expect(await books.verify()).toMatchObject({ chains: 0, entries: 0, flaw: undefined });
  });

  it('begins the chain with the first entry and goes on without gaps', async () => {
    await books.record(audit, anEntry());
    await books.record(audit, anEntry({ action: 'transfer' }), anEntry({ action: 'sign-in' }));
    expect((await entries()).map(({ sequence, action }) => [sequence, action])).toEqual([
      [1, 'chain-started'],
      [2, 'ticket-changed'],
      [3, 'transfer'],
      [4, 'sign-in'],
    ]);
    await proved();
  });

  it('has no gap and no entry of a transaction that was rolled back, also of the first', async () => {
    await rolledBack(() => anEntry({ action: 'toggle' }));
    await books.record(audit, anEntry());
    await rolledBack(() => anEntry({ action: 'toggle' }));
    await rolledBack(() => anEntry({ action: 'toggle' }));
    await books.record(audit, anEntry({ action: 'transfer' }));
    expect(await actions()).toEqual(['chain-started', 'ticket-changed', 'transfer']);
    await proved();
  });

  it('takes several calls in one transaction, and all of them go with it', async () => {
    await books.database.transaction().execute(async (queries) => {
      await audit.record(queries, anEntry());
      await audit.record(queries, [anEntry({ action: 'transfer' }), anEntry({ action: 'toggle' })]);
    });
    expect(await actions()).toEqual(['chain-started', 'ticket-changed', 'transfer', 'toggle']);
    await proved();
  });

  it('keeps transactions that are asked for at once apart', async () => {
    await Promise.all(Array.from({ length: 20 }, () => books.record(audit, anEntry(), anEntry())));
    expect(await books.verify()).toMatchObject({ chains: 1, entries: 41, flaw: undefined });
  });

  it('takes more entries at once than one statement holds', async () => {
    await books.record(audit, ...Array.from({ length: 2_345 }, () => anEntry()));
    expect(await books.verify()).toMatchObject({ entries: 2_346, flaw: undefined });
  });

  it('gives every process a chain of its own, each naming the one before', async () => {
    const other = books.start();
    await books.record(audit, anEntry());
    await books.record(other, anEntry());
    await books.record(audit, anEntry());
    const chains = await books.database.selectFrom('audit_chain').selectAll().orderBy('number').execute();
    expect(chains.map(({ number, tip_sequence }) => [number, tip_sequence])).toEqual([
      [1, 3],
      [2, 2],
    ]);
    const [, second] = chains;
    const first = (await entries()).find((entry) => entry.chain === second?.id && entry.sequence === 1);
    expect(JSON.parse(first?.details ?? '')).toMatchObject({ number: 2, previous: chains[0]?.id, previousSequence: 2 });
    await proved();
  });

  it('gives processes that begin in the same moment a number each', async () => {
    await Promise.all(Array.from({ length: 5 }, () => books.record(books.start(), anEntry())));
    const chains = await books.database.selectFrom('audit_chain').select('number').orderBy('number').execute();
    expect(chains.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5]);
    await proved();
  });

  it('takes whatever text comes from outside, and proves what it has kept of it', async () => {
    const hostile = `\ud800\0'; drop table audit_entry; --${'😀'.repeat(2_000)}`;
    await books.record(
      audit,
      anEntry({
        actor: { kind: 'client', id: hostile, name: hostile },
        reason: hostile,
        requestId: hostile,
        device: hostile,
        note: hostile,
        details: { hostile },
      }),
    );
    const [, entry] = await entries();
    expect(entry?.actor).toMatch(/^\ufffd'; drop table/);
    expect([...(entry?.actor ?? '')]).toHaveLength(200);
    await proved();
  });

  it('refuses to go on, and the action with it, when somebody else has changed its chain', async () => {
    await books.record(audit, anEntry());
    await books.database
      .updateTable('audit_entry')
      .set({ hash: '0'.repeat(64) } as never)
      .where('sequence', '=', 2)
      .execute();
    const action = books.database.transaction().execute(async (queries) => {
      await queries.insertInto('suspicion_rule').values({ event: 1, travel_min_ms: 1, refusals_min: 1 }).execute();
      await audit.record(queries, anEntry());
    });
    await expect(action).rejects.toThrow('changed by somebody else');
    expect(await books.database.selectFrom('suspicion_rule').selectAll().execute()).toEqual([]);
    await expect(audit.sign()).rejects.toThrow('changed by somebody else');
    expect(books.logged.at(-1)).toBe('the audit chain of this process was changed by somebody else');
  });

  it('refuses to go on when signed entries were cut off the end of its chain', async () => {
    await books.record(audit, anEntry());
    await books.record(audit, anEntry());
    await books.record(audit, anEntry());
    await audit.sign();
    await books.database.deleteFrom('audit_head').execute();
    await books.database.deleteFrom('audit_entry').where('sequence', '=', 4).execute();
    await books.database.updateTable('audit_chain').set({ tip_sequence: 3 }).execute();
    await expect(books.record(audit, anEntry())).rejects.toThrow('changed by somebody else');
  });
});

describe('heads', () => {
  it('are signed every hour while there is something new, and when the process ends', async () => {
    audit.start();
    await books.record(audit, anEntry());
    await books.time.advance(signEveryMs + 1);
    await audit.sign();
    await books.time.advance(signEveryMs);
    expect((await heads()).map(({ sequence, closed }) => [sequence, closed])).toEqual([[2, 0]]);
    await books.record(audit, anEntry());
    await books.time.advance(signEveryMs);
    await audit.sign();
    await audit.close();
    expect((await heads()).map(({ sequence, closed }) => [sequence, closed])).toEqual([
      [2, 0],
      [3, 0],
      [4, 1],
    ]);
    expect(await books.verify()).toMatchObject({ heads: 3, unsigned: 0, keys: [books.keys.signer.keyId] });
  });

  it('leave the log a trace outside the database', async () => {
    await books.record(audit, anEntry());
    await audit.sign();
    expect(books.logged).toEqual(['audit head signed']);
  });

  it('tell how many entries are not under one', async () => {
    await books.record(audit, anEntry());
    await audit.sign();
    await books.record(audit, anEntry(), anEntry());
    expect(await books.verify()).toMatchObject({ heads: 1, unsigned: 2 });
  });

  it('are signed by the next process where one has crashed', async () => {
    await books.record(audit, anEntry());
    await audit.sign();
    await books.record(audit, anEntry());
    await books.witness();
    expect(await books.verify()).toMatchObject({ heads: 2, unsigned: 0, flaw: undefined });
    await books.witness();
    expect(await heads()).toHaveLength(2);
  });

  it('are not signed over a chain that does not prove', async () => {
    await books.record(audit, anEntry(), anEntry());
    await books.database
      .updateTable('audit_entry')
      .set({ actor: 'somebody' } as never)
      .where('sequence', '=', 2)
      .execute();
    await books.witness();
    expect(await heads()).toEqual([]);
    expect(books.logged).toEqual(['an audit chain does not prove; run cloud-sync audit verify']);
  });
});

describe('erasure', () => {
  const berta = { kind: 'user', id: 'u-berta', name: 'Berta Example' } as const;

  it('empties value and salt of one person, records that it did, and the chain still proves', async () => {
    await books.record(audit, anEntry({ note: 'called me' }), anEntry({ actor: berta }), anEntry());
    await audit.sign();
    const erased = await books.database
      .transaction()
      .execute((queries) => audit.erase(queries, { actor: { kind: 'user', id: anna.id } }, berta));
    expect(erased).toBe(7);
    expect((await values()).filter((value) => value !== null).toSorted()).toEqual([
      '192.0.2.17',
      'Berta Example',
      'Berta Example',
      'Firefox on Linux',
    ]);
    const fields = await books.database.selectFrom('audit_field').selectAll().execute();
    for (const field of fields) expect(field.salt === null).toBe(field.value === null);
    expect(JSON.stringify(fields)).not.toContain('Anna');
    expect(await books.verify()).toMatchObject({ erased: 7, flaw: undefined });
    expect((await actions()).at(-1)).toBe('erasure');
  });

  it('also goes by ticket and by the value of a field', async () => {
    await books.record(audit, anEntry({ ticket: '0'.repeat(32) }), anEntry({ address: '198.51.100.1' }));
    const erase = (filter: Parameters<Audit['erase']>[1]): Promise<number> =>
      books.database.transaction().execute((queries) => audit.erase(queries, filter, berta));
    expect(await erase({ ticket: '0'.repeat(32) })).toBe(3);
    expect(await erase({ field: 'address', value: '198.51.100.1' })).toBe(1);
    expect(await erase({ field: 'address', value: '198.51.100.1' })).toBe(0);
    await proved();
  });

  it('is undone with its transaction', async () => {
    await books.record(audit, anEntry());
    await expect(
      books.database.transaction().execute(async (queries) => {
        await audit.erase(queries, { actor: anna }, berta);
        throw new Undo();
      }),
    ).rejects.toThrow(Undo);
    expect(await values()).toHaveLength(3);
    expect(await values()).not.toContain(null);
    await proved();
  });

  it('knows a personal field by one lower-case word: every database sorts those alike', () => {
    for (const field of personalFields) expect(field).toMatch(/^[a-z]+$/);
    expect(personalFields.toSorted()).toEqual([...personalFields]);
  });
});

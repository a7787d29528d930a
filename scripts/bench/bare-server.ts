// The floors of the central benchmarks, in a process of its own: the same HTTP server, framework, query builder and database as the
// cloud's, and of its work only what cannot be left out. `POST /verify` is one Ed25519 verify and one durable insert of an equal mark;
// `POST /verify-grouped` the same with one commit for all that wait; `GET /tickets/:ticket` one row by its key, as JSON.
// Arguments: URL of a migrated database. Prints its own URL when it listens, and ends with its parent.
import { serve } from '@hono/node-server';
import { bytesToHex, encodeMark, keyPairFromSeed, ready, sha256, sign, utf8, verifySignature } from '@postern/shared';
import { Hono } from 'hono';
import type { Insertable } from 'kysely';
import { toMarkRow } from '../../cloud-sync/src/store/mark-rows.ts';
import type { Schema } from '../../cloud-sync/src/store/schema.ts';
import { admittedMark } from '../sim/gate-marks.ts';
import { openCloudDatabase } from '../lib/cloud-database.ts';

const rowsPerCommitMax = 200;
const event = 1;

await ready;
const database = openCloudDatabase(process.argv[2] ?? '');
const keys = keyPairFromSeed(sha256(utf8('the floor')));
/** As long as a pass. */
const signed = new Uint8Array(115).fill(7);
const signature = sign(keys.secretKey, signed);
const writer = { event, gate: 'floor', boot: bytesToHex(new Uint8Array(8)) };

let sequence = 0;
const nextRow = (): Insertable<Schema['mark']> => {
  sequence += 1;
  const { mark } = admittedMark(writer, sequence, sequence, { ms: Date.now(), counter: 0 });
  return toMarkRow(writer, { mark, bytes: encodeMark(mark) }, Date.now());
};
const insert = async (rows: readonly Insertable<Schema['mark']>[]): Promise<void> => {
  await database.insertInto('mark').values(rows).execute();
};

let waiting: { readonly row: Insertable<Schema['mark']>; readonly done: () => void }[] = [];
let isCommitting = false;
const commitWaiting = async (): Promise<void> => {
  isCommitting = true;
  while (waiting.length > 0) {
    const together = waiting.slice(0, rowsPerCommitMax);
    waiting = waiting.slice(together.length);
    await insert(together.map(({ row }) => row));
    for (const { done } of together) done();
  }
  isCommitting = false;
};
const insertWithOthers = (row: Insertable<Schema['mark']>): Promise<void> =>
  new Promise((done) => {
    waiting.push({ row, done });
    if (!isCommitting) void commitWaiting();
  });

const app = new Hono();
app.post('/verify', async (c) => {
  await c.req.json();
  if (!verifySignature(keys.publicKey, signed, signature)) return c.json({ success: false });
  await insert([nextRow()]);
  return c.json({ success: true });
});
app.post('/verify-grouped', async (c) => {
  await c.req.json();
  if (!verifySignature(keys.publicKey, signed, signature)) return c.json({ success: false });
  await insertWithOthers(nextRow());
  return c.json({ success: true });
});
app.get('/tickets/:ticket', async (c) => {
  const row = await database
    .selectFrom('ticket')
    .selectAll()
    .where('id', '=', c.req.param('ticket'))
    .executeTakeFirst();
  return row === undefined ? c.json({ status: 404 }, 404) : c.json(row);
});
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => console.log(`http://127.0.0.1:${port}`));
process.on('disconnect', () => process.exit(0));

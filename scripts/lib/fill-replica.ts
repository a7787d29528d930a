// A replica database full of marks of other gates, as the replicator leaves it, for benchmarks.
import { encodeMark, hexToBytes, type Mark } from '@postern/shared';
import { openDatabase, type DiskKey } from '../../gate-agent/src/store/database.ts';
import { markTablesSql } from '../../gate-agent/src/store/mark-tables.ts';

export interface FillReplicaOptions {
  readonly path: string;
  readonly key?: DiskKey | undefined;
  readonly event: number;
  readonly marks: number;
  readonly atMs: number;
  /** Ticket of the n-th mark. */
  readonly ticketId: (index: number) => string;
  /** Of the rows of writers, where the replica has some already. */
  readonly firstWriter?: number;
}

const gates = 20;

export function fillReplica({ path, key, event, marks, atMs, ticketId, firstWriter = 1 }: FillReplicaOptions): void {
  const database = openDatabase(path, { key, synchronous: 'off' });
  database.exec(markTablesSql);
  database.exec('DROP INDEX mark_by_ticket');
  const insertWriter = database.prepare('INSERT INTO writer (id, event, gate, boot) VALUES (?, ?, ?, ?)');
  const insertMark = database.prepare('INSERT INTO mark (writer, sequence, ticket, bytes) VALUES (?, ?, ?, ?)');
  const perGate = Math.ceil(marks / gates);
  database.transaction(() => {
    for (let gate = 1; gate <= gates; gate++) {
      const writer = { event, gate: `far-${gate}`, boot: gate.toString(16).padStart(16, '0') };
      const row = firstWriter + gate - 1;
      insertWriter.run(row, writer.event, writer.gate, writer.boot);
      for (let sequence = 1; sequence <= perGate; sequence++) {
        const id = ticketId((gate - 1) * perGate + sequence - 1);
        const mark: Mark = {
          ...writer,
          kind: 'admitted',
          sequence,
          at: { ms: atMs + sequence * 500, counter: 0 },
          monotonicMs: sequence * 500,
          clock: { source: 'server', uncertaintyMs: 20 },
          lane: 'a',
          ticketId: id,
          epoch: 0,
          method: 'qr',
          ticketType: 1,
          zone: 'main',
          uses: 1,
          outOfTouch: false,
          peersReachable: 3,
        };
        insertMark.run(row, sequence, hexToBytes(id), encodeMark(mark));
      }
    }
  })();
  database
    .prepare('INSERT OR REPLACE INTO zone_count (event, zone, persons) VALUES (?, ?, ?)')
    .run(event, 'main', marks);
  database.exec(markTablesSql);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}

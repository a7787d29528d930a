// Programs that get tokens by OAuth2: registered by an administrator, proved by a secret that is shown once and kept as a hash.
import {
  bytesToHex,
  err,
  ok,
  type ClientCreated,
  type ClientRequest,
  type ClientView,
  type Clock,
  type Random,
  type Result,
} from '@postern/shared';
import type { Selectable } from 'kysely';
import type { Database } from '../store/database.ts';
import type { Schema } from '../store/schema.ts';
import { hashSecret, isSecret, makeSecret, programIdBytes, readGrant, toGrantColumns } from './grants.ts';
import type { Failure } from './problems.ts';

const idPattern = /^[0-9a-f]{12}$/;
/** Clients that are not revoked. */
const clientsMax = 1_000;

export interface Clients {
  /** The newest first. */
  readonly list: () => Promise<ClientView[]>;
  readonly create: (request: ClientRequest) => Promise<Result<ClientCreated, Failure>>;
  /** Ends a client and all its tokens at once; `client-unknown`. */
  readonly revoke: (id: string) => Promise<Result<undefined, Failure>>;
  /** A client that is not revoked and proves itself by its secret. */
  readonly prove: (id: string, secret: string) => Promise<ClientView | undefined>;
}

export interface ClientsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
}

export const createClients = ({ database, clock, random }: ClientsDeps): Clients => ({
  list: async () => {
    const rows = await database
      .selectFrom('client')
      .selectAll()
      .orderBy('created_at_ms', 'desc')
      .orderBy('id')
      .execute();
    return rows.map(toView);
  },

  create: async ({ name, scopes, events }) => {
    const living = await database
      .selectFrom('client')
      .select((query) => query.fn.countAll<number>().as('count'))
      .where('revoked_at_ms', 'is', null)
      .executeTakeFirst();
    if ((living?.count ?? 0) >= clientsMax) return err({ type: 'too-many-keys', detail: `At most ${clientsMax}.` });
    const secret = makeSecret(random);
    const row = {
      id: bytesToHex(random(programIdBytes)),
      name,
      secret_hash: hashSecret(secret),
      ...toGrantColumns({ scopes, events }),
      created_at_ms: clock.wallMs(),
      revoked_at_ms: null,
    };
    await database.insertInto('client').values(row).execute();
    return ok({ ...toView(row), secret });
  },

  revoke: async (id) => {
    const revoked = await database
      .updateTable('client')
      .set({ revoked_at_ms: clock.wallMs() })
      .where('id', '=', id)
      .where('revoked_at_ms', 'is', null)
      .returning('id')
      .executeTakeFirst();
    return revoked === undefined ? err({ type: 'client-unknown' }) : ok(undefined);
  },

  prove: async (id, secret) => {
    // Whatever else a form holds never reaches the database.
    if (!idPattern.test(id)) return undefined;
    const row = await database
      .selectFrom('client')
      .selectAll()
      .where('id', '=', id)
      .where('revoked_at_ms', 'is', null)
      .executeTakeFirst();
    return row !== undefined && isSecret(secret, row.secret_hash) ? toView(row) : undefined;
  },
});

const toView = (row: Selectable<Schema['client']>): ClientView => ({
  id: row.id,
  name: row.name,
  ...readGrant(row),
  createdAtMs: row.created_at_ms,
  ...(row.revoked_at_ms === null ? {} : { revokedAtMs: row.revoked_at_ms }),
});

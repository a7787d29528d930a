// What the command line does with the audit log: prove it, export it so that somebody else can, make the uses anew.
import { err, ok, type Clock, type Result } from '@postern/shared';
import type { Database } from '../store/database.ts';
import { holdAgainst, type AuditExport, type Held } from './audit-against.ts';
import type { AuditKeys } from './audit-keys.ts';
import { readChains, verifyAudit, type AuditReport, type VerifyOptions } from './audit-verify.ts';
import { readEvent } from './events.ts';
import type { Failure } from './problems.ts';
import { rebuildProjection, type Rebuilt } from './projection.ts';
import { rebuildUses } from './uses.ts';

export interface AuditTools {
  /** `against`: an earlier export; what in it is no longer there is the flaw, once the rest has proved. */
  readonly verify: (
    options?: VerifyOptions & { readonly against?: AuditExport },
  ) => Promise<Result<AuditProof, Failure>>;
  /** JSON lines `{"chain"}`, `{"entry"}`, `{"head"}`: all that audit-chain.ts hashes, no personal field and no salt. */
  readonly exportLines: (event?: number) => AsyncGenerator<string>;
  readonly entryCount: () => Promise<number>;
  /** Everything that is derived from an event's marks, dropped and made anew; whether it was what it is now. */
  readonly rebuild: (event: number) => Promise<Result<Rebuilt & { readonly uses: number }, Failure>>;
  readonly rotateKey: () => Promise<string>;
}

export interface AuditProof extends AuditReport {
  /** How much of the export is still there; absent where none was given, or was not come to. */
  readonly held?: Omit<Held, 'flaw'>;
}

export interface AuditToolsDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: Pick<AuditKeys, 'publicKey'>;
  readonly rotateKey: () => Promise<string>;
}

const pageRows = 1_000;

export function createAuditTools({ database, clock, keys, rotateKey }: AuditToolsDeps): AuditTools {
  return {
    verify: async ({ against, ...options } = {}) => {
      if (options.event !== undefined && (await readEvent(database, options.event)) === undefined)
        return err({ type: 'event-unknown' });
      const report = await verifyAudit(database, keys, options);
      if (report.flaw !== undefined || against === undefined) return ok(report);
      const held = await holdAgainst(database, against);
      if (!held.ok) return held;
      const { flaw, ...counts } = held.value;
      return ok({ ...report, held: counts, flaw });
    },

    exportLines: (event) => exportLines(database, event),

    entryCount: async () => {
      const { entries } = await database
        .selectFrom('audit_entry')
        .select(({ fn }) => fn.countAll<number>().as('entries'))
        .executeTakeFirstOrThrow();
      return entries;
    },

    rebuild: async (event) => {
      if ((await readEvent(database, event)) === undefined) return err({ type: 'event-unknown' });
      const projection = await rebuildProjection(database, clock, event);
      return ok({ ...projection, uses: await rebuildUses(database, event) });
    },

    rotateKey,
  };
}

async function* exportLines(database: Database, event: number | undefined): AsyncGenerator<string> {
  const chains = await readChains(database, event);
  for (const chain of chains) {
    yield JSON.stringify({ chain });
    for (let after = 0; ;) {
      const page = await database
        .selectFrom('audit_entry')
        .selectAll()
        .where('chain', '=', chain.id)
        .where('sequence', '>', after)
        .orderBy('sequence')
        .limit(pageRows)
        .execute();
      for (const entry of page) yield JSON.stringify({ entry });
      after = page.at(-1)?.sequence ?? after;
      if (page.length < pageRows) break;
    }
    const heads = await database
      .selectFrom('audit_head')
      .selectAll()
      .where('chain', '=', chain.id)
      .orderBy('sequence')
      .execute();
    for (const head of heads) yield JSON.stringify({ head });
  }
}

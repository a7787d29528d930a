// Proves the audit log every night and on request, as `cloud-sync audit verify` does, so that people at a screen know when it was last
// proved. It reads through a connection of its own: on SQLite one reader would hold up everybody else on the service's.
import { err, ok, type JobResult, type Result } from '@postern/shared';
import { z } from 'zod';
import type { Database, DatabaseError } from '../../store/database.ts';
import type { AuditKeys } from '../audit-keys.ts';
import { verifyAudit, type AuditReport } from '../audit-verify.ts';
import { defineJob, type JobFailure, type JobKind } from './job-kind.ts';

export const auditVerifyName = 'audit-verify';

export interface VerifyAuditDeps {
  readonly keys: Pick<AuditKeys, 'publicKey'>;
  /** Opens the database once more; who asks for it closes it. */
  readonly openReader: () => Result<Database, DatabaseError>;
}

/** Thrown through the verification, and caught here, where the run is to end early. */
class StoppedError extends Error {}

export const verifyAuditLog = ({ keys, openReader }: VerifyAuditDeps): JobKind =>
  defineJob({
    name: auditVerifyName,
    title: 'Proves that nothing was changed in, taken from or put into the audit log',
    about: 'deployment',
    schedule: '43 4 * * *',
    runNow: true,
    parameters: z.strictObject({}),
    run: async ({ signal, report }) => {
      const opened = openReader();
      if (!opened.ok)
        return err({ type: opened.error.type, detail: 'The database cannot be opened a second time: see the log.' });
      const database = opened.value;
      let proved = 0;
      try {
        const { entries: total } = await database
          .selectFrom('audit_entry')
          .select(({ fn }) => fn.countAll<number>().as('entries'))
          .executeTakeFirstOrThrow();
        const progress = (entries: number): void => {
          proved = entries;
          report(Math.min(entries, total), total);
          if (signal.aborted) throw new StoppedError();
        };
        return resultOf(await verifyAudit(database, keys, { progress }));
      } catch (cause) {
        if (!(cause instanceof StoppedError)) throw cause;
        return ok({ counts: { entries: proved }, summary: `Stopped after ${proved} entries, which prove.` });
      } finally {
        await database.destroy();
      }
    },
  });

function resultOf({ flaw, ...sums }: AuditReport): Result<JobResult, JobFailure> {
  const counts = {
    chains: sums.chains,
    entries: sums.entries,
    heads: sums.heads,
    erased: sums.erased,
    unsigned: sums.unsigned,
  };
  if (flaw === undefined) return ok({ counts, summary: `All ${sums.entries} entries in ${sums.chains} chains prove.` });
  const summary = `Entry ${flaw.sequence} of chain ${flaw.chain} ${flaw.what}.`;
  return err({
    type: 'audit-flawed',
    detail: `${summary} Keep the database as it is, and look with cloud-sync audit verify.`,
    result: { counts, summary },
  });
}

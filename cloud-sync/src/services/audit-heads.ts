// Where chains stand: their tips, the heads that are signed of them, and what an erasure has emptied.
import { bytesToHex, type Clock, type Logger } from '@postern/shared';
import type { Queries } from '../store/database.ts';
import { createErasureDigest, headMessage, noHash, type FieldPlace } from './audit-chain.ts';
import type { AuditSigner } from './audit-keys.ts';

const rowsPerStatementMax = 1_000;

/** Where a chain stands. */
export interface Tip {
  readonly sequence: number;
  readonly hash: string;
}

export interface HeadDeps {
  readonly signer: AuditSigner;
  readonly clock: Clock;
  /** Outside the database, and so a witness. */
  readonly log: Logger;
}

/**
 * Signs `tip` as the head of `chain` after the one at `previous`, and tells the log: a witness outside the database. Nothing where
 * another process has signed meanwhile.
 */
export async function storeHead(
  queries: Queries,
  { signer, clock, log }: HeadDeps,
  { chain, tip, previous, closed }: NewHead,
): Promise<void> {
  const moved = await queries
    .updateTable('audit_chain')
    .set({ signed_sequence: tip.sequence, closed })
    .where('id', '=', chain)
    .where('signed_sequence', '=', previous)
    .returning('id')
    .executeTakeFirst();
  if (moved === undefined) return;
  const head = {
    chain,
    sequence: tip.sequence,
    hash: tip.hash,
    previous,
    at_ms: clock.wallMs(),
    closed,
    key: signer.keyId,
  };
  await queries
    .insertInto('audit_head')
    .values({ ...head, signature: bytesToHex(signer.sign(headMessage(head))) })
    .execute();
  log.info({ chain, sequence: tip.sequence, hash: tip.hash }, 'audit head signed');
}

interface NewHead {
  readonly chain: string;
  readonly tip: Tip;
  /** Sequence of the last signed head; 0 where there is none. */
  readonly previous: number;
  readonly closed: 0 | 1;
}

export async function readTip(queries: Queries, chain: string, sequence: number): Promise<Tip | undefined> {
  if (sequence === 0) return { sequence, hash: noHash };
  const row = await queries
    .selectFrom('audit_entry')
    .select('hash')
    .where('chain', '=', chain)
    .where('sequence', '=', sequence)
    .executeTakeFirst();
  return row === undefined ? undefined : { sequence, hash: row.hash };
}

/** How many fields an erasure has emptied, and which. */
export async function sumErasure(
  queries: Queries,
  erasure: string,
): Promise<{ readonly fields: number; readonly digest: string }> {
  const digest = createErasureDigest();
  let fields = 0;
  let last: FieldPlace = { chain: '', sequence: 0, field: '' };
  for (;;) {
    const { chain, sequence, field } = last;
    const page = await queries
      .selectFrom('audit_field')
      .select(['chain', 'sequence', 'field'])
      .where('erasure', '=', erasure)
      .where((where) => where(where.refTuple('chain', 'sequence', 'field'), '>', where.tuple(chain, sequence, field)))
      .orderBy('chain')
      .orderBy('sequence')
      .orderBy('field')
      .limit(rowsPerStatementMax)
      .execute();
    for (const place of page) digest.add(place);
    fields += page.length;
    last = page.at(-1) ?? last;
    if (page.length < rowsPerStatementMax) return { fields, digest: digest.digest() };
  }
}

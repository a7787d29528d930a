// Alarms of earlier starts, from what was put aside: a gate that is restarted must not forget that somebody should look. What a person has
// let in since is none any more.
import {
  alarmOf,
  type Alarm,
  type Ledger,
  type Quarantined,
  type ReplicaStore,
  type SignedChunk,
} from '@postern/shared';

interface PastAlarmsStore extends Pick<ReplicaStore, 'segment' | 'chunks'> {
  /** What was put aside last, at most `limit`, newest last. */
  readonly lastQuarantined: (event: number, limit: number) => readonly Quarantined[];
}

/** The last ones, at most `limit`, newest last. */
export async function readPastAlarms(
  store: PastAlarmsStore,
  ledger: Pick<Ledger, 'hashAt'>,
  event: number,
  limit: number,
): Promise<readonly Alarm[]> {
  const alarms: Alarm[] = [];
  for (const item of store.lastQuarantined(event, limit))
    if (!(await isLetIn(store, ledger, item.chunk))) alarms.push(alarmOf(item));
  return alarms;
}

async function isLetIn(
  store: PastAlarmsStore,
  ledger: Pick<Ledger, 'hashAt'>,
  { head }: SignedChunk,
): Promise<boolean> {
  const known = await store.segment(head);
  if (known === undefined || known.count < head.count) return false;
  return (known.count === head.count ? known.hash : ledger.hashAt(await store.chunks(head), head.count)) === head.hash;
}

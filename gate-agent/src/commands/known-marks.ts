// What this gate has written down and learned, for commands that only look: the journal in short pages, the replica beside it,
// also while the agent works on both. The answers are what the store would give a scan.
import {
  bindingsAround,
  compareMarks,
  decodeMark,
  foldBindings,
  isRehearsalSwitch,
  markKey,
  ordersInForce,
  type AdmitView,
  type BandsMax,
  type Clock,
  type Logger,
  type Mark,
  type OrderMark,
  type TagState,
} from '@postern/shared';
import type { DiskKey } from '../store/database.ts';
import { createJournalReader } from '../store/journal-reader.ts';
import { createReplicaReader } from '../store/replica-reader.ts';
import { countPersons, createZoneCounts } from '../counts/zone-counts.ts';
import { journalPath, replicaPath } from '../event-folder.ts';

export interface KnownMarks {
  readonly ofTicket: (ticketId: string) => readonly Mark[];
  readonly tag: (tagHash: string, bandsMax: BandsMax) => TagState;
  readonly occupancy: AdmitView['occupancy'];
  /** To the venue, in force as far as this gate knows. */
  readonly orders: () => readonly OrderMark[];
  /** By which this gate has begun and left rehearsals, in the order in which it did. */
  readonly rehearsalSwitches: () => readonly Mark[];
  /** Own marks of the event, and the last of them that let somebody in. */
  readonly own: { readonly count: number; readonly lastEntryMs: number | undefined };
  readonly close: () => void;
}

export interface KnownMarksDeps {
  readonly data: string;
  readonly key?: DiskKey | undefined;
  readonly event: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Throws when the journal is there and cannot be read, or holds a mark that does not decode. */
export function openKnownMarks({ data, key, event, clock, logger }: KnownMarksDeps): KnownMarks {
  const replica = createReplicaReader({ path: replicaPath(data, event), key, clock, logger });
  const own = readJournal(data, event, key);
  const counts = createZoneCounts(
    (id) => own.get(markKey(id)) ?? replica.find(id.event, id.gate, id.boot, id.sequence),
  );
  let lastEntryMs: number | undefined;
  for (const mark of own.values()) {
    counts.note(mark);
    if (mark.kind === 'admitted') lastEntryMs = Math.max(lastEntryMs ?? 0, mark.at.ms);
  }
  const ofTicket = (ticketId: string): readonly Mark[] =>
    [...own.values(), ...replica.marksOf(ticketId)].filter(
      (mark) =>
        mark.event === event && (mark.kind === 'corrected' || ('ticketId' in mark && mark.ticketId === ticketId)),
    );
  const boundTo = (tagHash: string): readonly Mark[] =>
    [...own.values(), ...replica.boundTo(tagHash)].filter(
      (mark) => mark.event === event && mark.kind === 'bound' && mark.tagHash === tagHash,
    );
  return {
    ofTicket,
    tag: (tagHash, bandsMax) =>
      foldBindings(bindingsAround([tagHash], [], { byTag: boundTo, byTicket: ofTicket }), bandsMax).tag(tagHash),
    occupancy: (zone) => ({
      known: countPersons(event, zone, counts, replica.zone(event, zone)),
      spentOutOfTouch: counts.spentOutOfTouch(event, zone),
    }),
    orders: () => {
      const ofOthers = replica.newsOfOrders(event).flatMap((news) => (news.type === 'learned' ? [news.mark] : []));
      return ordersInForce([...[...own.values()].filter((mark) => mark.event === event), ...ofOthers]);
    },
    rehearsalSwitches: () => [...own.values()].filter(isRehearsalSwitch).toSorted(compareMarks),
    own: { count: own.size, lastEntryMs },
    close: replica.close,
  };
}

function readJournal(data: string, event: number, key: DiskKey | undefined): ReadonlyMap<string, Mark> {
  const journal = createJournalReader(journalPath(data, event), key);
  try {
    const marks = new Map<string, Mark>();
    for (const writer of journal.writers()) {
      if (writer.event !== event) continue;
      journal.forEach(writer, (sequence, bytes) => {
        const mark = decodeMark(new Uint8Array(bytes), writer);
        if (!mark.ok)
          throw new Error(`mark ${sequence} of ${writer.gate}/${writer.boot} in the journal does not decode`);
        marks.set(markKey(mark.value), mark.value);
      });
    }
    return marks;
  } finally {
    journal.close();
  }
}

// A data folder as a gate without a disk key leaves it: journal, replica and ticket list of one event, full of things that nobody who
// steals the card should find; and the search for them in every byte of a folder.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  admissionPolicySchema,
  bytesToHex,
  codeHash,
  hexToBytes,
  ready,
  ticketKey,
  utf8,
  type Mark,
} from '@postern/shared';
import { eventFolder, feedFolder, journalPath, replicaPath } from '../../gate-agent/src/event-folder.ts';
import { openDatabase, type DiskKey } from '../../gate-agent/src/store/database.ts';
import { openFeedCache, type FeedCache } from '../../gate-agent/src/store/feed-cache.ts';
import {
  announce,
  buildSnapshot,
  feedCodeHashKey,
  feedEvent,
  feedKeys,
  feedPolicy,
  feedStartMs,
  generatedTicket,
  signedManifest,
  type CodedTicket,
} from '../../scripts/lib/build-feed.ts';
import { readMarks, writeMarks } from './gate-store-harness.ts';
import { silentLogger } from './gate-rig.ts';
import { aMark } from './marks.ts';

export const sealedEvent = feedEvent;
export const listName = 'Zaphod and friends, VIP';
const operator = 'k3f9x2ab';

/** With a code that somebody else printed. */
export const codedTicket: CodedTicket = generatedTicket(3, true);
export const ticketOf = (index: number): string => generatedTicket(index).ticket.id;

/** What must not be found: the name of a ticket type, a ticket in marks and in the list, a foreign code's hash, a pseudonym. */
export const canaries = (): Readonly<Record<string, Uint8Array>> => ({
  name: utf8(listName),
  'ticket in a mark': hexToBytes(ticketOf(1)) ?? new Uint8Array(),
  'ticket in the list': ticketKey(ticketOf(1)),
  'hash of a code': codeHash(feedCodeHashKey, codedTicket.code ?? ''),
  'key of the hashes': utf8(bytesToHex(feedCodeHashKey)),
  operator: utf8(operator),
});

export const openListOf = (data: string, key?: DiskKey): Promise<FeedCache> =>
  openFeedCache({
    folder: feedFolder(data, sealedEvent),
    key,
    event: sealedEvent,
    enrolledKeys: [announce(feedKeys('a'), 'active')],
    nowMs: () => feedStartMs,
    logger: silentLogger,
  });

/** Brings a list of `tickets` tickets into an opened cache, as a download does. */
export async function applyList(cache: FeedCache, scratch: string, tickets = 50, version = 1): Promise<void> {
  mkdirSync(scratch, { recursive: true });
  const { reference, path } = buildSnapshot({
    path: join(scratch, `list-${version}.gz`),
    version,
    tickets: [
      codedTicket,
      ...Array.from({ length: tickets }, (_, index) => generatedTicket(index)).filter((_, index) => index !== 3),
    ],
  });
  const offer = cache.consider(
    signedManifest({
      snapshot: reference,
      policy: admissionPolicySchema.parse({ ...feedPolicy, types: [{ id: 1, name: listName }] }),
      staff: [{ operator, role: 'steward', salt: '00'.repeat(16), pinHash: '11'.repeat(32) }],
    }),
  );
  if (!offer.ok) throw new Error(offer.error.type);
  const path2 = cache.downloadPath(reference) === undefined ? new Uint8Array(readFileSync(path)) : path;
  const applied = await cache.apply(offer.value, { snapshot: path2, deltas: new Map() }, new AbortController().signal);
  if (!applied.ok) throw new Error(JSON.stringify(applied.error));
}

const marksOf = (gate: string, count: number): readonly Mark[] =>
  Array.from({ length: count }, (_, index) =>
    aMark({ event: sealedEvent, gate, sequence: index + 1, ticketId: ticketOf(index) }),
  );

export async function makeUnsealedFolder(data: string, { tickets = 50, marks = 40 } = {}): Promise<void> {
  await ready;
  mkdirSync(eventFolder(data, sealedEvent), { recursive: true });
  writeMarks(journalPath(data, sealedEvent), marksOf('gate-a', marks));
  writeMarks(replicaPath(data, sealedEvent), marksOf('gate-b', marks));
  const cache = await openListOf(data);
  const scratch = mkdtempSync(join(tmpdir(), 'postern-list-'));
  await applyList(cache, scratch, tickets);
  cache.close();
  rmSync(scratch, { recursive: true });
}

/** What a folder holds, as its gate reads it. */
export async function contentOf(data: string, key?: DiskKey) {
  // A gate writes to both, and so mends what a kill has left in their logs; a mere reader may not.
  for (const path of [journalPath(data, sealedEvent), replicaPath(data, sealedEvent)])
    openDatabase(path, { key }).close();
  const cache = await openListOf(data, key);
  const tickets = cache.current()?.tickets;
  const content = {
    journal: readMarks(journalPath(data, sealedEvent), key),
    replica: readMarks(replicaPath(data, sealedEvent), key),
    trouble: cache.trouble(),
    tickets: [0, 1, 2, 3].map((index) => tickets?.ticket(ticketOf(index))),
    coded: tickets?.ticketByCode(codedTicket.code ?? ''),
  };
  cache.close();
  return content;
}

/** Names of the canaries that are in any file, as bytes or as their hexadecimal digits. */
export function foundIn(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
  return Object.entries(canaries())
    .map(([name, bytes]) => [name, Buffer.from(bytes)] as const)
    .filter(([, bytes]) => files.some((file) => file.includes(bytes) || file.includes(Buffer.from(bytesToHex(bytes)))))
    .map(([name]) => name);
}

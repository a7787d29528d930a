// Feeds for tests and benchmarks: snapshot files, deltas and signed manifests as the cloud makes them, from generated tickets.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import {
  admissionPolicySchema,
  bytesToHex,
  codeHash,
  encodeCodeRow,
  encodeDelta,
  encodeTicketRow,
  hasLanguage,
  foreignTicketId,
  insertCodeSql,
  insertMetaSql,
  insertSpokenTicketSql,
  insertTicketSql,
  insertTokenSql,
  languageColumnSql,
  keyId,
  keyPairFromSeed,
  rowsIn,
  signManifest,
  snapshotFormat,
  snapshotPageBytes,
  snapshotTablesSql,
  tokenTableSql,
  type CodeChange,
  type FeedKey,
  type KeyPair,
  type Manifest,
  type Ticket,
  type TokenRow,
} from '@postern/shared';
import { openDatabase } from '../../gate-agent/src/store/database.ts';

export const feedEvent = 7;
export const feedCodeHashKey = new Uint8Array(32).fill(5);
export const feedStartMs = 1_750_000_000_000;

export interface CodedTicket {
  readonly ticket: Ticket;
  readonly code?: string;
  readonly token?: TokenRow;
}

/** Repeatable bytes that look random: SHA-256 of a counter. */
function bytesOf(seed: string): Uint8Array {
  return createHash('sha256').update(seed).digest();
}

/** The n-th generated ticket: a UUIDv7 made some time in the ninety days before, or, with `coded`, one from somebody else's code. */
export function generatedTicket(index: number, coded = false): CodedTicket {
  const code = coded ? bytesToHex(bytesOf(`code ${index}`).subarray(0, 10)) : undefined;
  const id = code === undefined ? uuidV7(index) : foreignTicketId(feedEvent, code);
  const ticket: Ticket = { id, type: index % 10 === 0 ? 2 : 1, epoch: 0, status: 'valid', party: 1 };
  return code === undefined ? { ticket } : { ticket, code };
}

function uuidV7(index: number): string {
  const bytes = Uint8Array.from(bytesOf(`ticket ${index}`).subarray(0, 16));
  const atMs =
    feedStartMs - (((bytes[0] ?? 0) * 65_536 + (bytes[1] ?? 0) * 256 + (bytes[2] ?? 0)) / 2 ** 24) * 90 * 86_400_000;
  let rest = Math.floor(atMs);
  for (let position = 5; position >= 0; position--, rest = Math.floor(rest / 256)) bytes[position] = rest % 256;
  // The bytes that gave the time must not be the random ones too.
  bytes.set(bytesOf(`tail ${index}`).subarray(0, 10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytesToHex(bytes);
}

export interface BuiltSnapshot {
  readonly reference: Manifest['snapshot'];
  readonly path: string;
}

export interface BuildSnapshotOptions {
  /** The packed file; the unpacked one exists only while it is made. */
  readonly path: string;
  readonly tickets: Iterable<CodedTicket>;
  readonly version?: number;
  readonly event?: number;
  /** Some of its tickets have a language. */
  readonly withLanguages?: boolean;
  /** Its tickets are tokens. */
  readonly withTokens?: boolean;
}

/** As the cloud does it: rows into a scratch database, VACUUM INTO, gzip. */
export function buildSnapshot({
  path,
  tickets,
  version = 1,
  event = feedEvent,
  withLanguages = false,
  withTokens = false,
}: BuildSnapshotOptions): BuiltSnapshot {
  const scratchPath = `${path}.scratch`;
  const plainPath = `${path}.plain`;
  for (const old of [scratchPath, plainPath]) rmSync(old, { force: true });
  const scratch = openDatabase(scratchPath, { synchronous: 'off' });
  scratch.pragma('journal_mode = DELETE');
  scratch.pragma(`page_size = ${snapshotPageBytes}`);
  scratch.exec('VACUUM');
  scratch.exec(withTokens ? snapshotTablesSql + tokenTableSql : snapshotTablesSql);
  const insertToken = withTokens ? scratch.prepare(insertTokenSql) : undefined;
  if (withLanguages) scratch.exec(languageColumnSql);
  const insertTicket = scratch.prepare(insertTicketSql);
  const insertSpokenTicket = withLanguages ? scratch.prepare(insertSpokenTicketSql) : undefined;
  const insertCode = scratch.prepare(insertCodeSql);
  const insertMeta = scratch.prepare(insertMetaSql);
  let count = 0;
  scratch.transaction(() => {
    for (const { ticket, code, token } of tickets) {
      const row = encodeTicketRow(ticket);
      if (hasLanguage(row)) insertSpokenTicket?.run(...row);
      else insertTicket.run(...row);
      if (code !== undefined)
        insertCode.run(...encodeCodeRow(codeHash(feedCodeHashKey, code), ticket.id, ticket.epoch));
      if (token !== undefined) insertToken?.run(...token);
      count++;
    }
    for (const [name, value] of [
      ['format', snapshotFormat],
      ['event', event],
      ['version', version],
      ['tickets', count],
    ] as const)
      insertMeta.run(name, value);
  })();
  scratch.prepare('VACUUM INTO ?').run(plainPath);
  scratch.close();
  const plain = readFileSync(plainPath);
  const packed = gzipSync(plain, { level: 9 });
  writeFileSync(path, packed);
  for (const old of [scratchPath, plainPath]) rmSync(old, { force: true });
  const reference = {
    version,
    tickets: count,
    sha256: sha256Hex(packed),
    bytes: statSync(path).size,
    database: { sha256: sha256Hex(plain), bytes: plain.length },
  };
  return { reference, path };
}

export interface BuiltDelta {
  readonly reference: Manifest['deltas'][number];
  readonly bytes: Uint8Array;
}

export function buildDelta(
  from: number,
  to: number,
  tickets: readonly Ticket[],
  codes: readonly CodeChange[] = [],
  event = feedEvent,
  tokens: readonly TokenRow[] = [],
): BuiltDelta {
  const rows = { tickets, codes, tokens };
  const bytes = encodeDelta({ event, from, to }, rows);
  return {
    bytes,
    reference: { from, to, rows: rowsIn(rows), sha256: sha256Hex(bytes), bytes: bytes.length },
  };
}

export const feedKeys = (name: string): KeyPair => keyPairFromSeed(bytesOf(`feed key ${name}`));

export const announce = (keys: KeyPair, state: FeedKey['state'], use: FeedKey['use'] = 'feed'): FeedKey => ({
  use,
  keyId: keyId(keys.publicKey),
  publicKey: bytesToHex(keys.publicKey),
  state,
});

export const feedPolicy = admissionPolicySchema.parse({
  event: feedEvent,
  name: 'Sample',
  types: [
    { id: 1, name: 'Adult' },
    { id: 2, name: 'Child' },
  ],
  zones: [{ id: 'main', name: 'Main' }],
});

export type ManifestParts = Partial<Manifest> & { readonly snapshot: Manifest['snapshot'] };

/** A manifest by feed key `a`, valid for a day, with whatever `parts` say otherwise. */
export const buildManifest = (parts: ManifestParts): Manifest => ({
  v: 1,
  event: feedEvent,
  version: parts.snapshot.version,
  createdAtMs: feedStartMs,
  expiresAtMs: feedStartMs + 86_400_000,
  policy: feedPolicy,
  codeHashKey: bytesToHex(feedCodeHashKey),
  deltas: [],
  keys: [announce(feedKeys('a'), 'active'), announce(feedKeys('issuer'), 'active', 'issuer')],
  gates: [],
  ca: '',
  staff: [],
  ...parts,
});

export const signedManifest = (parts: ManifestParts, keys: KeyPair = feedKeys('a')): Uint8Array =>
  signManifest(buildManifest(parts), keys);

const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  acceptManifest,
  codeHash,
  decodeDelta,
  decodeDeltaChunk,
  decodeTicketRow,
  encodeCodeRow,
  encodeDelta,
  encodeTicketRow,
  holdReasons,
  languages,
  isExpired,
  knownFeedKeys,
  needsNewSnapshot,
  parseShortCode,
  readCodeReference,
  planFeed,
  ready,
  shortCode,
  signManifest,
  ticketKey,
  ticketStatuses,
  trustedFeedKeys,
  verifyManifest,
  type Manifest,
  type Ticket,
} from '@postern/shared';
import {
  announce,
  buildDelta,
  buildManifest,
  feedCodeHashKey,
  feedEvent,
  feedKeys,
  feedStartMs,
  generatedTicket,
} from '../../../scripts/lib/build-feed.ts';

beforeAll(() => ready);

const ids = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const seconds = fc.integer({ min: 0, max: 253_402_300_799 });
const tickets: fc.Arbitrary<Ticket> = fc.record(
  {
    id: ids,
    type: fc.integer({ min: 0, max: 65_535 }),
    epoch: fc.integer({ min: 0, max: 4_294_967_295 }),
    status: fc.constantFrom(...ticketStatuses),
    party: fc.integer({ min: 1, max: 65_535 }),
    hold: fc.constantFrom(...holdReasons),
    validFromS: seconds,
    validUntilS: seconds,
    language: fc.constantFrom(...languages),
  },
  { requiredKeys: ['id', 'type', 'epoch', 'status', 'party'] },
);

describe('short codes', () => {
  it('are ten characters that find their ticket again, however they are typed', () => {
    fc.assert(
      fc.property(ids, fc.integer({ min: 0, max: 4_294_967_295 }), (id, epoch) => {
        const code = shortCode(feedCodeHashKey, id, epoch);
        expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
        for (const typed of [
          code,
          code.toLowerCase(),
          code.replace('-', ' '),
          ` ${code.replaceAll('0', 'o').replaceAll('1', 'l')} `,
        ]) {
          const parsed = parseShortCode(feedCodeHashKey, typed);
          const key = Buffer.from(ticketKey(id));
          expect(parsed?.epochFor(id, epoch)).toBe(epoch);
          expect(parsed !== undefined && key.compare(parsed.from) >= 0 && key.compare(parsed.until) < 0).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('belong to one event and one ticket', () => {
    const [a, b] = [generatedTicket(1).ticket.id, generatedTicket(2).ticket.id];
    expect(shortCode(feedCodeHashKey, a, 0)).not.toBe(shortCode(feedCodeHashKey, b, 0));
    expect(shortCode(feedCodeHashKey, a, 0).slice(4)).not.toBe(shortCode(new Uint8Array(32), a, 0).slice(4));
    expect(parseShortCode(feedCodeHashKey, shortCode(feedCodeHashKey, a, 0))?.epochFor(b, 0)).toBeUndefined();
  });

  it('are other ones after a transfer, and the old ones are known as old', () => {
    const { id } = generatedTicket(1).ticket;
    const [sold, resold] = [shortCode(feedCodeHashKey, id, 0), shortCode(feedCodeHashKey, id, 1)];
    expect(resold.slice(0, 4)).toBe(sold.slice(0, 4));
    expect(resold).not.toBe(sold);
    expect(parseShortCode(feedCodeHashKey, sold)?.epochFor(id, 3)).toBe(0);
    expect(parseShortCode(feedCodeHashKey, resold)?.epochFor(id, 0)).toBeUndefined();
  });

  it.each(['', '12345', '12345-6789U', '12345-67890-1', 'PN1:ABCDEF', '🎫🎫🎫🎫🎫🎫🎫🎫🎫🎫'])(
    'are not %j',
    (typed) => {
      expect(parseShortCode(feedCodeHashKey, typed)).toBeUndefined();
    },
  );
});

describe('code hashes', () => {
  it('are the same for what a scan engine adds, and differ by event', () => {
    expect(codeHash(feedCodeHashKey, ']C0\\000026ABC 123\r\n')).toEqual(codeHash(feedCodeHashKey, 'ABC 123'));
    expect(codeHash(feedCodeHashKey, 'ABC 123')).not.toEqual(codeHash(new Uint8Array(32), 'ABC 123'));
    expect(codeHash(feedCodeHashKey, 'ABC 123')).not.toEqual(codeHash(feedCodeHashKey, 'abc 123'));
  });

  it('lead to the beginning of the ticket key and the epoch, which costs nothing while it is 0', () => {
    const { id } = generatedTicket(3).ticket;
    const keyPrefix = ticketKey(id).slice(0, 8);
    expect(encodeCodeRow(codeHash(feedCodeHashKey, 'x'), id, 0)[1]).toEqual(keyPrefix);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_294_967_295 }), (epoch) => {
        const [, reference] = encodeCodeRow(codeHash(feedCodeHashKey, 'x'), id, epoch);
        expect(readCodeReference(reference)).toEqual({ keyPrefix, epoch });
      }),
    );
  });

  it.each([0, 7, 9, 11, 12, 13, 4_096])('lead nowhere by %i bytes of zeros', (bytes) => {
    expect(readCodeReference(new Uint8Array(bytes))).toBeUndefined();
  });
});

describe('rows and deltas', () => {
  it('give every ticket back as it was', () => {
    fc.assert(
      fc.property(tickets, (ticket) => {
        expect(decodeTicketRow(encodeTicketRow(ticket))).toEqual(ticket);
      }),
    );
  });

  it('carry tickets and codes through chunks', () => {
    const many = Array.from({ length: 2_500 }, (_, index) => generatedTicket(index).ticket);
    const removed = [codeHash(feedCodeHashKey, 'gone'), null] as const;
    const delta = decodeDelta(encodeDelta({ event: feedEvent, from: 3, to: 4 }, { tickets: many, codes: [removed] }));
    expect(delta).toMatchObject({ ok: true, value: { event: feedEvent, from: 3, to: 4 } });
    const chunks = delta.ok ? delta.value.chunks.map(decodeDeltaChunk) : [];
    expect(chunks).toHaveLength(3);
    expect(chunks.flatMap((chunk) => (chunk.ok ? chunk.value.tickets : []))).toEqual(many);
    expect(chunks.flatMap((chunk) => (chunk.ok ? chunk.value.codes : []))).toEqual([removed]);
  });

  it.each([
    ['an unknown status', [ticketKey('00'.repeat(16)), 1, 0, 9, 1, null, null, null]],
    ['no person', [ticketKey('00'.repeat(16)), 1, 0, 0, 0, null, null, null]],
    ['a short key', [new Uint8Array(15), 1, 0, 0, 1, null, null, null]],
    ['a field too many', [ticketKey('00'.repeat(16)), 1, 0, 0, 1, null, null, null, 1, 1]],
    ['a language before the first', [ticketKey('00'.repeat(16)), 1, 0, 0, 1, null, null, null, -1]],
    ['a negative epoch', [ticketKey('00'.repeat(16)), 1, -1, 0, 1, null, null, null]],
  ])('refuse a ticket with %s', (_what, row) => {
    expect(decodeTicketRow(row)).toBeUndefined();
  });

  it('are those of before where a ticket has no language, and a language of a newer cloud is none', () => {
    const { ticket } = generatedTicket(1);
    const row = encodeTicketRow(ticket);
    expect(row).toHaveLength(8);
    expect(decodeTicketRow([...row, null])).toEqual(ticket);
    expect(decodeTicketRow([...row, 200])).toEqual(ticket);
    expect(decodeTicketRow([...row, 4])).toEqual({ ...ticket, language: 'ar' });
  });

  it('never throw on 10,000 random inputs', () => {
    const good = buildDelta(1, 2, [generatedTicket(1).ticket]).bytes;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc
            .tuple(fc.nat(good.length - 1), fc.nat(7))
            .map(([at, bit]) => good.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte))),
        ),
        (bytes) => {
          const delta = decodeDelta(bytes);
          for (const result of delta.ok ? delta.value.chunks.map(decodeDeltaChunk) : [delta])
            if (!result.ok) expect(result.error.type).toBe('feed-malformed');
        },
      ),
      { numRuns: 10_000 },
    );
  });
});

describe('manifests', () => {
  const snapshot: Manifest['snapshot'] = {
    version: 5,
    tickets: 1,
    sha256: 'aa'.repeat(32),
    bytes: 1,
    database: { sha256: 'bb'.repeat(32), bytes: 1 },
  };
  const delta = (from: number, to: number, mark = 'cc'): Manifest['deltas'][number] => ({
    from,
    to,
    rows: 1,
    sha256: mark.repeat(32),
    bytes: 10,
  });
  const manifest = (parts: Partial<Manifest> = {}): Manifest => buildManifest({ snapshot, ...parts });
  const a = feedKeys('a');
  const trusted = trustedFeedKeys(manifest());

  it('come back as they were signed', () => {
    expect(verifyManifest(signManifest(manifest(), a), trusted)).toEqual({ ok: true, value: manifest() });
  });

  it('say which gates are lost, and need not', () => {
    const gate = { id: 'gate-a', name: 'Gate A', zone: 'arena', publicKey: 'ab'.repeat(32), certificate: '' };
    const gates = [gate, { ...gate, id: 'gate-b', lost: true }];
    const verified = verifyManifest(signManifest(manifest({ gates }), a), trusted);
    expect(verified).toMatchObject({ ok: true, value: { gates } });
  });

  it.each<[string, Partial<Manifest>]>([
    ['a gap between deltas', { version: 9, deltas: [delta(5, 6), delta(7, 8)] }],
    ['a gap after the snapshot', { version: 9, deltas: [delta(6, 7)] }],
    ['files newer than itself', { version: 5, deltas: [delta(5, 6)] }],
    ['the policy of another event', { event: 8 }],
    ['a key id of another key', { keys: [{ ...announce(a, 'active'), keyId: '0011223344556677' }] }],
    [
      'more deltas than a gate takes',
      {
        version: 900,
        deltas: Array.from({ length: 7 }, (_, index) => ({ ...delta(5 + index, 6 + index), bytes: 16 * 1024 * 1024 })),
      },
    ],
  ])('are not signed with %s', (_what, parts) => {
    expect(() => signManifest(manifest(parts), a)).toThrow('no gate would take');
  });

  it('are accepted when they are newer, or refreshed, and never when they are older', () => {
    const accept = (candidate: Partial<Manifest>): unknown => {
      const result = acceptManifest({
        event: feedEvent,
        current: manifest(),
        candidate: manifest(candidate),
        nowMs: feedStartMs,
      });
      return result.ok ? result.value.expired : result.error.type;
    };
    expect(accept({})).toBe(false);
    expect(accept({ version: 6 })).toBe(false);
    expect(accept({ version: 6, expiresAtMs: feedStartMs })).toBe(true);
    expect(accept({ createdAtMs: feedStartMs - 1 })).toBe('feed-rollback');
    expect(accept({ version: 4, createdAtMs: feedStartMs + 1 })).toBe('feed-rollback');
    expect(accept({ event: 8, version: 6 })).toBe('feed-wrong-event');
  });

  it('expire to the millisecond', () => {
    expect([isExpired(manifest(), feedStartMs + 86_399_999), isExpired(manifest(), feedStartMs + 86_400_000)]).toEqual([
      false,
      true,
    ]);
  });

  it('trust active and next feed keys only', () => {
    const keys = [
      announce(feedKeys('b'), 'next'),
      announce(feedKeys('c'), 'retired'),
      announce(feedKeys('d'), 'revoked'),
      announce(feedKeys('e'), 'active', 'issuer'),
    ];
    expect(trustedFeedKeys({ keys }).map((key) => key.keyId)).toEqual([keys[0]?.keyId]);
  });

  it('have the last word on a key of the enrolment, and leave those they do not know', () => {
    const [revoked, later] = [feedKeys('b'), feedKeys('c')];
    const enrolled = [
      announce(revoked, 'active'),
      announce(later, 'active'),
      announce(feedKeys('d'), 'active', 'issuer'),
    ];
    const named = {
      keys: [announce(a, 'active'), announce(revoked, 'revoked'), announce(feedKeys('e'), 'next', 'issuer')],
    };
    expect(knownFeedKeys(named, enrolled)).toEqual([
      announce(a, 'active'),
      announce(revoked, 'revoked'),
      announce(later, 'active'),
    ]);
    expect(knownFeedKeys(undefined, enrolled)).toEqual(enrolled.slice(0, 2));
  });

  it('plan the least that has to be fetched', () => {
    const current = manifest({ version: 6, deltas: [delta(5, 6)] });
    expect(planFeed(undefined, current).type).toBe('snapshot');
    expect(planFeed(current, current)).toEqual({ type: 'nothing' });
    expect(planFeed(current, manifest({ version: 7, deltas: [delta(5, 6), delta(6, 7, 'dd')] }))).toEqual({
      type: 'deltas',
      deltas: [delta(6, 7, 'dd')],
    });
    expect(planFeed(current, manifest({ version: 7, deltas: [delta(5, 7, 'ee')] })).type).toBe('snapshot');
    expect(
      planFeed(
        current,
        manifest({
          version: 7,
          snapshot: { ...snapshot, version: 7, database: { sha256: 'ff'.repeat(32), bytes: 1 } },
        }),
      ).type,
    ).toBe('snapshot');
  });

  it('ask for a new snapshot when the overlay is over a tenth of it', () => {
    expect([
      needsNewSnapshot(20, 1_000),
      needsNewSnapshot(20, 1_001),
      needsNewSnapshot(50_000, 5_000),
      needsNewSnapshot(50_000, 5_001),
    ]).toEqual([false, true, false, true]);
  });

  it('never throw on 10,000 random inputs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(verifyManifest(bytes, trusted).ok).toBe(false);
      }),
      { numRuns: 10_000 },
    );
  });
});

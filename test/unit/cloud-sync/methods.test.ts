// Goal: central verify keeps the promises of a gate. What a method proves is decided by the same rule and leaves the same marks, so that
// single use holds across the cloud and gates; methods are switched on and off at once here and with the next feed at gates.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bytesToHex,
  centralGate,
  decodeSyncAnswer,
  encodeDynamicPass,
  createIngest,
  encodeSyncRequest,
  hexToBytes,
  keyPairFromSeed,
  loadLedger,
  startOf,
  syncContentType,
  trustedFeedKeys,
  verifyManifest,
  type Manifest,
  type Mark,
  type MethodSwitch,
  type SegmentState,
  type SignedChunk,
  type SyncAnswer,
  type TicketMethods,
  type TicketResponse,
  type VerifyResponse,
} from '@postern/shared';
import { drainDelayMs } from '../../../cloud-sync/src/services/central-gate.ts';
import {
  createTestCloud,
  enrolTestGate,
  silentLog,
  someEvent,
  type TestCloud,
  type TestGate,
} from '../../support/cloud.ts';
import { createMemoryReplicaStore } from '../../../scripts/sim/memory-replica-store.ts';
import { aMark, baseOf } from '../../support/marks.ts';
import { askAs, createPerson } from '../../support/people.ts';

let test: TestCloud;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', {
    ...someEvent,
    types: [
      ...someEvent.types,
      { id: 3, name: 'Season', uses: 0 },
      { id: 4, name: 'Strict', assuranceMin: 'signed' },
      { id: 5, name: 'VIP', proofs: [['signed'], ['code', 'nfc']] },
    ],
  });
});
afterEach(() => test.close());

const issue = (about: object = {}): Promise<TicketResponse> =>
  test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1, ...about });
const verify = (ticket: string, method: string, data: string, more: object = {}): Promise<VerifyResponse> =>
  test.json<VerifyResponse>(
    'POST',
    `/api/tickets/${ticket}/methods/${method}/verify`,
    { presented_data: data, ...more },
    200,
  );
const generate = (ticket: string, method: string, options: object = {}): Promise<Generated> =>
  test.json<Generated>('POST', `/api/tickets/${ticket}/methods/${method}/generate`, options);
const methodsOf = (ticket: string): Promise<TicketMethods> =>
  test.json<TicketMethods>('POST', `/api/tickets/${ticket}/methods`, undefined, 200);

interface Generated {
  readonly credential: { readonly id: string };
  readonly payload: Readonly<Record<string, string>>;
}

describe('a ticket verified centrally', () => {
  it('is used once, says where and when, and shows its credential as used', async () => {
    const { id } = await issue();
    const { payload, credential } = await generate(id, 'qr', { expiresIn: 3_600 });
    expect(await verify(id, 'qr', payload['text'] ?? '')).toMatchObject({
      success: true,
      reason: 'admitted',
      persons: 1,
      mark: { gate: centralGate, sequence: 1 },
    });
    expect(await verify(id, 'qr', payload['text'] ?? '')).toMatchObject({
      success: false,
      reason: 'already-used',
      text: expect.stringContaining('Cloud'),
    });
    const { credentials } = await methodsOf(id);
    expect(credentials).toMatchObject([{ method: 'qr', id: credential.id, epoch: 0, usedAtMs: expect.any(Number) }]);
  });

  it('shows what was presented among its credentials, whoever made it', async () => {
    const [own, other, foreign] = [await issue(), await issue(), await issue({ code: 'BOX-OFFICE-78' })];
    expect((await methodsOf(own.id)).credentials).toEqual([]);
    await verify(own.id, 'qr', 'PN1:nonsense');
    await verify(own.id, 'qr', other.text ?? '');
    expect((await methodsOf(own.id)).credentials).toEqual([]);
    for (let times = 0; times < 2; times++) {
      await verify(own.id, 'qr', own.text ?? '');
      await verify(foreign.id, 'code', 'BOX-OFFICE-78');
    }
    const seen = { id: expect.stringMatching(/^[0-9a-f]{16}$/), epoch: 0, usedAtMs: expect.any(Number) };
    expect((await methodsOf(own.id)).credentials).toEqual([{ method: 'qr', ...seen }]);
    expect((await methodsOf(foreign.id)).credentials).toEqual([{ method: 'code', ...seen }]);
  });

  it('is refused after the time that was asked for', async () => {
    const { id } = await issue();
    const { payload } = await generate(id, 'qr', { expiresIn: 60 });
    await test.time.advance(61_000);
    expect(await verify(id, 'qr', payload['text'] ?? '')).toMatchObject({ success: false, reason: 'expired' });
  });

  it('lets exactly one of many that come at once in', async () => {
    const ticket = await issue();
    const answers = await Promise.all(Array.from({ length: 30 }, () => verify(ticket.id, 'qr', ticket.text ?? '')));
    expect(answers.filter(({ success }) => success)).toHaveLength(1);
    expect(new Set(answers.map(({ reason }) => reason))).toEqual(new Set(['admitted', 'already-used']));
  });

  it('is used or passed on, never both, whoever comes first', async () => {
    for (let round = 0; round < 8; round++) {
      const ticket = await issue();
      const transfer = (): Promise<Response> =>
        test.api('POST', `/api/tickets/${ticket.id}/transfer`, { holder: { name: 'Ben' } });
      const verifyOnce = (): Promise<VerifyResponse> => verify(ticket.id, 'qr', ticket.text ?? '');
      const [used, passedOn] =
        round % 2 === 0
          ? await Promise.all([verifyOnce(), transfer()])
          : ((await Promise.all([transfer(), verifyOnce()])).toReversed() as [VerifyResponse, Response]);
      const outcome = [used.reason, passedOn.status];
      expect([
        ['admitted', 409],
        ['replaced', 200],
      ]).toContainEqual(outcome);
    }
  });

  it('is proved by what was printed for it and by nothing that belongs to another ticket', async () => {
    const [mine, other, foreign] = [await issue(), await issue(), await issue({ code: 'BOX-OFFICE-77' })];
    expect(await verify(mine.id, 'qr', other.text ?? '')).toMatchObject({ success: false, reason: 'other-ticket' });
    expect(await verify(mine.id, 'qr', 'PN1:nonsense')).toMatchObject({ success: false, reason: 'malformed' });
    expect(await verify(mine.id, 'qr', 'BOX-OFFICE-77')).toMatchObject({ success: false, reason: 'not-a-ticket' });
    expect(await verify(mine.id, 'code', 'BOX-OFFICE-77')).toMatchObject({ success: false, reason: 'code-unknown' });
    expect(await verify(foreign.id, 'code', ' BOX-OFFICE-77\r\n')).toMatchObject({ success: true });
    expect(await verify(mine.id, 'code', (mine.shortCode ?? '').toLowerCase())).toMatchObject({ success: true });
    expect(await verify(other.id, 'qr', other.text ?? '')).toMatchObject({ success: true });
  });

  it('stops answering somebody who guesses, says for how long, and writes nothing more down', async () => {
    const ticket = await issue();
    const path = `/api/tickets/${ticket.id}/methods/code/verify`;
    const answers: [number, string | null][] = [];
    for (let guess = 0; guess < 15; guess++) {
      const response = await test.api('POST', path, { presented_data: `guess-${guess}` });
      answers.push([response.status, response.headers.get('Retry-After')]);
    }
    expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => [200, null]));
    expect(answers.slice(10)).toEqual(Array.from({ length: 5 }, () => [429, '6']));
    await test.time.advance(60_000);
    expect(await verify(ticket.id, 'qr', ticket.text ?? '')).toMatchObject({ success: true });
  });

  it('is held until a person has said yes, as a gate would hold it', async () => {
    const ticket = await issue({ type: 2 });
    expect(await verify(ticket.id, 'qr', ticket.text ?? '')).toMatchObject({
      success: false,
      reason: 'held',
      hold: 'under-18',
    });
    expect(await verify(ticket.id, 'qr', ticket.text ?? '', { accept: true })).toMatchObject({ success: true });
    const { marks } = await test.json<{ marks: { approved?: string; operator?: string }[] }>(
      'GET',
      `/api/tickets/${ticket.id}/history`,
    );
    expect(marks).toMatchObject([{ approved: 'under-18', operator: expect.stringMatching(/^[0-9a-z]{10}$/) }]);
  });

  it('names the zone that does not exist and the method that is not known', async () => {
    const ticket = await issue();
    const path = `/api/tickets/${ticket.id}/methods`;
    const body = { presented_data: ticket.text };
    expect((await test.api('POST', `${path}/qr/verify`, { ...body, zone: 'moon' })).status).toBe(422);
    expect((await test.api('POST', `${path}/telepathy/verify`, body)).status).toBe(404);
    expect((await test.api('POST', `${path}/telepathy/generate`, {})).status).toBe(404);
    expect((await test.api('POST', `/api/tickets/${'0'.repeat(32)}/methods/qr/verify`, body)).status).toBe(404);
  });

  it('lets nobody in while nothing can be recorded', async () => {
    const ticket = await issue();
    await test.cloud.central.storeOf(1).close();
    const answer = await test.api('POST', `/api/tickets/${ticket.id}/methods/qr/verify`, {
      presented_data: ticket.text,
    });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ type: 'store-unavailable' });
  });
});

describe('a code that the phone makes anew', () => {
  it('is admitted once for each step, and the next step is another', async () => {
    const { id } = await issue({ type: 3 });
    const holder = keyPairFromSeed(new Uint8Array(32).fill(9));
    const { payload } = await generate(id, 'dynamic', { holderKey: bytesToHex(holder.publicKey) });
    const pass = new Uint8Array(Buffer.from(payload['holderPass'] ?? '', 'base64url'));
    const codeNow = (): string => encodeDynamicPass(pass, holder, Math.floor(test.time.clock.wallMs() / 1_000));
    const first = codeNow();
    expect(await verify(id, 'dynamic', first)).toMatchObject({ success: true });
    expect(await verify(id, 'dynamic', first)).toMatchObject({ success: false, reason: 'code-replayed' });
    await test.time.advance(15_000);
    expect(await verify(id, 'dynamic', codeNow())).toMatchObject({ success: true });
    await test.time.advance(60_000);
    expect(await verify(id, 'dynamic', first)).toMatchObject({ success: false, reason: 'expired' });
  });

  it('is bound to sound keys only', async () => {
    const { id } = await issue();
    const ask = async (holderKey: string): Promise<unknown> =>
      (await test.api('POST', `/api/tickets/${id}/methods/dynamic/generate`, { holderKey })).json();
    expect(await ask('00'.repeat(32))).toMatchObject({ status: 422, type: 'holder-key-unsound' });
    expect(await ask('zz')).toMatchObject({ status: 422, type: 'options-invalid' });
    expect(await (await test.api('POST', `/api/tickets/${id}/methods/code/generate`, {})).json()).toMatchObject({
      status: 409,
      type: 'nothing-to-generate',
    });
  });
});

describe('the cloud among the gates', () => {
  it('refuses what a gate has let in, and admits it again when the gate gives the use back', async () => {
    const ticket = await issue();
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const entered = aMark({ event: 1, ticketId: ticket.id, at: { ms: test.time.clock.wallMs(), counter: 0 } });
    const lapsed: Mark = {
      ...entered,
      kind: 'lapsed',
      sequence: 2,
      at: { ms: entered.at.ms + 9_000, counter: 0 },
      of: { boot: entered.boot, sequence: 1 },
    };
    await gate.push([await gate.chunk([entered])]);
    expect(await verify(ticket.id, 'qr', ticket.text ?? '')).toMatchObject({
      success: false,
      reason: 'already-used',
      text: expect.stringContaining('Gate A'),
    });
    expect((await methodsOf(ticket.id)).credentials).toMatchObject([{ method: 'qr', usedAtMs: entered.at.ms }]);
    await gate.push([await gate.chunk([entered, lapsed])]);
    expect(await verify(ticket.id, 'qr', ticket.text ?? '')).toMatchObject({ success: true });
  });

  it('goes by what was counted in a zone that has a limit', async () => {
    const full = { ...someEvent, event: 2, zones: [{ id: 'arena', name: 'Arena', capacity: 2 }] };
    await test.json('POST', '/api/events', full);
    const gate = await enrolTestGate(test, 2, 'gate-a');
    const nowMs = test.time.clock.wallMs();
    const { ticketId: _ticket, epoch: _epoch, method: _method, ...base } = baseOf({ gate: 'gate-a', sequence: 1 });
    const counted = (sequence: number, persons: number): Mark => ({
      ...base,
      event: 2,
      sequence,
      at: { ms: nowMs + sequence, counter: 0 },
      kind: 'recounted',
      zone: 'arena',
      persons,
    });
    await gate.push([await gate.chunk([counted(1, 2)])]);
    const [first, second] = [await issue({ event: 2 }), await issue({ event: 2 })];
    expect(await verify(first.id, 'qr', first.text ?? '')).toMatchObject({ success: false, reason: 'zone-full' });
    await gate.push([await gate.chunk([counted(1, 2), counted(2, 1)])]);
    await test.time.advance(1_000);
    expect(await verify(first.id, 'qr', first.text ?? '')).toMatchObject({ success: true });
    expect(await verify(second.id, 'qr', second.text ?? '')).toMatchObject({ success: false, reason: 'zone-full' });
  });

  it('signs its marks for the gates, which find its key in their feed', async () => {
    const ticket = await issue();
    await verify(ticket.id, 'qr', ticket.text ?? '');
    await test.time.advance(drainDelayMs);
    await test.cloud.central.drain();
    const gate = await enrolTestGate(test, 1, 'gate-a');
    const { gates } = await manifestAt(gate);
    const own = gates.find(({ id }) => id === centralGate);
    expect(own?.certificate).not.toBe('');
    const replica = createMemoryReplicaStore();
    const ingest = createIngest({
      ledger: await loadLedger(),
      store: replica,
      directory: {
        gateKey: async (_event, id) =>
          id === centralGate
            ? { publicKey: hexToBytes(own?.publicKey ?? '') ?? new Uint8Array(0), state: 'active' }
            : undefined,
      },
      log: silentLog,
    });
    const chunks = await fetchAll(gate);
    expect(await Promise.all(chunks.map((chunk) => ingest.chunk(chunk, 'cloud')))).toMatchObject([
      { ok: true, value: { marks: 1, outcome: 'stored' } },
    ]);
    const summary = await test.json<{ historyHash: string }>('GET', '/api/events/1/summary');
    expect(await replica.contentHash(1)).toBe(summary.historyHash);
  });

  it('cannot be enrolled as a gate', async () => {
    const description = { id: centralGate, name: 'Impostor', zone: 'arena', lanes: [{ id: 'lane-1' }] };
    expect((await test.api('POST', '/admin/events/1/gates', description)).status).toBe(400);
  });
});

describe('letting somebody in by hand', () => {
  it('is recorded with reason, persons and pseudonym, and spends the use of the ticket it names', async () => {
    const ticket = await issue();
    const steward = await createPerson(test, 'steward', 1);
    const answer = await askAs(test, steward, 'POST', '/api/events/1/overrides', {
      reason: 'lost-code',
      zone: 'arena',
      ticket: ticket.id,
    });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({ mark: { gate: centralGate }, operator: expect.any(String) });
    expect(await verify(ticket.id, 'qr', ticket.text ?? '')).toMatchObject({ success: false, reason: 'already-used' });
    const anybody = await askAs(test, steward, 'POST', '/api/events/1/overrides', {
      reason: 'emergency',
      zone: 'arena',
      persons: 3,
    });
    expect(anybody.status).toBe(201);
    expect(await test.json('GET', '/api/events/1/summary')).toMatchObject({ admitted: 4 });
  });

  it('does not know the tickets of other events', async () => {
    await test.json('POST', '/api/events', { ...someEvent, event: 2 });
    const elsewhere = await test.json<TicketResponse>('POST', '/api/tickets', { event: 2, type: 1 });
    const body = { reason: 'other', zone: 'arena', ticket: elsewhere.id };
    expect((await test.api('POST', '/api/events/1/overrides', body)).status).toBe(404);
  });
});

describe('an event that asks for two proofs', () => {
  const uid = '04a1b2c3d4e580';
  const issueVip = async (): Promise<TicketResponse> => {
    const ticket = await issue({ type: 5, code: 'BOX 7' });
    await generate(ticket.id, 'nfc', { uid });
    return ticket;
  };

  it('holds whoever has one of them, and lets in whoever has both', async () => {
    const { id } = await issueVip();
    expect(await verify(id, 'code', 'BOX 7')).toMatchObject({ success: false, reason: 'held', hold: 'second-factor' });
    const also = [{ method: 'nfc', presented_data: uid }];
    expect(await verify(id, 'code', 'BOX 7', { also })).toMatchObject({ success: true, reason: 'admitted' });
    const { credentials } = await methodsOf(id);
    expect(credentials.map(({ method, usedAtMs }) => [method, usedAtMs !== undefined])).toEqual(
      expect.arrayContaining([
        ['code', true],
        ['nfc', true],
      ]),
    );
  });

  it("lets nobody in by a second proof that is none, or is another ticket's", async () => {
    const { id } = await issueVip();
    const other = await issue({ type: 5, code: 'BOX 8' });
    const wrong = (method: string, data: string): Promise<VerifyResponse> =>
      verify(id, 'code', 'BOX 7', { also: [{ method, presented_data: data }] });
    expect(await wrong('nfc', '04ffffffffffff')).toMatchObject({ success: false, reason: 'code-unknown' });
    expect(await wrong('code', 'BOX 8')).toMatchObject({ success: false, reason: 'code-unknown' });
    expect(await wrong('code', 'BOX 7')).toMatchObject({ success: false, reason: 'held' });
    expect(other.id).not.toBe(id);
    const body = { presented_data: 'BOX 7', also: [{ method: 'palm', presented_data: 'x' }] };
    expect((await test.api('POST', `/api/tickets/${id}/methods/code/verify`, body)).status).toBe(404);
  });

  it('is told which word of its rules nobody knows', async () => {
    const policy = { ...someEvent, types: [{ id: 1, name: 'Standing', proofs: [['signed', 'qrr']] }] };
    const refused = await test.api('PUT', '/api/events/1/policy', policy);
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('"qrr\\" in')]);
  });
});

describe('switching methods', () => {
  const toggle = (method: string, body: object): Promise<MethodSwitch> =>
    test.json<MethodSwitch>('POST', `/admin/methods/${method}/toggle`, body, 200);
  const listed = async (of = ''): Promise<ReadonlyMap<string, MethodSwitch>> => {
    const { methods } = await test.json<{ methods: MethodSwitch[] }>('GET', `/admin${of}/methods`);
    return new Map(methods.map((one) => [one.method, one]));
  };

  it('acts at the cloud at once and at gates with their next feed', async () => {
    const ticket = await issue();
    await toggle('qr', { enabled: false });
    expect(await verify(ticket.id, 'qr', ticket.text ?? '')).toMatchObject({ success: false, reason: 'method-off' });
    expect((await test.api('POST', `/api/tickets/${ticket.id}/methods/qr/generate`, {})).status).toBe(409);
    expect((await methodsOf(ticket.id)).methods.find(({ method }) => method === 'qr')).toMatchObject({
      available: false,
      why: 'off',
    });
    const gate = await enrolTestGate(test, 1, 'gate-a');
    expect((await manifestAt(gate)).policy.methodsOff).toEqual(['qr']);
    await toggle('qr', { enabled: true, event: 1 });
    expect((await manifestAt(gate)).policy.methodsOff).toEqual([]);
    expect(await verify(ticket.id, 'qr', ticket.text ?? '')).toMatchObject({ success: true });
  });

  it('says who has decided: the rules, the event, all events, the environment', async () => {
    await test.close();
    test = await createTestCloud({ methodsOff: ['dynamic', 'code'] });
    await test.json('POST', '/api/events', { ...someEvent, methodsOff: ['code'] });
    expect((await listed()).get('dynamic')).toEqual({
      method: 'dynamic',
      enabled: false,
      source: 'environment',
      environment: false,
    });
    expect((await listed()).get('qr')).toEqual({ method: 'qr', enabled: true, source: 'default' });
    expect(await toggle('dynamic', { enabled: true })).toMatchObject({ enabled: true, source: 'all-events' });
    expect(await toggle('dynamic', { enabled: false, event: 1 })).toMatchObject({ enabled: false, source: 'event' });
    expect((await listed('/events/1')).get('dynamic')).toEqual({
      method: 'dynamic',
      enabled: false,
      source: 'event',
      environment: false,
      forAllEvents: true,
      forEvent: false,
    });
    await toggle('code', { enabled: true, event: 1 });
    expect((await listed('/events/1')).get('code')).toMatchObject({ enabled: false, source: 'policy', forEvent: true });
  });

  it('is for an organiser at their own event and for an administrator everywhere', async () => {
    await test.json('POST', '/api/events', { ...someEvent, event: 2 });
    const organiser = await createPerson(test, 'organiser', 1);
    const ask = async (body: object): Promise<number> =>
      (await askAs(test, organiser, 'POST', '/admin/methods/qr/toggle', body)).status;
    expect(await ask({ enabled: false, event: 1 })).toBe(200);
    expect(await ask({ enabled: false, event: 2 })).toBe(404);
    expect(await ask({ enabled: false })).toBe(403);
    expect((await test.api('POST', '/admin/methods/telepathy/toggle', { enabled: true })).status).toBe(404);
  });
});

async function manifestAt(gate: TestGate): Promise<Manifest> {
  await test.json('POST', '/admin/events/1/publish');
  const bytes = new Uint8Array(await (await gate.request('GET', '/feed/1/manifest')).arrayBuffer());
  const manifest = verifyManifest(bytes, trustedFeedKeys({ keys: gate.enrolment.feedKeys }));
  if (!manifest.ok) throw new Error(manifest.error.type);
  return manifest.value;
}

/** Everything that the cloud has, for a gate that has nothing. */
async function fetchAll(gate: TestGate): Promise<readonly SignedChunk[]> {
  const exchange = async (wants: readonly SegmentState[]): Promise<SyncAnswer> => {
    const message = encodeSyncRequest({ event: 1, gates: [], wants, chunks: [] });
    const answer = await gate.request('POST', '/sync', message, { 'Content-Type': syncContentType });
    const decoded = decodeSyncAnswer(new Uint8Array(await answer.arrayBuffer()));
    if (!decoded.ok) throw new Error(decoded.error.cause);
    return decoded.value;
  };
  const { differences } = await exchange([]);
  const { chunks } = await exchange(differences.flatMap(({ rows }) => rows.map(startOf)));
  return chunks;
}

// Goal: the band desk gives each wristband to one ticket, step by step and whoever else is at it, tells who has it otherwise, and every gate
// learns of it by a mark; the band's id is kept nowhere.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  auditPageSchema,
  bandListSchema,
  bandProofMessage,
  bleMethod,
  bytesToHex,
  hexToBytes,
  keyPairFromSeed,
  loadLedger,
  sign,
  tagHash,
  type ApiKeyCreated,
  type BandReservation,
  type BandToWrite,
  type BandView,
  type Claim,
  type Presentation,
  type Refusal,
  type Result,
  type TagState,
  type TicketMethods,
  type TicketResponse,
  type VerifyResponse,
} from '@postern/shared';
import { bandKeptMs } from '../../../cloud-sync/src/services/band-keeping.ts';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { baseOf } from '../../support/marks.ts';
import { askAs, createPerson, typeOf, type TestPerson } from '../../support/people.ts';
import {
  createNetwork,
  enrolGates,
  startReplicatingGate,
  type ReplicatingGate,
} from '../../support/replicating-gate.ts';

const [uidA, uidB, uidC] = ['b0a1c2d3e4f5', 'b0a1c2d3e4f6', 'b0a1c2d3e4f7'] as const;
const bandKeys = keyPairFromSeed(new Uint8Array(32).fill(7));

let test: TestCloud;
let steward: TestPerson;
let otherSteward: TestPerson;
let supervisor: TestPerson;
let tickets: readonly [string, string, string];
beforeEach(async () => {
  test = await createTestCloud();
  onTestFinished(() => test.close());
  await test.json('POST', '/api/events', {
    ...someEvent,
    types: [
      ...someEvent.types,
      { id: 3, name: 'Strict', assuranceMin: 'challenged' },
      { id: 4, name: 'Signed', assuranceMin: 'signed' },
    ],
  });
  steward = await createPerson(test, 'steward', 1);
  otherSteward = await createPerson(test, 'steward', 1);
  supervisor = await createPerson(test, 'supervisor', 1);
  tickets = [await issue(), await issue(), await issue({ party: 2 })];
});

const issue = async (about: object = {}): Promise<string> =>
  (await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1, ...about })).id;
const reserve = (ticket: string, uid: string, more: object = {}, by = steward): Promise<Response> =>
  askAs(test, by, 'POST', `/api/tickets/${ticket}/bands`, { method: 'ble', uid, ...more });
const step = (ticket: string, band: string, name: string, body?: object, by = steward): Promise<Response> =>
  askAs(test, by, 'POST', `/api/tickets/${ticket}/bands/${band}/${name}`, body);
const unbind = (ticket: string, band: string, by = steward): Promise<Response> =>
  askAs(test, by, 'DELETE', `/api/tickets/${ticket}/bands/${band}`);
const bandsOf = async (ticket: string): Promise<readonly BandView[]> =>
  bandListSchema.parse(await test.json('GET', `/api/tickets/${ticket}/bands`)).bands;
const answer = async <T>(response: Promise<Response>): Promise<T> => (await response).json() as Promise<T>;
const verify = (ticket: string, uid: string): Promise<VerifyResponse> =>
  test.json('POST', `/api/tickets/${ticket}/methods/ble/verify`, { presented_data: uid }, 200);
const codeHashKey = async (): Promise<Uint8Array> => {
  const [event] = await test.cloud.events.list();
  return hexToBytes(event?.codeHashKey ?? '') ?? new Uint8Array(0);
};
const hashOf = async (uid: string): Promise<string> =>
  tagHash(await codeHashKey(), 'ble', hexToBytes(uid) ?? new Uint8Array(0));

/** Both steps of a band that is only known by its id. */
async function bind(ticket: string, uid: string, more: object = {}, by = steward): Promise<string> {
  const kept = await reserve(ticket, uid, more, by);
  expect(await typeOf(kept.clone())).toBe('201');
  const { band } = (await kept.json()) as BandReservation;
  expect(await typeOf(await step(ticket, band, 'confirm', undefined, by))).toBe('201');
  return band;
}

/** A gate with the store and replication of the agent, which has heard of nothing but what it has synced. */
async function startGate(id: string): Promise<ReplicatingGate & { readonly tag: (uid: string) => Promise<TagState> }> {
  const invited = await enrolGates(test, 1, [id]);
  const gate = await startReplicatingGate({
    cloud: test,
    network: createNetwork(),
    ledger: await loadLedger(),
    event: 1,
    id,
    folder: test.folder,
    gates: new Map([...invited, ['cloud', { keys: test.cloud.keys.central } as TestGate]]),
  });
  onTestFinished(() => gate.close());
  return { ...gate, tag: async (uid) => gate.store().tag(await hashOf(uid)) };
}
async function sync(gate: ReplicatingGate): Promise<void> {
  await test.cloud.central.drain();
  // It hears in one exchange what is new, and fetches it in this one or the next.
  for (let times = 0; times < 2; times++) expect(await gate.sync('cloud')).toBe(true);
}

describe('a wristband', () => {
  it('is given to a ticket, and a gate that has synced lets the ticket in on it', async () => {
    const gate = await startGate('gate-a');
    const kept = await answer<BandReservation>(reserve(tickets[0], 'B0:A1:C2:D3:E4:F5'));
    expect(kept).toMatchObject({ ticket: tickets[0], method: 'ble', band: await hashOf(uidA), writable: true });
    await sync(gate);
    expect(await gate.tag(uidA)).toEqual({ type: 'unbound' });
    const bound = await answer<BandView>(step(tickets[0], kept.band, 'confirm'));
    expect(bound).toMatchObject({ state: 'bound', epoch: 0, mark: { gate: 'cloud', sequence: 1 } });
    await sync(gate);
    expect(await gate.tag(uidA)).toEqual({ type: 'bound', ticketId: tickets[0], epoch: 0 });
    const claim = await verifyAt(gate, { uid: uidA });
    expect(claim).toMatchObject({ ok: true, value: { ticketId: tickets[0], assurance: 'looked-up' } });
    expect(await gate.admit(tickets[0])).toMatchObject({ kind: 'admitted' });
  });

  it('is listed by its hash, used up centrally, and its id stands nowhere in the database', async () => {
    const band = await bind(tickets[0], uidA);
    expect(await bandsOf(tickets[0])).toMatchObject([{ band, state: 'bound', method: 'ble' }]);
    expect(await verify(tickets[1], uidA)).toMatchObject({ success: false, reason: 'other-ticket' });
    expect(await verify(tickets[0], uidB)).toMatchObject({ success: false, reason: 'code-unknown' });
    expect(await verify(tickets[0], 'not an id')).toMatchObject({ success: false, reason: 'not-a-ticket' });
    expect(await verify(tickets[0], uidA)).toMatchObject({ success: true, reason: 'admitted' });
    expect(await verify(tickets[0], uidA)).toMatchObject({ success: false, reason: 'already-used' });
    const { credentials } = await test.json<TicketMethods>('GET', `/api/tickets/${tickets[0]}/methods`);
    expect(credentials).toMatchObject([{ method: 'ble', id: band, epoch: 0, usedAtMs: expect.any(Number) }]);
    const stored = (await test.stored()).toString('latin1').toLowerCase();
    expect(stored).toContain(band);
    expect(stored).not.toContain(uidA);
  });

  it('has one ticket: another one is told whose it is, and a steward cannot take it', async () => {
    await bind(tickets[0], uidA);
    const refused = await reserve(tickets[1], uidA);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ type: 'band-bound', ticket: tickets[0] });
    const taking = { replace: true, reason: 'wrong wrist' };
    expect(await typeOf(await reserve(tickets[1], uidA, taking))).toBe('403 role-too-low');
    expect(await typeOf(await reserve(tickets[1], uidA, { replace: true }, supervisor))).toBe('400 request-invalid');
    expect(await bandsOf(tickets[1])).toEqual([]);
  });

  it('is taken over by a supervisor, with the reason in the audit log, at every gate', async () => {
    const gate = await startGate('gate-a');
    const band = await bind(tickets[0], uidA);
    await sync(gate);
    await bind(tickets[1], uidA, { replace: true, reason: 'wrong wrist' }, supervisor);
    await sync(gate);
    expect(await gate.tag(uidA)).toEqual({ type: 'bound', ticketId: tickets[1], epoch: 0 });
    expect(await bandsOf(tickets[0])).toEqual([]);
    const { entries } = auditPageSchema.parse(await test.json('GET', '/audits/log?event=1'));
    const about = entries.filter(({ subject }) => subject === band);
    expect(about.map(({ action }) => action).toSorted()).toEqual([
      'band-bound',
      'band-bound',
      'band-reserved',
      'band-reserved',
    ]);
    expect(about).toContainEqual(
      expect.objectContaining({ action: 'band-reserved', ticket: tickets[1], note: 'wrong wrist' }),
    );
    expect(about).toContainEqual(
      expect.objectContaining({
        action: 'band-bound',
        ticket: tickets[1],
        mark: expect.stringContaining('cloud'),
        details: expect.objectContaining({ takenFrom: tickets[0] }),
      }),
    );
  });

  it('is not taken from a ticket that nobody has seen when it was asked for', async () => {
    const gate = await enrolTestGate(test, 1, 'gate-b');
    const { band } = await answer<BandReservation>(
      reserve(tickets[1], uidA, { replace: true, reason: 'wrong wrist' }, supervisor),
    );
    const mark = {
      ...baseOf({ gate: 'gate-b' }),
      event: 1,
      kind: 'bound',
      tagHash: band,
      ticketId: tickets[0],
    } as const;
    expect((await gate.push([await gate.chunk([mark])])).refusals).toEqual([]);
    const refused = await step(tickets[1], band, 'confirm', undefined, supervisor);
    expect(await refused.json()).toMatchObject({ type: 'band-bound', ticket: tickets[0] });
  });

  it('goes from a ticket, and to another one after that', async () => {
    const gate = await startGate('gate-a');
    const band = await bind(tickets[0], uidA);
    expect((await unbind(tickets[0], band)).status).toBe(204);
    expect(await typeOf(await unbind(tickets[0], band))).toBe('404 band-unknown');
    await sync(gate);
    expect((await gate.tag(uidA)).type).toBe('unbound');
    expect(await verify(tickets[0], uidA)).toMatchObject({ reason: 'code-unknown' });
    await bind(tickets[1], uidA);
    await sync(gate);
    expect(await gate.tag(uidA)).toEqual({ type: 'bound', ticketId: tickets[1], epoch: 0 });
    expect(await typeOf(await unbind(tickets[0], band))).toBe('404 band-unknown');
  });

  it('dies with a re-issue of its ticket, and can be bound again for the new one', async () => {
    await bind(tickets[0], uidA);
    await test.json('POST', `/api/tickets/${tickets[0]}/reissue`, {}, 200);
    expect(await verify(tickets[0], uidA)).toMatchObject({ success: false, reason: 'replaced' });
    expect(await bandsOf(tickets[0])).toMatchObject([{ state: 'replaced', epoch: 0 }]);
    await bind(tickets[0], uidA);
    expect(await bandsOf(tickets[0])).toMatchObject([{ state: 'bound', epoch: 1 }]);
    expect(await verify(tickets[0], uidA)).toMatchObject({ success: true });
  });

  it('is refused in a dispute of two gates until somebody settles it', async () => {
    const band = await hashOf(uidA);
    for (const [index, id] of ['gate-a', 'gate-b'].entries()) {
      const gate = await enrolTestGate(test, 1, id);
      const ticketId = tickets[index] ?? '';
      const mark = { ...baseOf({ gate: id }), event: 1, kind: 'bound', tagHash: band, ticketId } as const;
      expect((await gate.push([await gate.chunk([mark])])).refusals).toEqual([]);
    }
    expect(await verify(tickets[0], uidA)).toMatchObject({ success: false, reason: 'band-disputed' });
    expect(await bandsOf(tickets[0])).toMatchObject([{ state: 'disputed' }]);
    expect(await typeOf(await unbind(tickets[0], band))).toBe('409 band-disputed');
    await bind(tickets[1], uidA, { replace: true, reason: 'asked both' }, supervisor);
    expect(await verify(tickets[0], uidA)).toMatchObject({ reason: 'other-ticket' });
    expect(await verify(tickets[1], uidA)).toMatchObject({ success: true });
  });
});

describe('a desk', () => {
  it('keeps a band for its ticket: of two at once one has it, and the other is told for whom and how long', async () => {
    const asked = await Promise.all([
      reserve(tickets[0], uidA, {}, steward),
      reserve(tickets[1], uidA, {}, otherSteward),
    ]);
    const [won, lost] = asked.toSorted((one, other) => one.status - other.status) as [Response, Response];
    expect([won.status, lost.status]).toEqual([201, 409]);
    const { ticket, band } = (await won.json()) as BandReservation;
    expect(await lost.json()).toMatchObject({ type: 'band-reserved', ticket });
    expect(Number(lost.headers.get('Retry-After'))).toBe(bandKeptMs / 1_000);
    const [winner, loser] = ticket === tickets[0] ? [steward, otherSteward] : [otherSteward, steward];
    const other = ticket === tickets[0] ? tickets[1] : tickets[0];
    expect(await typeOf(await step(other, band, 'confirm', undefined, loser))).toBe('409 reservation-gone');
    expect(await typeOf(await step(ticket, band, 'confirm', undefined, loser))).toBe('409 reservation-gone');
    expect(await typeOf(await step(ticket, band, 'confirm', undefined, winner))).toBe('201');
  });

  it('keeps it for some minutes only, and until it gives it up', async () => {
    const { band } = await answer<BandReservation>(reserve(tickets[0], uidA));
    expect((await unbind(tickets[0], band)).status).toBe(204);
    expect((await reserve(tickets[1], uidA, {}, otherSteward)).status).toBe(201);
    await test.time.advance(bandKeptMs);
    expect(await typeOf(await step(tickets[1], band, 'confirm', undefined, otherSteward))).toBe('409 reservation-gone');
    expect((await reserve(tickets[2], uidA)).status).toBe(201);
  });

  it('may ask again when an answer was lost', async () => {
    const first = await answer<BandReservation>(reserve(tickets[0], uidA));
    expect(await answer(reserve(tickets[0], uidA))).toEqual(first);
    const bound = await answer<BandView>(step(tickets[0], first.band, 'confirm'));
    expect(await answer(step(tickets[0], first.band, 'confirm'))).toEqual(bound);
    expect(await answer(step(tickets[0], await bind(tickets[0], uidA), 'confirm'))).toEqual(bound);
  });

  it('binds to valid tickets only', async () => {
    const { band } = await answer<BandReservation>(reserve(tickets[0], uidA));
    await test.json('POST', `/api/tickets/${tickets[0]}/revoke`, undefined, 200);
    expect(await typeOf(await step(tickets[0], band, 'confirm'))).toBe('409 ticket-not-valid');
    expect(await typeOf(await reserve(tickets[0], uidB))).toBe('409 ticket-not-valid');
    expect(await bandsOf(tickets[0])).toMatchObject([{ state: 'reserved' }]);
  });

  it('gives a ticket a band for each of its party, also of those that are only kept', async () => {
    await bind(tickets[2], uidA);
    expect((await reserve(tickets[2], uidB)).status).toBe(201);
    expect(await typeOf(await reserve(tickets[2], uidC, {}, otherSteward))).toBe('409 bands-too-many');
    expect(await bandsOf(tickets[2])).toMatchObject([{ state: 'bound' }, { state: 'reserved' }]);
  });

  it('lets another band be bound beside one that is to replace a lost one', async () => {
    const lost = await bind(tickets[2], uidA);
    await bind(tickets[2], uidB);
    expect((await reserve(tickets[2], uidC, { instead: lost }, otherSteward)).status).toBe(201);
    expect(await typeOf(await reserve(tickets[2], 'b0ff'))).toBe('409 bands-too-many');
    expect((await reserve(tickets[2], uidB)).status).toBe(201);
  });

  it('knows each band of a large party', async () => {
    const group = await issue({ party: 150 });
    const csv = [
      'ble,ticket',
      ...Array.from({ length: 149 }, (_, index) => `${(0xb000 + index).toString(16)},${group}`),
    ];
    const loaded = (): Promise<Response> =>
      test.request('/api/events/1/bands/import', {
        method: 'POST',
        headers: { Authorization: `Bearer ${test.token}`, 'Content-Type': 'text/csv' },
        body: csv.join('\n'),
      });
    expect(await answer(loaded())).toMatchObject({ bound: 149, unchanged: 0 });
    expect(await answer(loaded())).toMatchObject({ bound: 0, unchanged: 149 });
    await bind(group, uidA, { instead: await hashOf('b094') });
    await bind(group, uidB);
    expect(await typeOf(await reserve(group, uidC))).toBe('409 bands-too-many');
  });

  it('replaces a lost band in one step: the old one opens nothing from that mark on', async () => {
    const gate = await startGate('gate-a');
    const lost = await bind(tickets[0], uidA);
    expect(await typeOf(await reserve(tickets[0], uidB))).toBe('409 bands-too-many');
    expect(await typeOf(await reserve(tickets[1], uidB, { instead: lost }))).toBe('404 band-unknown');
    await bind(tickets[0], uidB, { instead: lost });
    await sync(gate);
    expect((await gate.tag(uidA)).type).toBe('unbound');
    expect(await gate.tag(uidB)).toEqual({ type: 'bound', ticketId: tickets[0], epoch: 0 });
    expect(await bandsOf(tickets[0])).toMatchObject([{ band: await hashOf(uidB), mark: { sequence: 2 } }]);
    // Whoever finds it can have it for another ticket.
    await bind(tickets[1], uidA);
  });

  it('shuts out those of another event and programs that would take a band', async () => {
    const stranger = await createPerson(test, 'supervisor');
    expect(await typeOf(await reserve(tickets[0], uidA, {}, stranger))).toBe('404 ticket-unknown');
    await bind(tickets[0], uidA);
    const { key } = await test.json<ApiKeyCreated>('POST', '/admin/api-keys', {
      name: 'Kiosk',
      scopes: ['tickets:write'],
      events: [1],
    });
    const kiosk = { name: 'kiosk', token: key };
    expect((await reserve(tickets[1], uidB, {}, kiosk)).status).toBe(201);
    const taking = { replace: true, reason: 'no' };
    expect(await typeOf(await reserve(tickets[1], uidA, taking, kiosk))).toBe('403 role-too-low');
  });
});

describe('a band that can sign', () => {
  const withKey = { key: bytesToHex(bandKeys.publicKey) };

  it('is written, read back to the byte, and only then bound', async () => {
    const strict = await issue({ type: 3 });
    const { band } = await answer<BandReservation>(reserve(strict, uidA));
    expect(await typeOf(await step(strict, band, 'read-back', { read: '00' }))).toBe('409 band-not-written');
    expect(await typeOf(await step(strict, band, 'write', { uid: uidB, ...withKey }))).toBe('422 options-invalid');
    const { write, bytes } = await answer<BandToWrite>(step(strict, band, 'write', { uid: uidA, ...withKey }));
    expect(write).toHaveLength(2 * bytes);
    expect(await typeOf(await step(strict, band, 'confirm'))).toBe('409 band-not-read-back');
    const torn = `${write.slice(0, -2)}${write.endsWith('00') ? '01' : '00'}`;
    for (const wrong of [torn, write.slice(2), `${write}00`, ''])
      expect(await typeOf(await step(strict, band, 'read-back', { read: wrong }))).toBe('422 read-back-differs');
    expect(await typeOf(await step(strict, band, 'confirm'))).toBe('409 band-not-read-back');
    expect((await step(strict, band, 'read-back', { read: write.toUpperCase() })).status).toBe(200);
    expect((await step(strict, band, 'confirm')).status).toBe(201);

    const gate = await startGate('gate-a');
    await sync(gate);
    const claim = await verifyAt(gate, { uid: uidA, pass: hexToBytes(write) ?? new Uint8Array(0), ticket: strict });
    expect(claim).toMatchObject({ ok: true, value: { ticketId: strict, assurance: 'challenged' } });
  });

  it('has to be read back again when something else was to be written since', async () => {
    const { band } = await answer<BandReservation>(reserve(tickets[0], uidA));
    const first = await answer<BandToWrite>(step(tickets[0], band, 'write', { uid: uidA, ...withKey }));
    await step(tickets[0], band, 'read-back', { read: first.write });
    await step(tickets[0], band, 'write', {
      uid: uidA,
      key: bytesToHex(keyPairFromSeed(new Uint8Array(32).fill(8)).publicKey),
    });
    expect(await typeOf(await step(tickets[0], band, 'confirm'))).toBe('409 band-not-read-back');
  });

  it('of a supplier is never written, now or later', async () => {
    const { band } = await answer<BandReservation>(reserve(tickets[0], uidA, { writable: false }));
    expect(await typeOf(await step(tickets[0], band, 'write', { uid: uidA, ...withKey }))).toBe(
      '409 band-not-writable',
    );
    expect((await step(tickets[0], band, 'confirm')).status).toBe(201);
    expect((await unbind(tickets[0], band)).status).toBe(204);
    expect(await answer(reserve(tickets[1], uidA))).toMatchObject({ writable: false });
    expect(await typeOf(await step(tickets[1], band, 'write', { uid: uidA, ...withKey }))).toBe(
      '409 band-not-writable',
    );
    const generated = await askAs(test, supervisor, 'POST', `/api/tickets/${tickets[1]}/methods/ble/generate`, {});
    expect(generated.status).toBe(403);
    expect((await unbind(tickets[1], band)).status).toBe(204);
    const made = await test.json('POST', `/api/tickets/${tickets[1]}/methods/ble/generate`, { uid: uidA, ...withKey });
    expect(made).toMatchObject({ credential: { id: band }, payload: { uid: uidA } });
    expect(JSON.stringify(made)).not.toContain('pass');
  });
});

describe('an NFC tag', () => {
  const uid = '04A1B2C3D4E5F6';
  const tag = { method: 'nfc', uid };
  const verifyNfc = (ticket: string, more: object = {}): Promise<VerifyResponse> =>
    test.json('POST', `/api/tickets/${ticket}/methods/nfc/verify`, { presented_data: uid, ...more }, 200);

  it('is written with a pass for its own UID, which is worth more than the UID', async () => {
    const signed = await issue({ type: 4 });
    const { band } = await answer<BandReservation>(reserve(signed, uid, tag));
    const { write, bytes } = await answer<BandToWrite>(step(signed, band, 'write', { uid }));
    expect(bytes).toBeLessThanOrEqual(144);
    expect((await step(signed, band, 'read-back', { read: write })).status).toBe(200);
    expect((await step(signed, band, 'confirm')).status).toBe(201);
    expect(await verifyNfc(signed)).toMatchObject({ success: false, reason: 'assurance-too-low' });
    const copied = await test.json<VerifyResponse>(
      'POST',
      `/api/tickets/${signed}/methods/nfc/verify`,
      { presented_data: '04A1B2C3D4E5F7', ndef: write },
      200,
    );
    expect(copied).toMatchObject({ success: false, reason: 'signature-invalid' });
    expect(await verifyNfc(signed, { ndef: write })).toMatchObject({ success: true });
    const { credentials } = await test.json<TicketMethods>('GET', `/api/tickets/${signed}/methods`);
    expect(credentials).toMatchObject([{ method: 'nfc', id: band, usedAtMs: expect.any(Number) }]);
  });

  it('that was lost opens nothing any more, whatever is written on it', async () => {
    const { band } = await answer<BandReservation>(reserve(tickets[0], uid, tag));
    const { write } = await answer<BandToWrite>(step(tickets[0], band, 'write', { uid }));
    await step(tickets[0], band, 'read-back', { read: write });
    await step(tickets[0], band, 'confirm');
    await bind(tickets[0], uidB, { instead: band });
    expect(await verifyNfc(tickets[0], { ndef: write })).toMatchObject({ success: false, reason: 'replaced' });
    expect(await verifyNfc(tickets[0])).toMatchObject({ success: false, reason: 'code-unknown' });
    expect(await verify(tickets[0], uidB)).toMatchObject({ success: true });
  });

  it('is generated in one request, and is another band than a BLE one of the same id', async () => {
    const made = await test.json<{ payload: { ndef: string } }>(
      'POST',
      `/api/tickets/${tickets[0]}/methods/nfc/generate`,
      { uid },
    );
    expect(made.payload.ndef).toMatch(/^[A-Za-z0-9_-]+$/);
    expect((await reserve(tickets[1], uid)).status).toBe(201);
    expect(await typeOf(await reserve(tickets[1], uid, tag))).toBe('409 band-bound');
    expect(await verifyNfc(tickets[0], { ndef: '0' }).catch(String)).toContain('request-invalid');
    expect(await verifyNfc(tickets[0], { ndef: 'ffff' })).toMatchObject({ success: true });
  });

  it.each(['04a1b2', '04a1b2c3d4', `04${'a1'.repeat(31)}`])('has no UID like %s', async (wrong) => {
    expect(await typeOf(await reserve(tickets[0], wrong, { method: 'nfc' }))).toBe('422 options-invalid');
  });
});

describe('generating a band by its method', () => {
  const generate = (ticket: string, options: object, by?: TestPerson): Promise<Response> =>
    by === undefined
      ? test.api('POST', `/api/tickets/${ticket}/methods/ble/generate`, options)
      : askAs(test, by, 'POST', `/api/tickets/${ticket}/methods/ble/generate`, options);

  it('binds it to the ticket, once for an event, and names who has it', async () => {
    expect((await generate(tickets[0], { uid: uidA })).status).toBe(201);
    expect((await generate(tickets[0], { uid: uidA })).status).toBe(201);
    expect(await bandsOf(tickets[0])).toMatchObject([{ band: await hashOf(uidA), mark: { sequence: 1 } }]);
    expect(await (await generate(tickets[1], { uid: uidA })).json()).toMatchObject({
      type: 'band-bound',
      ticket: tickets[0],
    });
    expect(await verify(tickets[0], uidA)).toMatchObject({ success: true });
  });

  it('is separate in each event', async () => {
    await test.json('POST', '/api/events', { ...someEvent, name: 'Another night' });
    const elsewhere = await test.json<TicketResponse>('POST', '/api/tickets', { event: 2, type: 1 });
    expect((await generate(tickets[0], { uid: uidA })).status).toBe(201);
    expect((await generate(elsewhere.id, { uid: uidA })).status).toBe(201);
  });

  it.each([{}, { uid: '' }, { uid: 'zz' }, { uid: 'ab'.repeat(33) }, { uid: 7 }, { uid: uidA, more: 1 }])(
    'refuses %j',
    async (options) => {
      expect(await typeOf(await generate(tickets[0], options))).toMatch(/^422 options-invalid$/);
      expect(await bandsOf(tickets[0])).toEqual([]);
    },
  );

  it('is not for those who only hold the ticket', async () => {
    const holder = await createPerson(test, 'attendee');
    await test.json('PATCH', `/api/tickets/${tickets[0]}`, { holder: { account: holder.id } });
    expect(await typeOf(await generate(tickets[0], { uid: uidA }, holder))).toBe('403 role-too-low');
    expect(await bandsOf(tickets[0])).toEqual([]);
    expect((await askAs(test, holder, 'GET', `/api/tickets/${tickets[0]}/bands`)).status).toBe(200);
  });
});

it('refuses what is no request of a desk', async () => {
  for (const body of [
    {},
    { method: 'ble' },
    { method: 'ble', uid: 'xyz' },
    { method: 'ble', uid: uidA, instead: 'all' },
    { method: 'ble', uid: uidA, replace: true, reason: '\u0007' },
    { method: 'ble', uid: uidA, more: true },
  ])
    expect(await typeOf(await test.api('POST', `/api/tickets/${tickets[0]}/bands`, body))).toBe('400 request-invalid');
  expect(await typeOf(await reserve(tickets[0], uidA, { method: 'qr' }))).toBe('404 method-unknown');
  expect(await typeOf(await reserve(tickets[0], uidA, { method: 'face' }))).toBe('404 method-unknown');
  await test.json('POST', '/admin/methods/ble/toggle', { enabled: false, event: 1 }, 200);
  expect(await typeOf(await reserve(tickets[0], uidA))).toBe('409 method-off');
});

it('leaves nothing kept once it is done', async () => {
  await bind(tickets[0], uidA);
  expect(await withDatabase(test.databaseUrl, (database) => database.selectFrom('band').selectAll().execute())).toEqual(
    [],
  );
});

/** What the gate's method makes of a band that is held up. */
async function verifyAt(
  gate: ReplicatingGate,
  { uid, pass, ticket = '' }: { readonly uid: string; readonly pass?: Uint8Array; readonly ticket?: string },
): Promise<Result<Claim, Refusal>> {
  const issuers = new Map((await test.cloud.keys.current()).published.map((key) => [key.keyId, key]));
  const key = await codeHashKey();
  const challenge = new Uint8Array(16).fill(3);
  const presentation: Presentation = {
    medium: 'ble',
    text: `ble:${uid}`,
    id: hexToBytes(uid) ?? new Uint8Array(0),
    readerId: 'ble',
    seenAtMs: 0,
    ...(pass === undefined
      ? {}
      : {
          proof: {
            gate: gate.id,
            credential: pass,
            challenge,
            signature: sign(bandKeys.secretKey, bandProofMessage(challenge, ticket, gate.id)),
          },
        }),
  };
  return bleMethod.verify(
    presentation,
    {
      event: 1,
      issuerKey: (keyId) => {
        const found = issuers.get(keyId);
        return found && { publicKey: hexToBytes(found.publicKey) ?? new Uint8Array(0), state: found.state };
      },
      ticketByCode: () => undefined,
      ticketByShortCode: () => undefined,
      tag: (medium, id) => gate.store().tag(tagHash(key, medium, id)),
    },
    new AbortController().signal,
  );
}

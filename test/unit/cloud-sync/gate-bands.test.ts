// Goal: a gate's band desk may ask the cloud to keep a wristband, to make its pass and to compare it, for tickets of its own events and members
// of staff only, and no more than their role; the binding stays the gate's own mark, and the audit log says which gate and who.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  auditPageSchema,
  bandReservationSchema,
  bandToWriteSchema,
  gateBandPath,
  gateBandsPath,
  hexToBytes,
  nfcMethod,
  staffResponseSchema,
  tagHash,
  utf8,
  type ApiKeyCreated,
  type Lookups,
  type TicketResponse,
} from '@postern/shared';
import { bandKeptMs } from '../../../cloud-sync/src/services/band-keeping.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { baseOf } from '../../support/marks.ts';
import { typeOf } from '../../support/people.ts';

const [uidA, uidB] = ['04a1c2d3e4f5a6', '04a1c2d3e4f5a7'] as const;

let test: TestCloud;
let gate: TestGate;
let steward: string;
let supervisor: string;
let tickets: readonly [string, string];
beforeEach(async () => {
  test = await createTestCloud();
  onTestFinished(() => test.close());
  await test.json('POST', '/api/events', someEvent);
  gate = await enrolTestGate(test, 1, 'gate-a');
  const member = async (role: string): Promise<string> =>
    staffResponseSchema.parse(await test.json('POST', '/admin/events/1/staff', { role, pin: '4711' })).operator;
  [steward, supervisor] = [await member('steward'), await member('supervisor')];
  tickets = [await issue(), await issue()];
});

const issue = async (event = 1): Promise<string> =>
  (await test.json<TicketResponse>('POST', '/api/tickets', { event, type: 1 })).id;
const post = (path: string, body: object, by = gate): Promise<Response> =>
  by.request('POST', path, utf8(JSON.stringify(body)), { 'Content-Type': 'application/json' });
const reserve = (ticket: string, more: object = {}, by = gate): Promise<Response> =>
  post(gateBandsPath(ticket), { operator: steward, method: 'nfc', uid: uidA, ...more }, by);
const write = (ticket: string, band: string, more: object = {}): Promise<Response> =>
  post(gateBandPath(ticket, band, 'write'), { operator: steward, uid: uidA, ...more });
const written = (ticket: string, band: string, read: string): Promise<Response> =>
  post(gateBandPath(ticket, band, 'written'), { operator: steward, read });
const bandOf = async (uid: string): Promise<string> => {
  const [event] = await test.cloud.events.list();
  return tagHash(
    hexToBytes(event?.codeHashKey ?? '') ?? new Uint8Array(0),
    'nfc',
    hexToBytes(uid) ?? new Uint8Array(0),
  );
};
/** The gate tells of a binding that it has made. */
const pushBinding = async (ticketId: string, by = gate): Promise<void> => {
  const mark = { ...baseOf({ gate: by.id }), event: 1, kind: 'bound', tagHash: await bandOf(uidA), ticketId } as const;
  expect((await by.push([await by.chunk([mark])])).refusals).toEqual([]);
};

describe('the band desk of a gate', () => {
  it('gets a pass that is good on this band alone, and is done once the band says the same', async () => {
    const { band, writable } = bandReservationSchema.parse(await (await reserve(tickets[0])).json());
    expect([band, writable]).toEqual([await bandOf(uidA), true]);
    const { write: bytes } = bandToWriteSchema.parse(await (await write(tickets[0], band)).json());
    const ndef = hexToBytes(bytes) ?? new Uint8Array(0);
    const { issuer } = await test.cloud.keys.current();
    const lookups: Lookups = {
      event: 1,
      issuerKey: () => ({ publicKey: issuer.publicKey, state: 'active' }),
      tag: () => ({ type: 'unbound' }),
      ticketByCode: () => undefined,
      ticketByShortCode: () => undefined,
    };
    const claimOn = (uid: string) =>
      nfcMethod.verify(
        { medium: 'nfc', text: '', uid: hexToBytes(uid) ?? new Uint8Array(0), ndef, readerId: '', seenAtMs: 0 },
        lookups,
        new AbortController().signal,
      );
    expect(await claimOn(uidA)).toMatchObject({ ok: true, value: { ticketId: tickets[0], assurance: 'signed' } });
    expect(await claimOn(uidB)).toMatchObject({ ok: false, error: { type: 'signature-invalid' } });
    expect(await typeOf(await written(tickets[0], band, `${bytes}00`))).toBe('422 read-back-differs');
    expect((await written(tickets[0], band, bytes)).status).toBe(204);
    expect(await typeOf(await written(tickets[0], band, bytes))).toBe('409 reservation-gone');
    expect(await test.json('GET', `/api/tickets/${tickets[0]}/bands`)).toMatchObject({ bands: [] });
    await pushBinding(tickets[0]);
    expect(await test.json('GET', `/api/tickets/${tickets[0]}/bands`)).toMatchObject({
      bands: [{ band, state: 'bound', mark: { gate: 'gate-a' } }],
    });
    const { entries } = auditPageSchema.parse(await test.json('GET', '/audits/log?event=1'));
    const about = entries.filter(({ subject }) => subject === band);
    expect(about.map(({ action }) => action).toSorted()).toEqual(['band-reserved', 'band-written', 'generate']);
    for (const entry of about)
      expect(entry).toMatchObject({
        actor: 'gate-a',
        ticket: tickets[0],
        method: 'nfc',
        details: { operator: steward },
      });
  });

  it('gets one also after it has bound the band without the cloud, and again after a torn writing', async () => {
    await pushBinding(tickets[0]);
    const band = await bandOf(uidA);
    expect(await typeOf(await write(tickets[0], band))).toBe('409 reservation-gone');
    expect((await reserve(tickets[0])).status).toBe(201);
    const first = bandToWriteSchema.parse(await (await write(tickets[0], band)).json());
    const second = bandToWriteSchema.parse(await (await write(tickets[0], band)).json());
    expect((await written(tickets[0], band, second.write)).status).toBe(204);
    expect(first.bytes).toBe(second.bytes);
  });

  it('keeps the band from other desks for some minutes, and may itself turn to another ticket with it', async () => {
    const other = await enrolTestGate(test, 1, 'gate-b');
    const { band } = bandReservationSchema.parse(await (await reserve(tickets[0])).json());
    expect(await (await reserve(tickets[1], {}, other)).json()).toMatchObject({
      type: 'band-reserved',
      ticket: tickets[0],
    });
    expect((await reserve(tickets[1])).status).toBe(201);
    expect(await typeOf(await write(tickets[0], band))).toBe('409 reservation-gone');
    expect(await (await reserve(tickets[0], {}, other)).json()).toMatchObject({
      type: 'band-reserved',
      ticket: tickets[1],
    });
    await test.time.advance(bandKeptMs);
    expect((await reserve(tickets[0], {}, other)).status).toBe(201);
  });

  it('never gets a pass for a band of a cashless supplier, whatever it says later', async () => {
    const kept = bandReservationSchema.parse(await (await reserve(tickets[0], { writable: false })).json());
    expect(kept.writable).toBe(false);
    expect(await typeOf(await write(tickets[0], kept.band))).toBe('409 band-not-writable');
    expect(bandReservationSchema.parse(await (await reserve(tickets[1])).json()).writable).toBe(false);
    expect(await typeOf(await write(tickets[1], kept.band))).toBe('409 band-not-writable');
  });

  it('takes a band from another ticket for a supervisor only, by the role that the cloud knows', async () => {
    await pushBinding(tickets[0]);
    expect(await (await reserve(tickets[1])).json()).toMatchObject({ type: 'band-bound', ticket: tickets[0] });
    expect(await typeOf(await reserve(tickets[1], { replace: true }))).toBe('403 role-too-low');
    expect((await reserve(tickets[1], { replace: true, operator: supervisor })).status).toBe(201);
    await test.api('DELETE', `/admin/events/1/staff/${supervisor}`);
    expect(await typeOf(await reserve(tickets[1], { replace: true, operator: supervisor }))).toBe('404 staff-unknown');
  });

  it('is a gate’s, of the ticket’s event, that is not revoked', async () => {
    await test.json('POST', '/api/events', { ...someEvent, name: 'Elsewhere' });
    const foreign = await issue(2);
    expect(await typeOf(await reserve(foreign))).toBe('404 ticket-unknown');
    expect(await typeOf(await reserve('0190a2b4c6d87e8f9a0b1c2d3e4f5061'))).toBe('404 ticket-unknown');
    const body = { operator: steward, method: 'nfc', uid: uidA };
    const asPerson = await test.api('POST', gateBandsPath(tickets[0]), body);
    expect(await typeOf(asPerson)).toBe('401 token-invalid');
    const key = await test.json<ApiKeyCreated>('POST', '/admin/api-keys', { name: 'kiosk', scopes: ['tickets:write'] });
    const asProgram = await test.request(gateBandsPath(tickets[0]), {
      method: 'POST',
      headers: { Authorization: `Bearer ${key.key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(await typeOf(asProgram)).toBe('401 token-invalid');
    await test.json('POST', '/admin/events/1/gates/gate-a/revoke', { reason: 'stolen' }, 200);
    expect(await typeOf(await reserve(tickets[0]))).toBe('409 gate-revoked');
  });
});

// Goal: a phone that speaks for a ticket is believed as far as its rules go: long enough in a zone it leaves one mark, which gates learn
// as a pre-check, or by the event's choice a use; whatever is cut, replayed, stale, too fast, elsewhere or somebody else's leaves none.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  decodeGeofenceProof,
  openSecretBox,
  sealSecretBox,
  utf8,
  type FixOutcome,
  type GeofenceRules,
  type SenderList,
  type SenderMade,
  type TicketHistory,
  type TicketResponse,
} from '@postern/shared';
import { positionKeptMs, type SenderRow } from '../../../cloud-sync/src/services/sender-rows.ts';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, someEvent, type TestCloud } from '../../support/cloud.ts';
import {
  basicOf,
  besideDoor,
  createSigningPhone,
  doorPosition,
  doorZones,
  locationAt,
  postPhone,
} from '../../support/geofence.ts';
import { askAs, createPerson } from '../../support/people.ts';

const happens = { timeout: 45_000 };
let test: TestCloud;
let ticket: TicketResponse;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  await draw();
  ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
});
afterEach(() => test.close());

const draw = (more: object = {}): Promise<{ readonly geofence: GeofenceRules }> =>
  test.json('PUT', '/api/events/1/geofence', { zones: doorZones, ...more });
const nowS = (): number => Math.floor(test.time.clock.wallMs() / 1_000);
const makeSender = (id = ticket.id): Promise<SenderMade> =>
  test.json<SenderMade>('POST', `/api/tickets/${id}/geofence-senders`);
const sendersOf = async (): Promise<SenderList['senders']> =>
  (await test.json<SenderList>('GET', `/api/tickets/${ticket.id}/geofence-senders`)).senders;
const story = (): Promise<TicketHistory> => test.json<TicketHistory>('GET', `/api/tickets/${ticket.id}/history`);
const kinds = async (): Promise<readonly string[]> => (await story()).marks.map(({ kind }) => kind);
const auditActions = async (): Promise<readonly (readonly [string, string | undefined])[]> => {
  const { entries } = await test.json<{ entries: { action: string; reason?: string }[] }>('GET', '/audits/log?event=1');
  return entries.map(({ action, reason }) => [action, reason] as const);
};
/** What the app gets to hear, with its name and password. */
const say = (sender: SenderMade, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  postPhone(test, body, { Authorization: basicOf(sender), 'X-Limit-U': sender.user, 'X-Limit-D': 'phone', ...headers });
/** As it is stored. */
const rowOf = async ({ sender }: SenderMade): Promise<SenderRow | undefined> => {
  return withDatabase(test.databaseUrl, (database) =>
    database.selectFrom('geofence_sender').selectAll().where('id', '=', sender).executeTakeFirst(),
  );
};
/** Stands at the door for as long as it takes. */
const dwell = async (sender: SenderMade): Promise<string | null> => {
  await say(sender, locationAt(nowS()));
  await test.time.advance(60_000);
  return (await say(sender, locationAt(nowS()))).fix;
};

describe('the zones of an event', () => {
  it('are drawn, read and taken away, alone and with the other rules, and raise the version that gates fetch', async () => {
    expect(await test.json('GET', '/api/events/1/geofence')).toMatchObject({
      event: 1,
      geofence: { mode: 'pre-check', dwellS: 60, zones: [{ id: 'door', zone: 'arena' }] },
    });
    const { policy } = await test.json<{ policy: { geofence?: GeofenceRules } }>('GET', '/api/events/1');
    expect(policy.geofence?.zones).toHaveLength(1);
    expect((await test.api('DELETE', '/api/events/1/geofence')).status).toBe(204);
    expect(await (await test.api('GET', '/api/events/1/geofence')).json()).toMatchObject({ type: 'geofence-unset' });
    expect((await test.api('POST', `/api/tickets/${ticket.id}/geofence-senders`)).status).toBe(409);
  });

  it('must lie before zones of the event, and be drawable', async () => {
    const zone = { ...doorZones[0], zone: 'moon' };
    expect(await (await test.api('PUT', '/api/events/1/geofence', { zones: [zone] })).json()).toMatchObject({
      type: 'zone-unknown',
    });
    const bowTie = [
      [16, 48],
      [16.01, 48.01],
      [16.01, 48],
      [16, 48.01],
      [16, 48],
    ];
    const crossed = { ...doorZones[0], shape: { type: 'Polygon', coordinates: [bowTie] } };
    const refused = await test.api('PUT', '/api/events/1/geofence', { zones: [crossed] });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      type: 'request-invalid',
      issues: [{ message: 'it crosses or touches itself' }],
    });
  });

  it('are drawn by organisers and read by stewards', async () => {
    const [steward, organiser] = [await createPerson(test, 'steward', 1), await createPerson(test, 'organiser', 1)];
    const body = { zones: doorZones };
    expect((await askAs(test, steward, 'GET', '/api/events/1/geofence')).status).toBe(200);
    expect((await askAs(test, steward, 'PUT', '/api/events/1/geofence', body)).status).toBe(403);
    expect((await askAs(test, organiser, 'PUT', '/api/events/1/geofence', body)).status).toBe(200);
    expect((await askAs(test, steward, 'DELETE', '/api/events/1/geofence')).status).toBe(403);
  });
});

describe('an OwnTracks app', () => {
  it('is bound to one ticket, with secrets that are shown once and kept nowhere', async () => {
    const sender = await makeSender();
    const link = new URL(sender.configLink);
    const configuration: unknown = JSON.parse(Buffer.from(link.searchParams.get('inline') ?? '', 'base64').toString());
    expect(configuration).toMatchObject({
      _type: 'configuration',
      mode: 3,
      auth: true,
      url: 'https://cloud.test/webhooks/geofence/1',
      username: sender.user,
      password: sender.password,
      encryptionKey: sender.encryptionKey,
      waypoints: [{ desc: 'Main door', rad: 200, lat: 48.2, lon: 16.4 }],
    });
    expect(sender.encryptionKey).toMatch(/^[0-9a-f]{32}$/);
    const stored = await test.stored();
    for (const secret of [sender.password, sender.encryptionKey]) expect(stored.includes(secret)).toBe(false);
    expect(await sendersOf()).toEqual([
      { sender: sender.sender, kind: 'owntracks', createdAtMs: expect.any(Number), zones: [] },
    ]);
    expect((await auditActions()).map(([action]) => action)).toContain('sender-made');
  });

  it('pre-checks its ticket after the dwell time: one mark, shown in the story, and no use of it', async () => {
    const sender = await makeSender();
    expect(await dwell(sender)).toBe('present');
    expect(await story()).toMatchObject({
      usesSpent: 0,
      inside: 0,
      marks: [
        { kind: 'prechecked', gate: 'cloud', method: 'geofence', zone: 'arena', untilMs: (nowS() + 1_800) * 1_000 },
      ],
    });
    expect(await sendersOf()).toMatchObject([{ zones: ['door'], precheckedUntilMs: (nowS() + 1_800) * 1_000 }]);
    expect(await auditActions()).toContainEqual(['pre-checked', 'door']);
  });

  it('leaves one mark for half of its validity, however often it speaks', async () => {
    const sender = await makeSender();
    await dwell(sender);
    for (let minute = 0; minute < 14; minute++) {
      await test.time.advance(60_000);
      expect((await say(sender, locationAt(nowS()))).fix).toBe('present');
    }
    expect(await kinds()).toEqual(['prechecked']);
    await test.time.advance(120_000);
    expect(await say(sender, locationAt(nowS()))).toMatchObject({ status: 200, fix: 'present' });
    expect(await kinds()).toEqual(['prechecked', 'prechecked']);
  });

  it('is told the zones as regions, once, and again when they change', async () => {
    const sender = await makeSender();
    const command = {
      _type: 'cmd',
      action: 'setWaypoints',
      waypoints: { _type: 'waypoints', waypoints: [{ _type: 'waypoint', desc: 'Main door', rad: 200 }] },
    };
    expect((await say(sender, locationAt(nowS()))).body).toMatchObject([command]);
    await test.time.advance(1_000);
    expect((await say(sender, locationAt(nowS()))).body).toEqual([]);
    const square = [
      [16.399, 48.199],
      [16.401, 48.199],
      [16.401, 48.201],
      [16.399, 48.201],
      [16.399, 48.199],
    ];
    await draw({ zones: [{ ...doorZones[0], name: 'Yard', shape: { type: 'Polygon', coordinates: [square] } }] });
    await test.time.advance(1_000);
    const [told] = (await say(sender, locationAt(nowS()))).body as { waypoints: { waypoints: { rad: number }[] } }[];
    expect(told).toMatchObject({ waypoints: { waypoints: [{ desc: 'Yard', lat: 48.2, lon: 16.4 }] } });
    // Half the diagonal of 222 m by 148 m.
    expect(told?.waypoints.waypoints[0]?.rad).toBe(134);
  });

  it('may encrypt, as OwnTracks does: secretbox, the key padded with zeros; the answer is sealed, too', async () => {
    const sender = await makeSender();
    const key = new Uint8Array(32);
    key.set(utf8(sender.encryptionKey));
    const seal = (message: object, by = key, nonce = new Uint8Array(24).fill(9)): object => ({
      _type: 'encrypted',
      data: Buffer.from(sealSecretBox(utf8(JSON.stringify(message)), nonce, by)).toString('base64'),
    });
    const answer = await say(sender, seal(locationAt(nowS())));
    expect(answer).toMatchObject({ status: 200, fix: 'waiting', body: [{ _type: 'encrypted' }] });
    const [{ data = '' } = {}] = answer.body as { data?: string }[];
    const opened = openSecretBox(Buffer.from(data, 'base64'), key);
    expect(JSON.parse(Buffer.from(opened ?? []).toString())).toMatchObject({ action: 'setWaypoints' });

    const other = await makeSender();
    const otherKey = new Uint8Array(32);
    otherKey.set(utf8(other.encryptionKey));
    for (const body of [
      seal(locationAt(nowS() + 1), otherKey),
      seal(seal(locationAt(nowS() + 1))),
      { _type: 'encrypted', data: 'AAAA' },
      { _type: 'encrypted', data: '' },
      { _type: 'encrypted', data: 5 },
      { _type: 'encrypted' },
    ])
      expect(await say(sender, body)).toMatchObject({ status: 400, body: { type: 'request-invalid' } });
  });

  it('reports a transition with the position at which it happened, and that is what counts', async () => {
    const sender = await makeSender();
    const transition = (at: { lat: number; lon: number }, event = 'enter'): object => ({
      _type: 'transition',
      wtst: 1,
      event,
      desc: 'Main door',
      t: 'c',
      tid: 'ab',
      acc: 10,
      tst: nowS(),
      ...at,
    });
    expect((await say(sender, transition(doorPosition))).fix).toBe('waiting');
    await test.time.advance(60_000);
    expect((await say(sender, transition(besideDoor(500)))).fix).toBe('outside');
    expect(await kinds()).toEqual([]);
  });

  it('says much that is nothing to us, and is answered all the same', async () => {
    const sender = await makeSender();
    for (const body of [
      { _type: 'lwt', tst: 1 },
      { _type: 'waypoints', waypoints: [] },
      { _type: 'steps', steps: -1 },
      { _type: 'card', name: 'Ada' },
      { _type: 'status' },
    ])
      expect(await say(sender, body)).toMatchObject({ status: 200, fix: 'ignored' });
    expect(await say(sender, '')).toMatchObject({ status: 200, body: [] });
  });

  it('is believed by its own name and password alone', async () => {
    const [sender, other] = [await makeSender(), await makeSender()];
    const body = locationAt(nowS());
    const wrong: readonly Readonly<Record<string, string>>[] = [
      {},
      { Authorization: basicOf({ ...sender, password: other.password }) },
      { Authorization: basicOf({ user: '0'.repeat(16), password: sender.password }) },
      { Authorization: 'Basic !!' },
      // A text that PostgreSQL cannot even compare with.
      { Authorization: `Basic ${Buffer.from('\u0000:x').toString('base64')}` },
      { Authorization: `Bearer ${test.token}` },
      { Authorization: basicOf(sender), 'X-Limit-U': other.user },
    ];
    for (const headers of wrong)
      expect(await postPhone(test, body, headers)).toMatchObject({ status: 401, body: { type: 'credentials-wrong' } });
    await test.json('POST', '/api/events', someEvent);
    expect(await postPhone(test, body, { Authorization: basicOf(sender) }, 2)).toMatchObject({ status: 409 });
    await test.json('PUT', '/api/events/2/geofence', { zones: doorZones });
    expect(await postPhone(test, body, { Authorization: basicOf(sender) }, 2)).toMatchObject({ status: 401 });
    expect(await postPhone(test, body, { Authorization: basicOf(sender) }, 3)).toMatchObject({ status: 404 });
  });

  it('speaks for its ticket until it is revoked, or the ticket is somebody else’s', async () => {
    const [first, second] = [await makeSender(), await makeSender()];
    const path = `/api/tickets/${ticket.id}/geofence-senders`;
    expect((await test.api('DELETE', `${path}/${first.sender}`)).status).toBe(204);
    expect((await test.api('DELETE', `${path}/${first.sender}`)).status).toBe(404);
    expect((await say(first, locationAt(nowS()))).status).toBe(401);
    expect(await dwell(second)).toBe('present');
    await test.json('POST', `/api/tickets/${ticket.id}/reissue`, {}, 200);
    expect((await say(second, locationAt(nowS() + 1))).status).toBe(401);
    expect(await sendersOf()).toEqual([]);
    const { marks } = await story();
    expect(marks).toMatchObject([{ kind: 'prechecked', epoch: 0 }]);
  });

  it('cannot be one of many', async () => {
    for (let made = 0; made < 5; made++) await makeSender();
    const refused = await test.api('POST', `/api/tickets/${ticket.id}/geofence-senders`);
    expect(await refused.json()).toMatchObject({ type: 'senders-too-many', status: 409 });
  });

  it('pre-checks no ticket that is cancelled or denied', async () => {
    const sender = await makeSender();
    await test.json('POST', `/api/tickets/${ticket.id}/revoke`, {}, 200);
    expect(await dwell(sender)).toBe('revoked');
    await test.json('POST', `/api/tickets/${ticket.id}/reinstate`, {}, 200);
    await test.json('POST', `/api/tickets/${ticket.id}/deny`, {}, 200);
    await test.time.advance(1_000);
    expect((await say(sender, locationAt(nowS()))).fix).toBe('denied');
    expect(await kinds()).toEqual(['denied']);
  });

  it('is asked to wait when it speaks without a pause', async () => {
    await test.close();
    test = await createTestCloud({ limitsFactor: 1 });
    await test.json('POST', '/api/events', someEvent);
    await draw();
    ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    const [sender, other] = [await makeSender(), await makeSender()];
    const statuses: number[] = [];
    for (let index = 0; index < 70; index++) statuses.push((await say(sender, { _type: 'lwt' })).status);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect((await say(other, { _type: 'lwt' })).status).toBe(200);
  });
});

describe('a fix that is not to be believed', () => {
  let sender: SenderMade;
  beforeEach(async () => {
    sender = await makeSender();
  });

  it.each([
    ['too old', () => locationAt(nowS() - 121), 'fix-too-old'],
    ['from the future', () => locationAt(nowS() + 61), 'fix-in-future'],
    ['without an accuracy', () => locationAt(nowS(), doorPosition, { acc: undefined }), 'accuracy-unknown'],
    [
      'of an accuracy that its phone does not know',
      () => locationAt(nowS(), doorPosition, { acc: -1 }),
      'accuracy-unknown',
    ],
    ['too inaccurate', () => locationAt(nowS(), doorPosition, { acc: 1e308 }), 'accuracy-too-low'],
    ['elsewhere', () => locationAt(nowS(), besideDoor(5_000)), 'outside'],
  ])('%s is answered, and counts for nothing', async (_name, body, reason) => {
    expect(await say(sender, body())).toMatchObject({ status: 200, fix: reason });
    expect(await kinds()).toEqual([]);
  });

  it.each([
    ['latitude 91', () => locationAt(nowS(), { lat: 91, lon: 16 })],
    ['longitude 181', () => locationAt(nowS(), { lat: 48, lon: 181 })],
    ['1e400, which is infinite', () => JSON.stringify(locationAt(nowS())).replace('"lat":48.2', '"lat":1e400')],
    ['a text', () => locationAt(nowS(), doorPosition, { lat: '48.2' })],
    ['null, as JSON writes NaN', () => locationAt(nowS(), doorPosition, { lon: Number.NaN })],
    ['half a second', () => locationAt(nowS() + 0.5)],
    ['a negative time', () => locationAt(-1)],
    ['no time', () => locationAt(nowS(), doorPosition, { tst: undefined })],
    ['no type', () => ({ lat: 48.2, lon: 16.4 })],
    ['an array', () => [locationAt(nowS())]],
    ['a number', () => 5],
  ])('with %s is refused by its form', async (_name, body) => {
    expect(await say(sender, body())).toMatchObject({ status: 400, body: { type: 'request-invalid' } });
  });

  it('is refused wherever it is cut off, and when it is huge', async () => {
    const text = JSON.stringify(locationAt(nowS()));
    for (let length = 1; length < text.length; length += 7)
      expect((await say(sender, text.slice(0, length))).status).toBe(400);
    expect((await say(sender, locationAt(nowS(), doorPosition, { SSID: 'x'.repeat(20_000) }))).status).toBe(413);
    expect((await say(sender, text, { 'Content-Type': 'application/xml' })).status).toBe(415);
    expect((await say(sender, `${'['.repeat(8_000)}${']'.repeat(8_000)}`)).status).toBe(400);
    expect((await say(sender, text)).fix).toBe('waiting');
  });

  it('is a replay when it comes again, or after a newer one', async () => {
    await say(sender, locationAt(nowS()));
    await test.time.advance(60_000);
    for (const atS of [nowS() - 60, nowS() - 61]) expect((await say(sender, locationAt(atS))).fix).toBe('fix-replayed');
    const sameAgain = await Promise.all(Array.from({ length: 8 }, () => say(sender, locationAt(nowS()))));
    expect(sameAgain.filter(({ fix }) => fix === 'present')).toHaveLength(1);
    expect(await kinds()).toEqual(['prechecked']);
  });

  it('cannot teleport, and what it says then is in the audit log, once in a while', async () => {
    await say(sender, locationAt(nowS(), besideDoor(50_000)));
    for (let index = 0; index < 3; index++) {
      await test.time.advance(30_000);
      expect((await say(sender, locationAt(nowS()))).fix).toBe('too-fast');
    }
    expect(await kinds()).toEqual([]);
    expect((await auditActions()).filter(([action]) => action === 'refusal')).toEqual([['refusal', 'too-fast']]);
  });
});

describe('a phone that signs', () => {
  const fix = (atS: number, at = doorPosition) => ({ atS, ...at, accuracyM: 8 });

  it('pre-checks its ticket by one message with fixes enough, and is known from then on', async () => {
    const phone = await createSigningPhone(test, ticket.id);
    expect(await phone.send([fix(nowS() - 60), fix(nowS())], 1)).toMatchObject({
      status: 200,
      body: { state: 'present', zones: ['door'], precheckedUntilMs: (nowS() + 1_800) * 1_000 },
    });
    expect(await kinds()).toEqual(['prechecked']);
    expect(await sendersOf()).toMatchObject([{ kind: 'sdk', zones: ['door'] }]);
  });

  it('is not heard twice: neither the message, nor its number, nor its fixes in another', async () => {
    const phone = await createSigningPhone(test, ticket.id);
    const outcome = async (atS: number, number: number): Promise<FixOutcome> =>
      (await phone.send([fix(atS)], number)).body;
    expect(await outcome(nowS(), 5)).toEqual({ state: 'waiting' });
    expect(await outcome(nowS(), 5)).toMatchObject({ reason: 'number-replayed' });
    expect(await outcome(nowS() + 1, 4)).toMatchObject({ reason: 'number-replayed' });
    expect(await outcome(nowS(), 6)).toMatchObject({ reason: 'fix-replayed' });
    expect(await outcome(nowS() + 1, 6)).toEqual({ state: 'waiting' });
  });

  it('sends fixes again that have come already, with new ones', async () => {
    const phone = await createSigningPhone(test, ticket.id);
    const startS = nowS();
    await phone.send([fix(startS)], 1);
    await test.time.advance(60_000);
    expect((await phone.send([fix(startS), fix(nowS())], 2)).body.state).toBe('present');
  });

  it('proves nothing when altered, for another event, after the ticket was passed on, or revoked', async () => {
    const phone = await createSigningPhone(test, ticket.id);
    const proof = phone.proof([fix(nowS())], 1);
    expect(decodeGeofenceProof(proof, () => undefined)).toMatchObject({ error: { type: 'key-unknown' } });
    const post = (text: string, event = 1) => postPhone(test, { _type: 'postern-location', proof: text }, {}, event);
    for (const [place, status] of [
      [4, 400],
      [100, 401],
      [proof.length - 120, 401],
      [proof.length - 5, 401],
    ] as const) {
      const altered = `${proof.slice(0, place)}${proof[place] === 'A' ? 'B' : 'A'}${proof.slice(place + 1)}`;
      expect((await post(altered)).status).toBe(status);
    }
    for (const body of [
      {},
      { proof: 5 },
      { proof, more: 1 },
      { proof: '' },
      { proof: 'PG1:' },
      { proof: proof.repeat(3) },
    ])
      expect(await postPhone(test, { _type: 'postern-location', ...body })).toMatchObject({ status: 400 });
    await test.json('POST', '/api/events', someEvent);
    await test.json('PUT', '/api/events/2/geofence', { zones: doorZones });
    expect(await post(proof, 2)).toMatchObject({ status: 403, body: { type: 'event-forbidden' } });
    expect((await post(proof)).status).toBe(200);
    const [known] = await sendersOf();
    await test.api('DELETE', `/api/tickets/${ticket.id}/geofence-senders/${known?.sender}`);
    expect((await phone.send([fix(nowS() + 1)], 2)).status).toBe(401);
    const next = await createSigningPhone(test, ticket.id, 78);
    await test.json('POST', `/api/tickets/${ticket.id}/reissue`, {}, 200);
    expect((await next.send([fix(nowS())], 1)).status).toBe(401);
  });

  it('is heard by central verify, too, which admits where the event says so', async () => {
    const phone = await createSigningPhone(test, ticket.id);
    const verify = (number: number): Promise<{ success: boolean; reason: string }> =>
      test.json(
        'POST',
        `/api/tickets/${ticket.id}/methods/geofence/verify`,
        {
          presented_data: phone.proof([fix(nowS() - 60), fix(nowS())], number),
        },
        200,
      );
    expect(await verify(1)).toMatchObject({ success: false, reason: 'assurance-too-low' });
    await draw({ mode: 'admit' });
    expect(await verify(2)).toMatchObject({ success: true, reason: 'admitted' });
    expect(await verify(3)).toMatchObject({ success: false, reason: 'code-replayed' });
  });
});

describe('an event that admits by position', () => {
  it('lets a ticket in once, however long and often its holder stays, by the decision that all others meet', async () => {
    await draw({ mode: 'admit' });
    const phone = await createSigningPhone(test, ticket.id);
    const fixes = (): { atS: number; lat: number; lon: number; accuracyM: number }[] => [
      { atS: nowS() - 60, ...doorPosition, accuracyM: 8 },
      { atS: nowS(), ...doorPosition, accuracyM: 8 },
    ];
    expect((await phone.send(fixes(), 1)).body).toMatchObject({
      state: 'present',
      admission: { success: true, reason: 'admitted' },
    });
    for (let number = 2; number < 6; number++) {
      await test.time.advance(61_000);
      const { body } = await phone.send(fixes(), number);
      expect(body.state).toBe('present');
      expect(body.admission).toBeUndefined();
    }
    expect(await story()).toMatchObject({ usesSpent: 1, marks: [{ kind: 'admitted', method: 'geofence' }] });
    const shown = await test.json<{ reason: string }>(
      'POST',
      `/api/tickets/${ticket.id}/methods/qr/verify`,
      { presented_data: ticket.text },
      200,
    );
    expect(shown.reason).toBe('already-used');
  });

  it('refuses a ticket that was let in elsewhere, and where an app’s password is not proof enough', async () => {
    await draw({ mode: 'admit' });
    await test.json('POST', `/api/tickets/${ticket.id}/methods/qr/verify`, { presented_data: ticket.text }, 200);
    expect(await dwell(await makeSender())).toBe('present');
    expect(await story()).toMatchObject({
      usesSpent: 1,
      marks: [{ kind: 'admitted' }, { kind: 'refused', code: 'already-used' }],
    });
    await test.json(
      'PUT',
      '/api/events/1/policy',
      {
        ...someEvent,
        types: [{ id: 1, name: 'Strict', assuranceMin: 'signed' }],
        geofence: { mode: 'admit', zones: doorZones },
      },
      200,
    );
    ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    await dwell(await makeSender());
    expect(await story()).toMatchObject({ usesSpent: 0, marks: [{ kind: 'refused', code: 'assurance-too-low' }] });
  });

  it('takes nothing from phones while the method is off', async () => {
    const sender = await makeSender();
    await test.json('POST', '/admin/methods/geofence/toggle', { enabled: false, event: 1 }, 200);
    expect(await say(sender, locationAt(nowS()))).toMatchObject({ status: 409, body: { type: 'method-off' } });
  });
});

describe('where somebody was', () => {
  const runJob = async (kind: string): Promise<void> => {
    const { id } = await test.json<{ id: string }>('POST', '/admin/jobs/runs', { kind }, 202);
    await test.cloud.jobs.perform(id);
  };

  /** Whatever the database takes to forget it, it does so within minutes. */
  const laterRowOf = async (sender: SenderMade): Promise<SenderRow | undefined> => {
    await test.time.advance(61_000);
    return rowOf(sender);
  };

  it('is forgotten a quarter of an hour after the last fix, and is in no mark, log or list', async () => {
    const sender = await makeSender();
    const place = { lat: 48.2003, lon: 16.4012 };
    await say(sender, locationAt(nowS(), place));
    await test.time.advance(60_000);
    await say(sender, locationAt(nowS(), place));
    expect(await kinds()).toEqual(['prechecked']);
    const answers = JSON.stringify([await sendersOf(), await story(), await test.json('GET', '/audits/log?event=1')]);
    expect(answers).not.toContain('48.2003');
    expect((await rowOf(sender))?.position).toContain('48.2003');
    await test.cloud.start();
    await test.time.advance(positionKeptMs);
    await expect.poll(async () => (await laterRowOf(sender))?.position, happens).toBeNull();
    expect(await sendersOf()).toHaveLength(1);
  });

  it('goes with the account of the ticket’s holder', async () => {
    const person = await createPerson(test, 'attendee');
    ticket = await test.json<TicketResponse>('POST', '/api/tickets', {
      event: 1,
      type: 1,
      holder: { account: person.id },
    });
    const made = await askAs(test, person, 'POST', `/api/tickets/${ticket.id}/geofence-senders`);
    expect(made.status).toBe(201);
    const sender = (await made.json()) as SenderMade;
    await say(sender, locationAt(nowS()));
    expect(await sendersOf()).toHaveLength(1);
    expect((await askAs(test, person, 'DELETE', '/me', {})).status).toBeLessThan(300);
    expect(await sendersOf()).toEqual([]);
  });

  it('and its phones go soon after the ticket is somebody else’s', async () => {
    const { id } = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    const [sender, other] = [await makeSender(), await makeSender(id)];
    await test.json('POST', `/api/tickets/${ticket.id}/reissue`, {}, 200);
    await runJob('clean-up');
    expect(await rowOf(sender)).toBeUndefined();
    expect(await rowOf(other)).toBeDefined();
  });

  it('goes with everything else of its visitors, so long after the event', async () => {
    const sender = await makeSender();
    await say(sender, locationAt(nowS()));
    await test.json('PUT', '/api/events/1/deadlines', { endsAtMs: test.time.clock.wallMs(), keepPersonalDataDays: 0 });
    await test.time.advance(2 * 86_400_000);
    await runJob('erase-visitors');
    expect(await rowOf(sender)).toBeUndefined();
  });
});

// Goal: an organiser draws a zone, an attendee's OwnTracks app and a phone that signs stand in it, everything over real HTTP between processes;
// the gate learns of the pre-check and of the entry, and knows both with the cloud gone.
import { join } from 'node:path';
import {
  eventResponseSchema,
  fixOutcomeSchema,
  ready,
  senderMadeSchema,
  summarySchema,
  ticketBatchResponseSchema,
  type Decision,
  type FixOutcome,
  type SenderMade,
  type Summary,
  type TicketResponse,
} from '@postern/shared';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessCloud, type CloudAccess } from '../support/cloud.ts';
import { firstToken, runCloud, temporaryFolder, type CloudProcess } from '../support/cloud-process.ts';
import { waitUntil } from '../support/demo-process.ts';
import { enrolGate } from '../support/enrol-gate.ts';
import {
  listenToGate,
  showCode,
  startGateProcess,
  type GateEvents,
  type GateProcess,
} from '../support/gate-process.ts';
import {
  basicOf,
  besideDoor,
  createSigningPhone,
  doorPosition,
  doorZones,
  locationAt,
  postPhone,
} from '../support/geofence.ts';

const happensMsMax = 60_000;

describe('phones before a door', () => {
  const folder = temporaryFolder();
  const gateFolder = join(folder.path, 'gate-a');
  let cloud: CloudProcess;
  let access: CloudAccess;
  let event = 0;
  let tickets: readonly TicketResponse[] = [];
  let gate: GateProcess;
  let gateUrl = '';
  let events: GateEvents;
  let sender: SenderMade;

  const nowS = (): number => Math.floor(Date.now() / 1_000);
  let lastS = 0;
  /** A phone says nothing twice a second. */
  const isNewSecond = (): boolean => {
    const isNew = nowS() > lastS;
    lastS = nowS();
    return isNew;
  };
  const zones = (mode: string): object => ({ mode, zones: doorZones, dwellS: 2, speedMaxKmh: 1_500 });
  const policy = {
    name: 'Test night',
    types: [
      { id: 1, name: 'Standing' },
      { id: 2, name: 'Backstage', proofs: [['signed', 'geofence']] },
    ],
    zones: [{ id: 'arena', name: 'Arena' }],
  };
  const summary = async (): Promise<Summary> =>
    summarySchema.parse(await access.json('GET', `/api/events/${event}/summary`));
  const isGateUpToDate = async (): Promise<boolean> => {
    const status = (await (await fetch(`${gateUrl}/status`)).json()) as { historyHash: string };
    return status.historyHash === (await summary()).historyHash;
  };
  const say = (body: object) => postPhone(access, body, { Authorization: basicOf(sender) }, event);

  const startGate = async (): Promise<void> => {
    gate = startGateProcess(join(gateFolder, 'gate.toml'));
    ({ url: gateUrl } = await gate.ready);
    events = await listenToGate(gateUrl);
  };
  const scan = async (index: number): Promise<Decision> => {
    const { id, text = '' } = tickets[index] ?? {};
    return (await showCode(gate, events, text, ({ decision }) => decision.claim?.ticketId === id)).decision;
  };

  beforeAll(async () => {
    await ready;
    cloud = runCloud('serve', '--database', `sqlite:${join(folder.path, 'cloud.db')}`, '--port', '0');
    const cloudUrl = await cloud.ready;
    access = accessCloud((path, init) => fetch(cloudUrl + path, init), firstToken(cloud));
    ({ event } = eventResponseSchema.parse(await access.json('POST', '/api/events', policy)));
    ({ tickets } = ticketBatchResponseSchema.parse(
      await access.json('POST', '/api/tickets/batch', { event, tickets: [{ type: 2 }, { type: 1 }, { type: 2 }] }),
    ));
    await access.json('PUT', `/api/events/${event}/geofence`, zones('pre-check'));
    const lanes = [{ id: 'lane-1', readers: ['stdin://'], actuator: 'sim://turnstile?pass-ms=20' }];
    const post = (path: string, body: unknown): Promise<unknown> => access.json('POST', path, body);
    await enrolGate({ url: cloudUrl, post, event, folder: gateFolder, lanes });
    await post(`/admin/events/${event}/publish`, {});
    await startGate();
  }, 240_000);

  afterAll(async () => {
    events?.close();
    gate?.kill('SIGKILL');
    cloud?.kill('SIGKILL');
    await Promise.all([gate?.ended, cloud?.ended]);
    folder.remove();
  });

  test('an OwnTracks app is set up, is told the zone, and pre-checks its ticket by standing there', async () => {
    sender = senderMadeSchema.parse(await access.json('POST', `/api/tickets/${tickets[0]?.id}/geofence-senders`));
    const far = await say(locationAt(nowS(), besideDoor(300)));
    expect(far).toMatchObject({
      status: 200,
      fix: 'outside',
      body: [{ _type: 'cmd', action: 'setWaypoints', waypoints: { waypoints: [{ desc: 'Main door' }] } }],
    });
    const seen = new Set<string | null>();
    const isPresent = async (): Promise<boolean> => {
      if (!isNewSecond()) return false;
      const { fix } = await say(locationAt(nowS()));
      seen.add(fix);
      return fix === 'present';
    };
    expect(await waitUntil(isPresent, happensMsMax)).toBe(true);
    expect(seen).toContain('waiting');
    expect(await summary()).toMatchObject({ marks: 1, admitted: 0 });
    expect(await waitUntil(isGateUpToDate, happensMsMax)).toBe(true);
  });

  test('a phone that signs is let in where the event says so, and the gate knows that its ticket is used', async () => {
    await access.json('PUT', `/api/events/${event}/geofence`, zones('admit'));
    const phone = await createSigningPhone(access, tickets[1]?.id ?? '');
    let outcome: FixOutcome = { state: 'waiting' };
    let number = 0;
    const isIn = async (): Promise<boolean> => {
      if (!isNewSecond()) return false;
      number += 1;
      const proof = phone.proof([{ atS: nowS(), ...doorPosition, accuracyM: 8 }], number);
      const answer = await postPhone(access, { _type: 'postern-location', proof }, {}, event);
      outcome = fixOutcomeSchema.parse(answer.body);
      return outcome.admission !== undefined;
    };
    expect(await waitUntil(isIn, happensMsMax)).toBe(true);
    expect(outcome.admission).toMatchObject({ success: true, reason: 'admitted' });
    expect(await waitUntil(isGateUpToDate, happensMsMax)).toBe(true);
    expect(await scan(1)).toMatchObject({ kind: 'refuse', refusal: { type: 'already-used' } });
  });

  test('with the cloud gone and after a restart the gate lets in who was there, and holds who was not', async () => {
    cloud.kill('SIGKILL');
    gate.kill('SIGKILL');
    events.close();
    await Promise.all([cloud.ended, gate.ended]);
    await startGate();
    expect(await scan(0)).toMatchObject({ kind: 'admit', claim: { method: 'qr' } });
    await events.next('state', ({ state }) => state.name === 'passed');
    expect(await scan(2)).toMatchObject({ kind: 'hold', reason: 'second-factor' });
  });
});

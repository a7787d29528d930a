// Goal: a gate with a Bluetooth adapter and a cloud, as processes, and a wristband of real bleno: the band desk gives the band to a ticket, writes
// its pass over the air and reads it back; the band that signs then opens the lane for a ticket that asks for proof; one that only claims to be
// it does not.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bytesToHex,
  eventResponseSchema,
  keyPairFromSeed,
  ready,
  staffResponseSchema,
  ticketBatchResponseSchema,
} from '@postern/shared';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createBluetooth, missingBluetooth, type Bluetooth } from '../../scripts/lib/bluetooth.ts';
import { startNewCloud, temporaryFolder, type CloudProcess } from '../support/cloud-process.ts';
import { enrolGate } from '../support/enrol-gate.ts';
import { listenToGate, startGateProcess, type GateEvents, type GateProcess } from '../support/gate-process.ts';
import { describeOrReport } from '../support/not-run.ts';
import { startWristband, type Wristband } from '../support/wristband.ts';

const pin = '4711';
/** A lane takes what it has seen within 2 s for the same presentation. */
const outOfViewMs = 2_200;
const id = Buffer.from('57421a2b3c4d5e6f', 'hex');

describeOrReport('a gate with a Bluetooth adapter', missingBluetooth(), () => {
  const folder = temporaryFolder();
  const data = join(folder.path, 'gate-a');
  let bluetooth: Bluetooth;
  let band: Wristband;
  let cloud: CloudProcess;
  let gate: GateProcess;
  let events: GateEvents;
  let ticketId = '';
  let code = '';
  let url = '';
  let operator = '';
  const stops: (() => void)[] = [];

  beforeAll(async () => {
    await ready;
    bluetooth = await createBluetooth();
    await bluetooth.plugIn();
    const started = await startNewCloud(folder.path);
    cloud = started.process;
    const { url: cloudUrl, post: api } = started;
    const zones = [{ id: 'arena', name: 'Arena' }];
    const types = [{ id: 1, name: 'Backstage', uses: 0, assuranceMin: 'challenged' }];
    const { event } = eventResponseSchema.parse(await api('/api/events', { name: 'Concert', types, zones }));
    const { tickets } = ticketBatchResponseSchema.parse(
      await api('/api/tickets/batch', { event, tickets: [{ type: 1 }] }),
    );
    ticketId = tickets[0]?.id ?? '';
    code = tickets[0]?.text ?? '';
    ({ operator } = staffResponseSchema.parse(await api(`/admin/events/${event}/staff`, { role: 'steward', pin })));
    const keys = keyPairFromSeed(new Uint8Array(32).fill(9));
    band = await startWristband({
      path: await bluetooth.openBandDevice('band'),
      keys,
      ticketId,
      id,
      credential: new Uint8Array(0),
    });
    const lanes = [{ id: 'in', readers: [`ble://${bluetooth.adapterPath}`], actuator: 'sim://in?pass-ms=20' }];
    await enrolGate({ url: cloudUrl, post: api, event, folder: data, lanes });
    await api(`/admin/events/${event}/publish`, {});
    gate = startGateProcess(join(data, 'gate.toml'));
    ({ url } = await gate.ready);
    events = await listenToGate(url);
  }, 240_000);

  afterEach(() => {
    bluetooth.air.rssi = undefined;
    for (const stop of stops.splice(0)) stop();
  });

  afterAll(async () => {
    events?.close();
    gate?.kill('SIGKILL');
    await gate?.ended;
    cloud?.kill('SIGKILL');
    await cloud?.ended;
    band?.close();
    await bluetooth?.close();
    folder.remove();
  });

  /** Something else that advertises the band's id, until the test is over. */
  const advertiseCopy = (): void => {
    const advertising = setInterval(
      () =>
        bluetooth.air.advertise({
          address: 'c0:00:00:00:00:01',
          data: Uint8Array.from([2, 0x01, 0x06, 3 + id.length, 0xff, 0xff, 0xff, ...id]),
          rssi: -40,
          type: 3,
        }),
      50,
    );
    stops.push(() => clearInterval(advertising));
  };

  const post = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${url.replace(/\/$/, '')}/steward${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return response.json();
  };

  test('the band desk links the next band that is held up; where it does not answer it is linked without a pass, then gets it', async () => {
    const { session } = z.looseObject({ session: z.string() }).parse(await post('/sign-on', { operator, pin }));
    const held = post('/next-band', { session });
    bluetooth.air.rssi = -40;
    expect(await held).toMatchObject({ medium: 'ble', id: bytesToHex(id) });
    const about = { medium: 'ble', id: bytesToHex(id), text: code };
    expect(await post('', { session, action: { type: 'bind-band', ...about } })).toMatchObject({ ticketId });
    band.misbehaviour = 'silent-on-read';
    expect(await post('/write-pass', { session, ...about })).toMatchObject({
      pass: 'not-written',
      why: 'band-failed',
      title: { en: 'Band linked; pass is not written: the band does not answer' },
    });
    band.misbehaviour = undefined;
    expect(await post('/write-pass', { session, ...about })).toMatchObject({ pass: 'written' });
    expect([bytesToHex(band.id), band.credential.length > 0]).toEqual([bytesToHex(id), true]);
  });

  test('where proof is asked, what only advertises the id of a band is refused, and the band itself let in beside it', async () => {
    await sleep(outOfViewMs);
    advertiseCopy();
    const refused = await events.next('decision');
    expect(refused.decision).toMatchObject({ kind: 'refuse', refusal: { type: 'assurance-too-low' } });
    bluetooth.air.rssi = -40;
    const admitted = await events.next('decision');
    expect(admitted.decision).toMatchObject({
      kind: 'admit',
      claim: { method: 'ble', assurance: 'challenged', ticketId },
    });
  });
});

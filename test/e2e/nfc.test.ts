// Goal: a gate with an NFC reader, as processes and on the real pcscd: a tag with a pass of its own opens the lane, and so does a band
// that the band desk has given to a ticket; the same pass copied on another tag does not, and a torn reading harms nobody.
// A ticket that asks for more than a UID wants a tag that proves itself, and believes no message of it twice.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bytesToHex,
  eventResponseSchema,
  gateResponseSchema,
  generateResponseSchema,
  ready,
  staffResponseSchema,
  sunSuffixDefault,
  ticketBatchResponseSchema,
  type Decision,
  type SunKeys,
  type TicketResponse,
} from '@postern/shared';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitUntil } from '../support/demo-process.ts';
import { startNewCloud, temporaryFolder, type CloudProcess } from '../support/cloud-process.ts';
import {
  listenToGate,
  runGateCommand,
  startGateCommand,
  startGateProcess,
  type GateEvents,
  type GateProcess,
} from '../support/gate-process.ts';
import { describeOrReport } from '../support/not-run.ts';
import { createPcscd, missingPcsc, type VirtualPcscd } from '../../scripts/lib/pcscd.ts';
import {
  hex,
  ntag213,
  ntag215,
  sunMessage,
  sunTag,
  tornAway,
  type VirtualTag,
} from '../../scripts/lib/virtual-tags.ts';

const ownUid = '04aa0000000001';
const otherUid = '04aa0000000002';
const bandUid = '04aa0000000003';
const provingUid = '04aa0000000004';
const pin = '4711';
const keys: SunKeys = { metaRead: hex('5a'.repeat(16)), fileRead: hex('a5'.repeat(16)), suffix: sunSuffixDefault };
/** A lane takes what it has seen within 2 s for the same presentation. */
const outOfViewMs = 2_200;

describeOrReport('a gate with an NFC reader', missingPcsc(), () => {
  const folder = temporaryFolder();
  const data = join(folder.path, 'gate-a');
  let pcscd: VirtualPcscd;
  let cloud: CloudProcess;
  let gate: GateProcess;
  let events: GateEvents;
  let url = '';
  let event = 0;
  let tickets: readonly TicketResponse[] = [];
  let ndef: Uint8Array;
  let operator = '';

  const startGate = async (): Promise<void> => {
    gate = startGateProcess(join(data, 'gate.toml'));
    ({ url } = await gate.ready);
    events = await listenToGate(url);
  };
  const ticketId = (index: number): string => tickets[index]?.id ?? '';

  /** At the band desk: the ticket's code, then the band at the reader. */
  const bind = async (uid: string, code: string): Promise<string> => {
    const desk = startGateCommand([pin, code, ''], 'bind', '--data', data, '--operator', operator);
    expect(await waitUntil(async () => desk.out().includes('Hold the band'), 20_000), desk.out()).toBe(true);
    const tapped = await pcscd.tap(ntag213({ uid }));
    const { out, errors } = await desk.ended;
    await tapped.remove();
    expect(errors).toBe('');
    return out;
  };

  const hold = async (tag: VirtualTag): Promise<Decision> => {
    const tapped = await pcscd.tap(tag);
    const { decision } = await events.next('decision');
    await tapped.remove();
    return decision;
  };

  beforeAll(async () => {
    await ready;
    pcscd = await createPcscd();
    await pcscd.start();
    const started = await startNewCloud(folder.path);
    cloud = started.process;
    const { url: cloudUrl, post: api } = started;
    const zones = [{ id: 'arena', name: 'Arena' }];
    const types = [
      { id: 1, name: 'Adult' },
      { id: 2, name: 'Backstage', uses: 0, assuranceMin: 'signed' },
    ];
    ({ event } = eventResponseSchema.parse(await api('/api/events', { name: 'Concert', types, zones })));
    ({ tickets } = ticketBatchResponseSchema.parse(
      await api('/api/tickets/batch', { event, tickets: [{ type: 1 }, { type: 1 }, { type: 1 }, { type: 2 }] }),
    ));
    ({ operator } = staffResponseSchema.parse(await api(`/admin/events/${event}/staff`, { role: 'steward', pin })));
    const made = generateResponseSchema.parse(
      await api(`/api/tickets/${ticketId(0)}/methods/nfc/generate`, { uid: ownUid }),
    );
    ndef = Uint8Array.from(Buffer.from(String(made.payload['ndef']), 'base64url'));
    const lanes = [{ id: 'in', readers: ['pcsc://ACR122U PICC (virtual) 00 00'], actuator: 'sim://in?pass-ms=20' }];
    const { code } = gateResponseSchema.parse(
      await api(`/admin/events/${event}/gates`, { id: 'gate-a', name: 'Gate A', zone: 'arena', lanes }),
    );
    expect(await runGateCommand('enrol', cloudUrl, code, '--data', data, '--lan', 'off')).toMatchObject({ code: 0 });
    appendFileSync(join(data, 'gate.toml'), '\n[local]\nport = 0\n[nfc]\nsunKeyFile = "sun-keys.toml"\n');
    writeFileSync(
      join(data, 'sun-keys.toml'),
      `metaReadKey = "${bytesToHex(keys.metaRead)}"\nfileReadKey = "${bytesToHex(keys.fileRead)}"\n`,
      { mode: 0o600 },
    );
    await api(`/admin/events/${event}/publish`, {});
    await startGate();
  }, 120_000);

  afterAll(async () => {
    events?.close();
    gate?.kill('SIGKILL');
    await gate?.ended;
    cloud?.kill('SIGKILL');
    await cloud?.ended;
    await pcscd?.close();
    folder.remove();
  });

  test('a pass copied on another tag is refused', async () => {
    expect(await hold(ntag213({ uid: otherUid, ndef }))).toMatchObject({
      kind: 'refuse',
      refusal: { type: 'signature-invalid' },
    });
  });

  test('on its own tag it opens the lane, even after a torn reading', async () => {
    const torn = await pcscd.tap(tornAway(ntag213({ uid: ownUid, ndef }), 5));
    await torn.left;
    expect(await hold(ntag213({ uid: ownUid, ndef }))).toMatchObject({
      kind: 'admit',
      claim: { method: 'nfc', assurance: 'signed', ticketId: ticketId(0) },
    });
  });

  test('a band from the band desk opens the lane for its ticket, and not for another one that wants it', async () => {
    const band = ntag213({ uid: bandUid });
    expect(await hold(band)).toMatchObject({ kind: 'refuse', refusal: { type: 'code-unknown' } });
    expect(await bind(bandUid, tickets[1]?.text ?? '')).toContain('✓ Band linked');
    expect(await bind(bandUid, tickets[2]?.text ?? '')).toContain('belongs to another ticket');
    expect(await hold(band)).toMatchObject({
      kind: 'admit',
      claim: { method: 'nfc', assurance: 'looked-up', ticketId: ticketId(1) },
    });
  });

  test('a ticket that asks for proof: not on the UID, on a fresh message, and not on the same one again', async () => {
    expect(await bind(provingUid, tickets[3]?.text ?? '')).toContain('✓ Band linked');
    expect(await hold(ntag213({ uid: provingUid }))).toMatchObject({ refusal: { type: 'assurance-too-low' } });
    await sleep(outOfViewMs);
    const tag = sunTag({ uid: provingUid, keys, firstCounter: 30 });
    expect(await hold(tag)).toMatchObject({
      kind: 'admit',
      claim: { assurance: 'signed', ticketId: ticketId(3), tap: { counter: 30 } },
    });
    await sleep(outOfViewMs);
    const copy = ntag215({ uid: provingUid, ndef: sunMessage({ uid: provingUid, keys, counter: 30 }) });
    expect(await hold(copy)).toMatchObject({ kind: 'refuse', refusal: { type: 'code-replayed' } });
    await sleep(outOfViewMs);
    expect(await hold(tag)).toMatchObject({ kind: 'admit', claim: { tap: { counter: 31 } } });
  });

  test('while pcscd is away the gate is there, and says so; when it is back, tags are read again', async () => {
    await pcscd.kill();
    const saysSo = async (): Promise<boolean> =>
      (await (await fetch(`${url}/health`)).text()).includes('the PC/SC service does not run');
    expect(await waitUntil(saysSo, 20_000)).toBe(true);
    await pcscd.start();
    expect(await hold(ntag213({ uid: '04aa0000000009' }))).toMatchObject({
      kind: 'refuse',
      refusal: { type: 'code-unknown' },
    });
  });
});

// Goal: a gate with an NFC reader, as processes and on the real pcscd: a tag with a pass of its own opens the lane, and so does a band
// that the band desk has given to a ticket; the same pass copied on another tag does not, and a torn reading harms nobody. The desk writes
// the pass where there is a cloud and room for it, and says in every other case why not; the band is linked all the same.
// A ticket that asks for more than a UID wants a tag that proves itself, and believes no message of it twice.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bandReservationSchema,
  bytesToHex,
  encodeNdef,
  eventResponseSchema,
  generateResponseSchema,
  ndefUriRecord,
  ready,
  staffResponseSchema,
  sunSuffixDefault,
  ticketBatchResponseSchema,
  type Decision,
  type SunKeys,
  type TicketResponse,
} from '@postern/shared';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../support/demo-process.ts';
import { startNewCloud, temporaryFolder, type CloudProcess, type NewCloud } from '../support/cloud-process.ts';
import { enrolGate } from '../support/enrol-gate.ts';
import {
  listenToGate,
  startGateCommand,
  startGateProcess,
  type GateEvents,
  type GateProcess,
} from '../support/gate-process.ts';
import { describeOrReport } from '../support/not-run.ts';
import { createPcscd, missingPcsc, type VirtualPcscd } from '../../scripts/lib/pcscd.ts';
import {
  hex,
  mifareClassic,
  mifareUltralight,
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
const copiedUid = '04aa0000000005';
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
  let supervisor = '';
  let api: NewCloud;

  const startGate = async (): Promise<void> => {
    gate = startGateProcess(join(data, 'gate.toml'));
    ({ url } = await gate.ready);
    events = await listenToGate(url);
  };
  const ticketId = (index: number): string => tickets[index]?.id ?? '';

  /** At the band desk: the ticket's code, then the band at the reader, and what is answered to a question about it. */
  const bind = async (tag: VirtualTag, code: string, { by = operator, answer = '' } = {}): Promise<string> => {
    const desk = startGateCommand([pin, code, answer, ''], 'bind', '--data', data, '--operator', by);
    expect(await waitUntil(async () => desk.out().includes('Hold the band'), 20_000), desk.out()).toBe(true);
    const tapped = await pcscd.tap(tag);
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
    api = await startNewCloud(folder.path);
    cloud = api.process;
    const { url: cloudUrl, post } = api;
    const zones = [{ id: 'arena', name: 'Arena' }];
    const types = [
      { id: 1, name: 'Adult' },
      { id: 2, name: 'Backstage', uses: 0, assuranceMin: 'signed' },
    ];
    ({ event } = eventResponseSchema.parse(await post('/api/events', { name: 'Concert', types, zones })));
    ({ tickets } = ticketBatchResponseSchema.parse(
      await post('/api/tickets/batch', {
        event,
        tickets: [{ type: 1 }, { type: 1 }, { type: 1 }, { type: 2 }, { type: 2, party: 5 }],
      }),
    ));
    const member = async (role: string): Promise<string> =>
      staffResponseSchema.parse(await post(`/admin/events/${event}/staff`, { role, pin })).operator;
    [operator, supervisor] = [await member('steward'), await member('supervisor')];
    const made = generateResponseSchema.parse(
      await post(`/api/tickets/${ticketId(0)}/methods/nfc/generate`, { uid: ownUid }),
    );
    ndef = Uint8Array.from(Buffer.from(String(made.payload['ndef']), 'base64url'));
    const lanes = [{ id: 'in', readers: ['pcsc://ACR122U PICC (virtual) 00 00'], actuator: 'sim://in?pass-ms=20' }];
    const settings = '[nfc]\nsunKeyFile = "sun-keys.toml"\n';
    await enrolGate({ url: cloudUrl, post, event, folder: data, lanes, settings });
    writeFileSync(
      join(data, 'sun-keys.toml'),
      `metaReadKey = "${bytesToHex(keys.metaRead)}"\nfileReadKey = "${bytesToHex(keys.fileRead)}"\n`,
      { mode: 0o600 },
    );
    await post(`/admin/events/${event}/publish`, {});
    await startGate();
  }, 240_000);

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

  test('a band from the band desk carries its ticket’s pass and opens the lane, its copy does not, and no other ticket gets it', async () => {
    const band = ntag213({ uid: bandUid });
    expect(await hold(band)).toMatchObject({ kind: 'refuse', refusal: { type: 'code-unknown' } });
    const given = await bind(band, tickets[1]?.text ?? '');
    expect(given).toContain('✓ Band linked');
    expect(given).toContain('✓ Pass written and read back');
    expect(await bind(band, tickets[2]?.text ?? '')).toContain('belongs to another ticket');
    expect(await hold(band)).toMatchObject({
      kind: 'admit',
      claim: { method: 'nfc', assurance: 'signed', ticketId: ticketId(1) },
    });
    expect(await hold(ntag213({ uid: copiedUid, area: band.memory.slice(16, 160) }))).toMatchObject({
      kind: 'refuse',
      refusal: { type: 'signature-invalid' },
    });
  });

  describe('a band that cannot have its pass is linked all the same, and the desk says why', () => {
    const uidOf = (n: number): string => `04bb00000000${n.toString(16).padStart(2, '0')}`;
    /** A group's, which wants what is proved; each band is one of its five. */
    const group = (): string => tickets[4]?.text ?? '';
    const foreign = (uid: string) => ntag213({ uid, ndef: encodeNdef([ndefUriRecord('https://example.org/wash-me')]) });

    test('torn away while it is written; held there again, it gets it', async () => {
      const band = ntag213({ uid: uidOf(1) });
      const torn = await bind(tornAway(band, 12), group());
      expect(torn).toContain('✓ Band linked');
      expect(torn).toContain('pass is not written: the band was taken away');
      expect(await bind(band, group())).toContain('✓ Pass written');
      expect(await hold(band)).toMatchObject({ kind: 'admit', claim: { assurance: 'signed', ticketId: ticketId(4) } });
    });

    test('of a kind that carries none: it opens the gate by its number', async () => {
      const said = await bind(mifareClassic(uidOf(6)), tickets[2]?.text ?? '');
      expect(said).toContain('✓ Band linked');
      expect(said).toContain('this kind of band carries none. It opens the gate by its number');
    });

    test('locked, too small, or one that proves itself', async () => {
      const uid = uidOf(2);
      for (const [tag, why] of [
        [ntag213({ uid, readOnly: true }), 'this band is locked'],
        [mifareUltralight({ uid }), 'this band is too small for it'],
        [sunTag({ uid, keys }), 'It proves itself'],
      ] as const) {
        const said = await bind(tag, group());
        expect(said).toContain('✓ Band linked');
        expect(said).toContain(why);
      }
    });

    test('what somebody else has written stays, unless a supervisor says so', async () => {
      const band = foreign(uidOf(3));
      const before = Uint8Array.from(band.memory);
      expect(await bind(band, group())).toContain('somebody else has written on this band');
      expect(await bind(band, group(), { by: supervisor, answer: 'n' })).not.toContain('✓ Pass');
      expect(band.memory).toEqual(before);
      const overwritten = await bind(band, group(), { by: supervisor, answer: 'y' });
      expect(overwritten).toContain('✓ Pass written and read back');
      expect(band.memory).not.toEqual(before);
    });

    test('a cashless supplier’s is never written', async () => {
      const uid = uidOf(4);
      const bands = `/api/tickets/${ticketId(4)}/bands`;
      const reserved = bandReservationSchema.parse(await api.post(bands, { method: 'nfc', uid, writable: false }));
      const band = ntag213({ uid });
      const before = Uint8Array.from(band.memory);
      const kept = await bind(band, group());
      expect(kept).toContain('Another desk is just giving this band away');
      await api.remove(`${bands}/${reserved.band}`);
      const said = await bind(band, group());
      expect(said).toContain('✓ Band linked');
      // Its ticket wants what is proved.
      expect(said).toContain('This ticket is refused without its pass');
      expect(band.memory).toEqual(before);
    });

    test('while the cloud does not answer; when it does, the same ticket and band get it', async () => {
      const band = ntag213({ uid: uidOf(5) });
      const before = Uint8Array.from(band.memory);
      cloud.kill('SIGSTOP');
      const said = await bind(band, group());
      expect(said).toContain('✓ Band linked');
      expect(said).toContain('Band linked; pass is not written: no connection to the cloud');
      expect(band.memory).toEqual(before);
      cloud.kill('SIGCONT');
      // The desk leaves a cloud alone for a while that has not answered.
      for (let again = ''; !again.includes('✓ Pass written');) again = await bind(band, group());
      expect(await hold(band)).toMatchObject({ kind: 'admit', claim: { assurance: 'signed' } });
    });
  });

  test('a ticket that asks for proof: not on the UID, on a fresh message, and not on the same one again', async () => {
    expect(await bind(ntag213({ uid: provingUid }), tickets[3]?.text ?? '')).toContain('✓ Band linked');
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

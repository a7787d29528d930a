// Issuing: passes that a gate can verify, codes that others printed, pictures that a reader can read.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  decodePass,
  foreignTicketId,
  hexToBytes,
  parseShortCode,
  trustedFeedKeys,
  verifyManifest,
  type Manifest,
  type TicketResponse,
} from '@postern/shared';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';

let test: TestCloud;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
});
afterEach(() => test.close());

async function published(): Promise<Manifest> {
  await test.json('POST', '/admin/events/1/publish');
  const gate = await enrolTestGate(test, 1, 'gate-a');
  const bytes = new Uint8Array(await (await gate.request('GET', '/feed/1/manifest')).arrayBuffer());
  const manifest = verifyManifest(bytes, trustedFeedKeys({ keys: gate.enrolment.feedKeys }));
  if (!manifest.ok) throw new Error(manifest.error.type);
  return manifest.value;
}

describe('the code of a ticket', () => {
  it('is kept by no cache', async () => {
    const { id } = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    for (const form of ['txt', 'svg', 'png'])
      expect((await test.api('GET', `/api/tickets/${id}/qr.${form}`)).headers.get('Cache-Control')).toBe('no-store');
  });
});

describe('issuing', () => {
  it('makes passes that the keys in the feed verify', async () => {
    const ticket = await test.json<TicketResponse>('POST', '/api/tickets', {
      event: 1,
      type: 2,
      validFromS: 1_700_000_000,
      validUntilS: 1_800_000_000,
    });
    const { keys } = await published();
    const pass = decodePass(
      ticket.text ?? '',
      (keyId) =>
        keys
          .filter((key) => key.use === 'issuer' && key.keyId === keyId)
          .map((key) => ({ publicKey: hexToBytes(key.publicKey) as Uint8Array, state: key.state }))[0],
    );
    expect(pass).toMatchObject({
      ok: true,
      value: { ticketId: ticket.id, event: 1, type: 2, epoch: 0, notBeforeS: 1_700_000_000, expiresS: 1_800_000_000 },
    });
  });

  it('prints a short form that leads back to its ticket', async () => {
    const ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    const { codeHashKey } = await published();
    const parsed = parseShortCode(hexToBytes(codeHashKey) as Uint8Array, (ticket.shortCode ?? '').toLowerCase());
    expect([parsed?.epochFor(ticket.id, 0), parsed?.epochFor('0'.repeat(32), 0)]).toEqual([0, undefined]);
  });

  it('gives a foreign code the id that everybody derives from it, and keeps no text', async () => {
    const ticket = await test.json<TicketResponse>('POST', '/api/tickets', {
      event: 1,
      type: 1,
      code: 'SECRET-OF-A-BOX-OFFICE',
    });
    expect(ticket.id).toBe(foreignTicketId(1, 'SECRET-OF-A-BOX-OFFICE'));
    expect([ticket.text, ticket.shortCode]).toEqual([undefined, undefined]);
    expect((await test.api('GET', `/api/tickets/${ticket.id}/qr.svg`)).status).toBe(422);
    const stored = await test.stored();
    expect([stored.includes(ticket.id), stored.includes('SECRET-OF-A-BOX-OFFICE')]).toEqual([true, false]);
  });

  it.each([
    [
      'twice in one batch',
      [
        { type: 1, code: 'A1' },
        { type: 1, code: ' A1 ' },
      ],
    ],
    [
      'that is already known',
      [
        { type: 1, code: 'fresh' },
        { type: 1, code: 'known' },
      ],
    ],
  ])('issues nothing of a batch with a code %s', async (_what, tickets) => {
    await test.json('POST', '/api/tickets', { event: 1, type: 1, code: 'known' });
    const answer = await test.api('POST', '/api/tickets/batch', { event: 1, tickets });
    expect([answer.status, (await answer.json()).type]).toEqual([409, 'ticket-exists']);
    expect(await test.json('GET', '/api/events/1')).toMatchObject({ tickets: 1 });
  });

  it('refuses a type that the event does not have', async () => {
    const answer = await test.api('POST', '/api/tickets', { event: 1, type: 9 });
    expect([answer.status, (await answer.json()).type]).toEqual([422, 'type-unknown']);
  });

  it('issues a thousand at once, each another', async () => {
    const { tickets, created } = await test.json<{ tickets: TicketResponse[]; created: number }>(
      'POST',
      '/api/tickets/batch',
      { event: 1, tickets: Array.from({ length: 1_000 }, () => ({ type: 1 })) },
    );
    expect(created).toBe(1_000);
    expect(new Set(tickets.map((ticket) => ticket.id)).size).toBe(1_000);
    expect(new Set(tickets.map((ticket) => ticket.shortCode)).size).toBe(1_000);
  });
});

describe('pictures', () => {
  it('are readable and carry the short form underneath', async () => {
    const wasm = readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm'));
    prepareZXingModule({
      overrides: { wasmBinary: wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength) },
    });
    const ticket = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    const png = await test.api('GET', `/api/tickets/${ticket.id}/qr.png`);
    expect(png.headers.get('Content-Type')).toBe('image/png');
    const [code] = await readBarcodes(new Uint8Array(await png.arrayBuffer()), { formats: ['QRCode'] });
    expect([code?.text, code?.ecLevel]).toEqual([ticket.text, 'M']);
    const svg = await (await test.api('GET', `/api/tickets/${ticket.id}/qr.svg`)).text();
    expect(svg).toContain(`>${ticket.shortCode}</text>`);
    expect(await (await test.api('GET', `/api/tickets/${ticket.id}/qr.txt`)).text()).toBe(
      `${ticket.text}\n${ticket.shortCode}\n`,
    );
  });
});

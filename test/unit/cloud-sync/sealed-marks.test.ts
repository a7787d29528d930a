// What a revoked gate has sealed and somebody carries to the cloud: nothing of it is believed for being sealed, a person lets it in.
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  encodeMarkFile,
  sealKeyPairFromSeed,
  sealTo,
  type Mark,
  type QuarantinePage,
  type SignedChunk,
  type Summary,
  type TicketResponse,
} from '@postern/shared';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud, type TestGate } from '../../support/cloud.ts';
import { aMark } from '../../support/marks.ts';

const event = 7;
const hourMs = 3_600_000;
let cloud: TestCloud;
let gate: TestGate;
let tickets: readonly TicketResponse[];

beforeEach(async () => {
  cloud = await createTestCloud();
  await cloud.json('POST', '/api/events', { ...someEvent, event });
  ({ tickets } = await cloud.json<{ tickets: TicketResponse[] }>('POST', '/api/tickets/batch', {
    event,
    tickets: Array.from({ length: 6 }, () => ({ type: 1 })),
  }));
  gate = await enrolTestGate(cloud, event, 'gate-a');
  await cloud.cloud.feed.publish(event);
});
afterEach(() => cloud.close());

/** The first `count` entries of the gate; those from the `late`th on after the revocation. */
const entries = (count: number, late = count, boot?: string): readonly Mark[] =>
  tickets.slice(0, count).map(({ id }, index) =>
    aMark({
      event,
      gate: 'gate-a',
      ...(boot === undefined ? {} : { boot }),
      ticketId: id,
      sequence: index + 1,
      at: { ms: cloud.time.clock.wallMs() + (index < late ? index - hourMs : index + hourMs), counter: 0 },
    }),
  );
const revoke = () =>
  cloud.json('POST', `/admin/events/${event}/gates/gate-a/revoke`, { reason: 'stolen at the bar' }, 200);
const summary = (): Promise<Summary> => cloud.json('GET', `/api/events/${event}/summary`);
const quarantine = (): Promise<QuarantinePage> => cloud.json('GET', `/api/events/${event}/quarantine`);
async function* fileOf(chunks: readonly SignedChunk[], to = cloud.cloud.keys.sealing.publicKey) {
  yield* encodeMarkFile({ event, gate: 'gate-a' }, chunks, (message) => sealTo(to, message));
}
const take = (file: AsyncIterable<Uint8Array>, release = false) =>
  cloud.cloud.sealedMarks.take(file, { name: 'stick.sealed', release });

test('it is put aside, with the file that brought it, and counted by when its gate says that it was', async () => {
  await gate.push([await gate.chunk(entries(2))]);
  const whole = await gate.chunk(entries(5, 4));
  await revoke();
  expect(await take(fileOf([whole]))).toMatchObject({ ok: true, value: { marks: 0, aside: { before: 4, after: 1 } } });
  expect((await quarantine()).chunks).toMatchObject([{ gate: 'gate-a', marks: 5, from: 'stick.sealed' }]);
  expect(await summary()).toMatchObject({ admitted: 2, aside: 1 });
});

test('released, what is from before the revocation comes in once, and what goes on after it does not', async () => {
  await gate.push([await gate.chunk(entries(2))]);
  const before = await gate.chunk(entries(4));
  const after = await gate.chunk(entries(6, 4));
  await revoke();
  expect(await take(fileOf([before, after]), true)).toMatchObject({ value: { marks: 2, aside: { after: 2 } } });
  expect(await summary()).toMatchObject({ admitted: 4 });
  expect(await take(fileOf([before, after]), true)).toMatchObject({ value: { marks: 0, aside: { after: 2 } } });
  expect(await summary()).toMatchObject({ admitted: 4 });
});

test('a gate that is not revoked is believed as ever', async () => {
  expect(await take(fileOf([await gate.chunk(entries(3))]))).toMatchObject({
    value: { marks: 3, revokedAtMs: undefined, aside: { before: 0, after: 0 } },
  });
});

test('what another has signed in its name is not taken, sealed or not', async () => {
  const other = await enrolTestGate(cloud, event, 'gate-b');
  const forged = await other.chunk(entries(3));
  expect(await take(fileOf([forged]), true)).toMatchObject({
    value: { marks: 0, refused: { 'signature-invalid': 1 } },
  });
  expect(await summary()).toMatchObject({ marks: 0 });
});

test.each([
  [
    'sealed to another cloud',
    async () => fileOf([await gate.chunk(entries(1))], sealKeyPairFromSeed(new Uint8Array(32)).publicKey),
    'mark-file-not-ours',
  ],
  ['not sealed', async () => fileOpen([await gate.chunk(entries(1))]), 'mark-file-open'],
  ['cut off', async () => cutOff(fileOf([await gate.chunk(entries(1))])), 'mark-file-torn'],
  ['something else', async () => cutOff(fileOf([])), 'mark-file-unknown'],
] as const)('a file that is %s is told as such', async (what, make, type) => {
  const file = await make();
  expect(await take(what === 'something else' ? nonsense() : file)).toEqual({ ok: false, error: { type } });
  expect(await summary()).toMatchObject({ marks: 0 });
});

async function* fileOpen(chunks: readonly SignedChunk[]) {
  yield* encodeMarkFile({ event, gate: 'gate-a' }, chunks);
}
async function* nonsense() {
  yield new TextEncoder().encode('not a file of marks\n');
}
async function* cutOff(file: AsyncIterable<Uint8Array>) {
  const pieces: Uint8Array[] = [];
  for await (const piece of file) pieces.push(piece);
  const whole = Buffer.concat(pieces);
  yield new Uint8Array(whole.subarray(0, whole.length - 10));
}

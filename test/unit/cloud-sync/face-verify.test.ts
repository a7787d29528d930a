// Goal: central verify compares a live template with the enrolled one beside another proof, says in a word why it cannot, and keeps nothing of
// what it was shown.
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TicketResponse, VerifyResponse } from '@postern/shared';
import { createTestCloud, someEvent, type TestCloud } from '../../support/cloud.ts';
import { allowFaces, enrolmentOf, someTemplate, writtenForms } from '../../support/face.ts';

let test: TestCloud;
let ticket: TicketResponse;
let code: string;
beforeEach(async () => {
  test = await createTestCloud();
  const types = [{ id: 1, name: 'Standing', proofs: [['signed', 'face']] }];
  await test.json('POST', '/api/events', { ...someEvent, types });
  ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
  const { payload } = await test.json<{ payload: { text: string } }>(
    'POST',
    `/api/tickets/${ticket.id}/methods/qr/generate`,
    {},
  );
  code = payload.text;
  await allowFaces(test);
});
afterEach(() => test.close());

const live = (person: number): string => Buffer.from(someTemplate(person, 2)).toString('base64');
const verify = (template: string): Promise<VerifyResponse> => {
  const also = [{ method: 'face', presented_data: template }];
  return test.json('POST', `/api/tickets/${ticket.id}/methods/qr/verify`, { presented_data: code, also }, 200);
};

it('admits with the face that was enrolled, and with no other', async () => {
  await test.json('POST', `/api/tickets/${ticket.id}/face`, enrolmentOf(1));
  expect(await verify(live(2))).toMatchObject({ success: false, reason: 'face-unproven' });
  expect(await verify(live(1))).toMatchObject({ success: true, reason: 'admitted' });
});

it('says why a face cannot prove anything', async () => {
  expect(await verify(live(1))).toMatchObject({ success: false, reason: 'face-unknown' });
  await test.json('POST', `/api/tickets/${ticket.id}/face`, enrolmentOf(1));
  expect(await verify('bm90IGEgZmFjZQ==')).toMatchObject({ success: false, reason: 'not-a-ticket' });
  expect((await test.api('DELETE', `/api/tickets/${ticket.id}/face`)).status).toBe(204);
  expect(await verify(live(1))).toMatchObject({ success: false, reason: 'face-unknown' });
});

it('lets nobody in by a face alone', async () => {
  await test.json('POST', `/api/tickets/${ticket.id}/face`, enrolmentOf(1));
  const path = `/api/tickets/${ticket.id}/methods/face/verify`;
  const alone = await test.json<VerifyResponse>('POST', path, { presented_data: live(1) }, 200);
  expect(alone).toMatchObject({ success: false, reason: 'assurance-too-low' });
});

it('keeps nothing of what it was shown', async () => {
  await test.json('POST', `/api/tickets/${ticket.id}/face`, enrolmentOf(1));
  await verify(live(2));
  await verify(live(1));
  const everything = await test.stored();
  for (const person of [1, 2])
    for (const form of writtenForms(someTemplate(person, 2))) expect(everything.includes(form)).toBe(false);
});

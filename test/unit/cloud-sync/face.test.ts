// Goal: nobody's face is kept without everything that has to be said first, and without their consent; what is kept is sealed, shown to nobody
// but its owner, and gone everywhere once somebody withdraws, the ticket passes on or the promised time is over.
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  faceDistance,
  manifestSchema,
  readFaceKeys,
  readFaceTemplates,
  decodeCose,
  type FaceExport,
  type FaceStatus,
  type FaceSubject,
  type Manifest,
  type TicketMethods,
  type TicketResponse,
  type VerifyResponse,
} from '@postern/shared';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import {
  allowFaces,
  enrolledTemplate,
  enrolmentOf,
  openLink,
  readySetup,
  someTemplate,
  visitorOf,
  writtenForms,
} from '../../support/face.ts';
import { askAs, createPerson } from '../../support/people.ts';

let test: TestCloud;
let ticket: TicketResponse;
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
});
afterEach(() => test.close());

const problemOf = async (response: Response): Promise<string> =>
  response.ok ? `${response.status}` : ((await response.json()) as { type: string }).type;
const enrol = (person = 1, changes = {}): Promise<Response> =>
  test.api('POST', `/api/tickets/${ticket.id}/face`, enrolmentOf(person, changes));
const status = (): Promise<FaceStatus> => test.json('GET', `/api/tickets/${ticket.id}/face`);
const runJob = async (kind: string): Promise<void> => {
  const { id } = await test.json<{ id: string }>('POST', '/admin/jobs/runs', { kind }, 202);
  await test.cloud.jobs.perform(id);
};
const manifest = async (): Promise<Manifest> => {
  const published = await test.cloud.feed.publish(1);
  if (!published.ok) throw new Error(published.error.type);
  const message = decodeCose(published.value.manifest, 4_000_000);
  if (!message.ok) throw new Error(message.error.cause);
  return manifestSchema.parse(JSON.parse(new TextDecoder().decode(message.value.payload)));
};

describe('what has to be said first', () => {
  it('nobody enrols until consent text, impact assessment, least age and end are there', async () => {
    expect(await problemOf(await enrol())).toBe('face-unset');
    const parts = Object.entries({ consent: readySetup.consent, dpia: readySetup.dpia, ageMin: readySetup.ageMin });
    let said = {};
    for (const [name, value] of parts) {
      await test.json('PUT', '/api/events/1/face', said);
      expect(await problemOf(await enrol())).toBe('face-not-ready');
      expect(await problemOf(await test.api('POST', `/api/tickets/${ticket.id}/face/links`, {}))).toBe(
        'face-not-ready',
      );
      said = { ...said, [name]: value };
    }
    const { face } = await test.json<{ face: { missing: string[] } }>('PUT', '/api/events/1/face', said);
    expect(face.missing).toEqual(['end']);
    expect(await problemOf(await enrol())).toBe('face-not-ready');
    expect((await manifest()).policy.face).toBeUndefined();
    await test.json('PUT', '/api/events/1/deadlines', { endsAtMs: test.time.clock.wallMs() + 1_000 });
    expect(await problemOf(await enrol())).toBe('201');
  });

  it('the rules of an event cannot say it in another way', async () => {
    const rules = { ...someEvent, face: { untilS: 2_000_000_000 } };
    await test.json('PUT', '/api/events/1/policy', rules);
    expect((await manifest()).policy.face).toBeUndefined();
    expect(await problemOf(await enrol())).toBe('face-unset');
  });

  it('rules by which a face alone would have to admit are refused: at a gate nobody would come in', async () => {
    const withProofs = (proofs: readonly (readonly string[])[]): object => ({
      ...someEvent,
      types: someEvent.types.map((type) => ({ ...type, proofs })),
    });
    const put = (proofs: readonly (readonly string[])[]): Promise<Response> =>
      test.api('PUT', '/api/events/1/policy', withProofs(proofs));
    expect(await problemOf(await put([['face']]))).toBe('proof-unknown');
    expect(await problemOf(await put([['signed'], ['face', 'face']]))).toBe('proof-unknown');
    expect(await problemOf(await put([['signed', 'face']]))).toBe('200');
  });

  it('a text that people may have agreed to stays as it was', async () => {
    await allowFaces(test);
    const altered = { ...readySetup, consent: { ...readySetup.consent, texts: { en: 'Something else.' } } };
    expect(await problemOf(await test.api('PUT', '/api/events/1/face', altered))).toBe('consent-text-published');
    const next = { ...readySetup, consent: { version: '2026-2', texts: { en: 'Something else.' } } };
    await test.json('PUT', '/api/events/1/face', next);
    expect(await problemOf(await enrol())).toBe('consent-outdated');
  });

  it('a method that is off, a cancelled ticket and an event that is over keep everybody out', async () => {
    const endsAtMs = await allowFaces(test);
    await test.json('POST', `/api/tickets/${ticket.id}/revoke`, { reason: 'refunded' }, 200);
    expect(await problemOf(await enrol())).toBe('ticket-not-valid');
    await test.json('POST', `/api/tickets/${ticket.id}/reinstate`, {}, 200);
    await test.time.advance(endsAtMs + readySetup.keepHours * 3_600_000 - test.time.clock.wallMs());
    expect(await problemOf(await enrol())).toBe('face-over');
  });
});

describe('enrolling', () => {
  beforeEach(() => allowFaces(test));

  it('takes three good frames of one person, of the model that gates run', async () => {
    const { frames } = enrolmentOf(1);
    const [first] = frames;
    if (first === undefined) throw new Error('there are frames');
    const withQuality = (quality: object): object => ({
      frames: [{ ...first, quality: { ...first.quality, ...quality } }, ...frames.slice(1)],
    });
    const refusals: readonly (readonly [object, string])[] = [
      [{ frames: frames.slice(1) }, 'request-invalid'],
      [{ frames: [...frames.slice(1), ...enrolmentOf(2).frames.slice(0, 1)] }, 'face-frames-unfit'],
      [
        { frames: frames.map((frame) => ({ ...frame, template: Buffer.alloc(128).toString('base64') })) },
        'face-frames-unfit',
      ],
      [{ frames: frames.map((frame) => ({ ...frame, template: 'A'.repeat(171) })) }, 'request-invalid'],
      [withQuality({ sidePx: 30 }), 'face-frames-unfit'],
      [withQuality({ turn: 0.6 }), 'face-frames-unfit'],
      [withQuality({ sharpness: 0 }), 'face-frames-unfit'],
      [withQuality({ luma: 5 }), 'face-frames-unfit'],
      [{ version: 99 }, 'face-model-unknown'],
      [{ model: 2 }, 'face-model-unknown'],
      [{ consent: { ...enrolmentOf(1).consent, agreed: false } }, 'request-invalid'],
      [{ consent: { ...enrolmentOf(1).consent, ageConfirmed: false } }, 'request-invalid'],
      [{ consent: { ...enrolmentOf(1).consent, language: 'fr' } }, 'consent-outdated'],
    ];
    for (const [changes, type] of refusals)
      expect([changes, await problemOf(await enrol(1, changes))]).toEqual([changes, type]);
    expect((await status()).consents).toEqual([]);
    expect(await problemOf(await enrol())).toBe('201');
    expect(await status()).toMatchObject({
      enrolled: true,
      consents: [{ version: '2026-1', language: 'en', ageMin: 16, by: 'staff' }],
    });
  });

  it('a link enrols once, and its answer is what withdraws and tells', async () => {
    const visitor = await openLink(test, ticket.id);
    const offered = (await (await visitor.request('GET', '/face/subject')).json()) as FaceSubject;
    expect(offered).toMatchObject({ state: 'open', ageMin: 16, consent: { version: '2026-1' } });
    const answers = await Promise.all([1, 2].map(() => visitor.request('POST', '/face/enrolment', enrolmentOf(1))));
    expect(answers.filter(({ status: code }) => code === 403)).toHaveLength(1);
    const [good] = answers.filter((answer) => answer.ok);
    if (good === undefined) throw new Error('nobody got in');
    const { token } = (await good.json()) as { token: string };
    expect(await problemOf(await visitor.request('GET', '/face/subject'))).toBe('link-invalid');
    const subject = visitorOf(test, token);
    expect(await (await subject.request('GET', '/face/subject')).json()).toMatchObject({ state: 'enrolled' });
    const exported = (await (await subject.request('GET', '/face/export')).json()) as FaceExport;
    const template = new Uint8Array(Buffer.from(exported.face?.template ?? '', 'base64'));
    expect(faceDistance(template, enrolledTemplate(1))).toBe(0);
    expect(exported.consents).toMatchObject([{ purpose: 'entry-1to1', text: readySetup.consent.texts.en, by: 'link' }]);
    expect(await problemOf(await subject.request('DELETE', '/face/enrolment'))).toBe('204');
    expect(await problemOf(await subject.request('DELETE', '/face/enrolment'))).toBe('face-unknown');
    const after = (await (await subject.request('GET', '/face/export')).json()) as FaceExport;
    expect(after.face).toBeUndefined();
    expect(after.consents).toMatchObject([{ end: 'withdrawn' }]);
    expect(await problemOf(await visitorOf(test, 'ab'.repeat(24)).request('GET', '/face/export'))).toBe('link-invalid');
  });

  it('a link of before a transfer enrols nobody for the next holder', async () => {
    const visitor = await openLink(test, ticket.id);
    const staff = await openLink(test, ticket.id);
    await test.json('POST', `/api/tickets/${ticket.id}/transfer`, { holder: { name: 'Somebody else' } }, 200);
    expect(await problemOf(await visitor.request('POST', '/face/enrolment', enrolmentOf(2)))).toBe('link-invalid');
    expect(await status()).toMatchObject({ enrolled: false });
    // Whoever holds it now has a face, and keeps it.
    expect(await problemOf(await enrol(1))).toBe('201');
    expect(await problemOf(await staff.request('POST', '/face/enrolment', enrolmentOf(2)))).toBe('link-invalid');
    expect((await status()).consents).toMatchObject([{ by: 'staff' }]);
  });

  it('only the holder is given the face back, and nobody on duty', async () => {
    expect(await problemOf(await enrol())).toBe('201');
    expect(await problemOf(await test.api('GET', `/api/tickets/${ticket.id}/face/export`))).toBe('role-too-low');
    const holder = await createPerson(test, 'attendee');
    await test.json('PATCH', `/api/tickets/${ticket.id}`, { holder: { account: holder.id } }, 200);
    const answer = await askAs(test, holder, 'GET', `/api/tickets/${ticket.id}/face/export`);
    expect((await askAs(test, holder, 'DELETE', `/api/tickets/${ticket.id}/face`)).status).toBe(204);
    expect((await askAs(test, holder, 'POST', `/api/tickets/${ticket.id}/face`, enrolmentOf(1))).status).toBe(201);
    expect((await status()).consents.map(({ by }) => by)).toEqual(['holder', 'staff']);
    expect(((await answer.json()) as FaceExport).face?.template).toBe(
      Buffer.from(enrolledTemplate(1)).toString('base64'),
    );
    expect(JSON.stringify(await status())).not.toContain(
      Buffer.from(enrolledTemplate(1)).toString('base64').slice(0, 40),
    );
  });
});

it('generating a face is enrolling one, and verifying one keeps nothing', async () => {
  await allowFaces(test);
  const path = `/api/tickets/${ticket.id}/methods`;
  expect(await problemOf(await test.api('POST', `${path}/face/generate`, {}))).toBe('options-invalid');
  const made = await test.json<{ credential: { id: string } }>('POST', `${path}/face/generate`, enrolmentOf(1));
  const listed = await test.json<TicketMethods>('GET', path);
  expect(listed.credentials).toMatchObject([{ method: 'face', id: made.credential.id }]);
  expect(listed.methods.find(({ method }) => method === 'face')).toMatchObject({ canGenerate: true });
  const qr = await test.json<{ payload: { text: string } }>('POST', `${path}/qr/generate`, {});
  const live = (person: number): object => ({
    presented_data: qr.payload.text,
    also: [{ method: 'face', presented_data: Buffer.from(someTemplate(person, 3)).toString('base64') }],
  });
  const verify = (body: object): Promise<VerifyResponse> => test.json('POST', `${path}/qr/verify`, body, 200);
  expect(await verify(live(2))).toMatchObject({ success: false, reason: 'face-unproven' });
  expect(await verify(live(1))).toMatchObject({ success: true });
  const stored = await test.stored();
  for (const seen of [someTemplate(1, 3), someTemplate(2, 3), enrolledTemplate(1)])
    expect(writtenForms(seen).filter((form) => stored.includes(form))).toEqual([]);
});

describe('what gates get', () => {
  const fetched = async (reference: { sha256: string } | undefined): Promise<Uint8Array | undefined> => {
    const gate = await gateOf();
    const answer = await gate.request('GET', `/feed/files/${reference?.sha256 ?? ''}`);
    return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
  };
  let enrolledGate: ReturnType<typeof enrolTestGate> | undefined;
  const gateOf = (): ReturnType<typeof enrolTestGate> => (enrolledGate ??= enrolTestGate(test, 1, 'gate-a'));
  beforeEach(async () => {
    enrolledGate = undefined;
    await allowFaces(test);
  });

  it('sealed templates and keys of consents in force, in files that exist nowhere but in the answer', async () => {
    expect((await manifest()).faces).toBeUndefined();
    await enrol();
    const { faces, policy } = await manifest();
    expect(policy.face).toMatchObject({ untilS: expect.any(Number) });
    const templates = readFaceTemplates((await fetched(faces?.templates)) ?? new Uint8Array(0), 1);
    const keys = readFaceKeys((await fetched(faces?.keys)) ?? new Uint8Array(0), 1);
    expect(templates.ok && templates.value.find(ticket.id)?.epoch).toBe(0);
    expect(keys.ok && keys.value.find(ticket.id)?.length).toBe(32);
    expect(await test.cloud.feed.eventOfFile(faces?.keys.sha256 ?? '')).toBeUndefined();
  });

  it('after a withdrawal no file of before, and a manifest without it', async () => {
    await enrol();
    const before = await manifest();
    expect(await fetched(before.faces?.keys)).toBeDefined();
    expect(await problemOf(await test.api('DELETE', `/api/tickets/${ticket.id}/face`))).toBe('204');
    expect(await fetched(before.faces?.keys)).toBeUndefined();
    expect(await fetched(before.faces?.templates)).toBeUndefined();
    const after = await manifest();
    expect(after.version).toBeGreaterThan(before.version);
    expect(after.faces).toBeUndefined();
  });

  it('nothing once the promised time is over, also before the job has seen that', async () => {
    await enrol();
    const { faces, policy } = await manifest();
    expect(await fetched(faces?.keys)).toBeDefined();
    await test.time.advance((policy.face?.untilS ?? 0) * 1_000 - test.time.clock.wallMs());
    expect(await fetched(faces?.keys)).toBeUndefined();
    expect(await fetched(faces?.templates)).toBeUndefined();
  });

  it('nothing while the method is switched off, and everything again afterwards', async () => {
    await enrol();
    expect((await manifest()).faces).toBeDefined();
    const toggle = (enabled: boolean): Promise<unknown> =>
      test.json('POST', '/admin/methods/face/toggle', { enabled, event: 1 }, 200);
    await toggle(false);
    const off = await manifest();
    expect([off.faces, off.policy.face]).toEqual([undefined, undefined]);
    expect(await problemOf(await enrol())).toBe('method-off');
    await toggle(true);
    expect((await manifest()).faces).toBeDefined();
  });

  it('while others enrol, the files of the last manifest stay to be fetched', async () => {
    await enrol();
    const before = await manifest();
    const other = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
    await test.json('POST', `/api/tickets/${other.id}/face`, enrolmentOf(2));
    expect(await fetched(before.faces?.keys)).toBeDefined();
    const after = await manifest();
    const keys = readFaceKeys((await fetched(after.faces?.keys)) ?? new Uint8Array(0), 1);
    expect(keys.ok && keys.value.count).toBe(2);
  });
});

describe('an end', () => {
  it('comes with a transfer, and the next holder knows nothing of it', async () => {
    await allowFaces(test);
    await enrol();
    await test.json('POST', `/api/tickets/${ticket.id}/transfer`, { holder: { name: 'Somebody else' } }, 200);
    expect(await status()).toMatchObject({ enrolled: false, consents: [] });
    expect((await manifest()).faces).toBeUndefined();
  });

  it('comes when the promised time is over, by the job and by the rules that gates have', async () => {
    const endsAtMs = await allowFaces(test);
    await enrol();
    const { policy } = await manifest();
    expect(policy.face?.untilS).toBe(Math.floor(endsAtMs / 1_000) + readySetup.keepHours * 3_600);
    await test.time.advance(endsAtMs + readySetup.keepHours * 3_600_000 - test.time.clock.wallMs());
    await runJob('erase-faces');
    expect((await status()).consents).toMatchObject([{ end: 'retention' }]);
    expect((await manifest()).faces).toBeUndefined();
  });

  it('comes with everything else that names visitors, and takes the consents along', async () => {
    await allowFaces(test);
    await enrol();
    const endsAtMs = test.time.clock.wallMs() + 1_000;
    await test.json('PUT', '/api/events/1/deadlines', { endsAtMs, keepPersonalDataDays: 1 });
    await test.time.advance(2 * 86_400_000);
    await runJob('erase-visitors');
    expect(await status()).toMatchObject({ enrolled: false, consents: [] });
  });

  it('comes when the organiser takes faces away', async () => {
    await allowFaces(test);
    await enrol();
    expect(await problemOf(await test.api('DELETE', '/api/events/1/face'))).toBe('204');
    expect(await status()).toMatchObject({ enrolled: false, consents: [{ end: 'erased' }] });
    expect(await problemOf(await enrol())).toBe('face-unset');
  });
});

it('comes with a restored backup, since nobody knows who has withdrawn after it was made', async () => {
  await allowFaces(test);
  await enrol();
  expect(await test.cloud.faceSetups.endAfterRestore()).toBe(1);
  expect(await status()).toMatchObject({ enrolled: false, consents: [{ end: 'erased' }] });
  expect(await problemOf(await enrol())).toBe('201');
});

it('opens under another master key, once it was sealed again', async () => {
  await allowFaces(test);
  const visitor = await openLink(test, ticket.id);
  const { token } = await (await visitor.request('POST', '/face/enrolment', enrolmentOf(1))).json();
  expect((await test.cloud.reseal(new Uint8Array(32).fill(0xbb))).ok).toBe(true);
  await test.cloud.close();
  const again = await createTestCloud({ folder: test.folder, time: test.time, masterKey: 'bb'.repeat(32) });
  const exported = (await (await visitorOf(again, token).request('GET', '/face/export')).json()) as FaceExport;
  expect(exported.face?.template).toBe(Buffer.from(enrolledTemplate(1)).toString('base64'));
  test = again;
});

it('a key that was destroyed is written over in the file of the database', async () => {
  const own = await createTestCloud({ database: 'sqlite' });
  onTestFinished(() => own.close());
  await own.json('POST', '/api/events', someEvent);
  const { id } = await own.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 });
  await allowFaces(own);
  await own.json('POST', `/api/tickets/${id}/face`, enrolmentOf(1));
  const sealed = await withDatabase(own.databaseUrl, async (database) => {
    const { sealed_key: key } = await database.selectFrom('face_key').select('sealed_key').executeTakeFirstOrThrow();
    const { sealed: face } = await database.selectFrom('face').select('sealed').executeTakeFirstOrThrow();
    return [key, face ?? ''];
  });
  const stored = await own.stored();
  expect(sealed.map((text) => stored.includes(text))).toEqual([true, true]);
  await own.api('DELETE', `/api/tickets/${id}/face`);
  // Closing folds the log into the file.
  await own.cloud.close();
  const after = await own.stored();
  expect(sealed.map((text) => after.includes(text))).toEqual([false, false]);
});

it('the database holds no template in any form, and shows it when there is one', async () => {
  await allowFaces(test);
  await enrol();
  const forms = writtenForms(enrolledTemplate(1));
  const found = (stored: Buffer): number => forms.filter((form) => stored.includes(form)).length;
  expect(found(await test.stored())).toBe(0);
  await test.json('POST', '/api/tickets', {
    event: 1,
    type: 1,
    holder: { name: Buffer.from(enrolledTemplate(1)).toString('base64').slice(0, 100) },
  });
  expect(found(await test.stored())).toBe(1);
  expect(someTemplate(1)).not.toEqual(someTemplate(2));
});

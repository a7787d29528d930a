// Goal: a ticket is on one phone at a time, whoever has its link; it moves and is passed on by a new epoch that every gate understands; and
// who has it no more, or never had, gets nothing but a plain word.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  auditPageSchema,
  bytesToHex,
  encodeRequestToken,
  holderTokenAudience,
  nonceHeader,
  signClaim,
  type AdmissionPolicy,
  type ClaimLinkView,
  type ClaimResponse,
  type Holding,
  type KeyView,
  type TicketResponse,
  type TransferOffer,
  type VerifyResponse,
} from '@postern/shared';
import { createTestCloud, postJson, someEvent, type TestCloud } from '../../support/cloud.ts';
import { askAs, createPerson } from '../../support/people.ts';
import { createPhone, makeLink, secretOf, type TestPhone } from '../../support/phone.ts';

let test: TestCloud;
let ticket: TicketResponse;
let [ada, ben]: TestPhone[] = [];
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
  ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
  [ada, ben] = [createPhone(test), createPhone(test)];
});
afterEach(() => test.close());

const phone = (one: TestPhone | undefined): TestPhone => {
  if (one === undefined) throw new Error('no such phone');
  return one;
};
const claimed = async (one: TestPhone | undefined, link: string, more?: object): Promise<ClaimResponse> => {
  const response = await phone(one).claim(link, more);
  const text = await response.text();
  if (response.status !== 201) throw new Error(`the claim was answered ${response.status}: ${text}`);
  return JSON.parse(text) as ClaimResponse;
};
const problemOf = async (response: Response): Promise<string> =>
  `${response.status} ${((await response.json()) as { type: string }).type}`;
const stateOf = async (one: TestPhone | undefined, holding: Holding): Promise<Holding> => {
  const response = await phone(one).ask(holding);
  expect(response.status).toBe(200);
  return (await response.json()) as Holding;
};
const nowMs = (): number => test.time.clock.wallMs();
/** As a gate decides, at the cloud. */
const show = (code: string, method = 'dynamic'): Promise<VerifyResponse> =>
  test.json<VerifyResponse>(
    'POST',
    `/api/tickets/${ticket.id}/methods/${method}/verify`,
    { presented_data: code },
    200,
  );
const offer = async (one: TestPhone | undefined, holding: Holding): Promise<TransferOffer> => {
  const response = await phone(one).ask(holding, 'POST', '/transfer');
  expect(response.status).toBe(201);
  return (await response.json()) as TransferOffer;
};
const flip = (hex: string): string => `${hex.startsWith('0') ? '1' : '0'}${hex.slice(1)}`;

describe('a link', () => {
  it('puts a ticket on a phone, whose codes then open the gate, and leaves the printed code good', async () => {
    const { link, expiresAtMs, claims } = await makeLink(test, ticket.id);
    expect(link).toMatch(/^https:\/\/cloud\.test\/my\/#claim=[0-9a-f]{48}$/);
    expect([claims, expiresAtMs]).toEqual([5, nowMs() + 180 * 86_400_000]);
    const holding = await claimed(ada, link);
    expect(holding).toMatchObject({
      ticket: ticket.id,
      state: 'valid',
      event: { id: 1, name: 'Test night', timeZone: 'UTC' },
      type: 'Standing',
      usesLeft: 1,
      zones: [{ name: 'Arena', gates: [] }],
      wallets: { apple: false, google: false },
      nowMs: nowMs(),
    });
    expect((await test.json<TicketResponse>('GET', `/api/tickets/${ticket.id}`)).epoch).toBe(ticket.epoch);
    expect(await show(phone(ada).code(holding, nowMs()))).toMatchObject({ success: true });
    expect(await stateOf(ada, holding)).toMatchObject({
      state: 'valid',
      usesLeft: 0,
      used: { atMs: nowMs() },
    });
    expect(await show(ticket.text ?? '', 'qr')).toMatchObject({ success: false, reason: 'already-used' });
  });

  it('is kept as a hash, and is in the log by its id alone', async () => {
    const { link } = await makeLink(test, ticket.id);
    const { holder } = await claimed(ada, link);
    expect((await test.stored()).includes(secretOf(link))).toBe(false);
    const { entries } = auditPageSchema.parse(await test.json('GET', '/audits/log'));
    const about = entries.filter(({ action }) => action === 'ticket-claimed' || action === 'claim-link-made');
    expect(about.map(({ action, actor, ticket: of }) => [action, of === ticket.id, actor === holder])).toEqual([
      ['ticket-claimed', true, true],
      ['claim-link-made', true, false],
    ]);
  });

  it('opened twice on one phone, also at the same moment, gives one holder and costs one claim', async () => {
    const { link } = await makeLink(test, ticket.id, { claims: 1 });
    const answers = await Promise.all([claimed(ada, link), claimed(ada, link), claimed(ada, link)]);
    expect(new Set(answers.map(({ holder }) => holder)).size).toBe(1);
    expect((await claimed(ada, link)).holder).toBe(answers[0]?.holder);
  });

  it('goes to one of two phones that use it at the same moment', async () => {
    const { link } = await makeLink(test, ticket.id);
    const answers = await Promise.all([phone(ada).claim(link), phone(ben).claim(link)]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 409]));
    const refused = answers.find(({ status }) => status === 409);
    expect(refused === undefined ? '' : await problemOf(refused)).toBe('409 ticket-held');
  });

  it('moves the ticket to a second phone when asked to: codes of the first are refused, and it is told', async () => {
    const { link } = await makeLink(test, ticket.id);
    const hers = await claimed(ada, link);
    expect(await problemOf(await phone(ben).claim(link))).toBe('409 ticket-held');
    const moved = await claimed(ben, link, { move: true });
    expect(await stateOf(ada, hers)).toMatchObject({ state: 'moved' });
    expect(await stateOf(ada, hers)).not.toHaveProperty('holderPass');
    expect(await show(phone(ada).code(hers, nowMs()))).toMatchObject({ success: false, reason: 'replaced' });
    expect(await show(ticket.text ?? '', 'qr')).toMatchObject({ success: false, reason: 'replaced' });
    expect(await show(phone(ben).code(moved, nowMs()))).toMatchObject({ success: true });
    // Nobody gets a second way in by asking for one.
    expect(await problemOf(await phone(ada).claim(link, { move: true }))).toBe('409 already-used');
  });

  it('works on as many phones as it was made for', async () => {
    const { link } = await makeLink(test, ticket.id, { claims: 2 });
    await claimed(ada, link);
    await claimed(ben, link, { move: true });
    expect(await problemOf(await phone(ada).claim(link, { move: true }))).toBe('409 claims-exhausted');
    expect((await claimed(ben, link)).state).toBe('valid');
  });

  it('ends by time, by hand, and with a re-issue', async () => {
    const [short, ended, old] = [
      await makeLink(test, ticket.id, { expiresInDays: 1 }),
      await makeLink(test, ticket.id),
      await makeLink(test, ticket.id),
    ];
    await test.time.advance(86_400_001);
    expect(await problemOf(await phone(ada).claim(short.link))).toBe('403 link-invalid');
    const path = `/api/tickets/${ticket.id}/claim-links`;
    const { links } = await test.json<{ links: ClaimLinkView[] }>('GET', path);
    expect(links.map(({ id }) => id).toSorted()).toEqual([ended.id, old.id].toSorted());
    expect((await test.api('DELETE', `${path}/${ended.id}`)).status).toBe(204);
    expect(await problemOf(await test.api('DELETE', `${path}/${ended.id}`))).toBe('404 link-unknown');
    expect(await problemOf(await phone(ada).claim(ended.link))).toBe('403 link-invalid');
    const holding = await claimed(ada, old.link);
    await test.json('POST', `/api/tickets/${ticket.id}/reissue`, {}, 200);
    expect(await problemOf(await phone(ben).claim(old.link, { move: true }))).toBe('403 link-invalid');
    expect(await stateOf(ada, holding)).toMatchObject({ state: 'replaced' });
  });

  it.each([
    ['a wrong secret', () => ({ secret: 'f'.repeat(48) }), '401 token-invalid'],
    ['a proof of another key', ({ keys }: TestPhone) => ({ holderKey: flip(bytesToHex(keys.publicKey)) }), '4'],
    ['a key of small order', () => ({ holderKey: `01${'0'.repeat(62)}` }), '422 holder-key-unsound'],
    ['a secret that is cut', () => ({ secret: 'f'.repeat(46) }), '400 request-invalid'],
  ])('is not believed with %s', async (_what, more, answer) => {
    const { link } = await makeLink(test, ticket.id);
    expect(await problemOf(await phone(ada).claim(link, more(phone(ada))))).toContain(answer);
  });

  it('that nobody has made is refused, and tries are limited without locking out who has one', async () => {
    const secret = 'f'.repeat(48);
    const wrong = (): Promise<Response> =>
      postJson(test, '/api/my/claims', {
        secret,
        holderKey: bytesToHex(phone(ben).keys.publicKey),
        proof: bytesToHex(signClaim(secret, phone(ben).keys)),
      });
    expect(await problemOf(await wrong())).toBe('403 link-invalid');
    const statuses = new Set<number>();
    for (let tries = 0; tries < 300; tries++) statuses.add((await wrong()).status);
    expect(statuses).toEqual(new Set([403, 429]));
    await test.time.advance(60_000);
    expect((await claimed(ada, (await makeLink(test, ticket.id)).link)).state).toBe('valid');
  });

  it.each([
    ['revoke', '409 revoked'],
    ['deny', '201'],
  ])('to a ticket after %s is answered %s', async (what, answer) => {
    const { link } = await makeLink(test, ticket.id);
    await test.api('POST', `/api/tickets/${ticket.id}/${what}`);
    const response = await phone(ada).claim(link);
    if (response.status === 201) expect(await response.json()).toMatchObject({ state: 'blocked' });
    else expect(await problemOf(response)).toBe(answer);
  });

  it('is made for many tickets at once, all or none, by who may sell them', async () => {
    const more = await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 2 });
    const made = await test.json<{ links: { ticket: string; link: string }[] }>('POST', '/api/events/1/claim-links', {
      tickets: [ticket.id, more.id],
    });
    expect(made.links.map((link) => link.ticket)).toEqual([ticket.id, more.id]);
    const missing = await test.api('POST', '/api/events/1/claim-links', { tickets: [ticket.id, '0'.repeat(32)] });
    expect(await problemOf(missing)).toBe('404 ticket-unknown');
    const steward = await createPerson(test, 'steward', 1);
    expect((await askAs(test, steward, 'POST', `/api/tickets/${ticket.id}/claim-links`, {})).status).toBe(403);
  });
});

describe('a phone', () => {
  it('proves itself by its key, for one request, by the nonce of now', async () => {
    const holding = await claimed(ada, (await makeLink(test, ticket.id)).link);
    const path = `/api/my/${holding.holder}`;
    const bare = await test.request(path);
    expect(await problemOf(bare)).toBe('401 nonce-needed');
    const about = {
      audience: holderTokenAudience,
      issuer: holding.holder,
      nonce: bare.headers.get(nonceHeader) ?? '',
      method: 'GET',
      path,
      body: new Uint8Array(0),
      nowMs: 0,
    } as const;
    const ask = async (change: object, by: TestPhone | undefined, to = path): Promise<string> => {
      const token = encodeRequestToken({ ...about, ...change }, phone(by).keys);
      const response = await test.request(to, { headers: { Authorization: `Bearer ${token}` } });
      return response.status === 200 ? '200' : problemOf(response);
    };
    expect(await ask({}, ada)).toBe('200');
    expect(await ask({}, ben)).toBe('401 token-invalid');
    expect(await ask({ method: 'DELETE' }, ada)).toBe('401 token-invalid');
    expect(await ask({ audience: 'postern-cloud' }, ada)).toBe('401 token-invalid');
    expect(await ask({}, ada, `/api/my/${flip(holding.holder)}`)).toBe('401 token-invalid');
    expect(await ask({ nonce: 'another' }, ada)).toBe('401 nonce-needed');
    await test.time.advance(6 * 60_000);
    expect(await ask({}, ada)).toBe('401 nonce-needed');
  });

  it('is told what has become of its ticket', async () => {
    const holding = await claimed(ada, (await makeLink(test, ticket.id)).link);
    await test.json('PATCH', `/api/tickets/${ticket.id}`, { status: 'unpaid' }, 200);
    expect((await stateOf(ada, holding)).state).toBe('unpaid');
    await test.json('PATCH', `/api/tickets/${ticket.id}`, { status: 'valid' }, 200);
    await test.json('POST', '/admin/methods/dynamic/toggle', { enabled: false, event: 1 }, 200);
    expect((await stateOf(ada, holding)).state).toBe('method-off');
    await test.json('POST', '/admin/methods/dynamic/toggle', { enabled: true, event: 1 }, 200);
    await test.json('POST', `/api/tickets/${ticket.id}/deny`, undefined, 200);
    expect((await stateOf(ada, holding)).state).toBe('blocked');
    await test.json('POST', `/api/tickets/${ticket.id}/revoke`, undefined, 200);
    expect((await stateOf(ada, holding)).state).toBe('revoked');
  });

  it('hears that no code of a phone admits with its type, before it claims and after', async () => {
    const holding = await claimed(ada, (await makeLink(test, ticket.id)).link);
    const { link } = await makeLink(
      test,
      (await test.json<TicketResponse>('POST', '/api/tickets', { event: 1, type: 1 })).id,
    );
    const { policy } = await test.json<{ policy: AdmissionPolicy }>('GET', '/api/events/1', undefined, 200);
    const { event: _event, ...rules } = policy;
    const types = rules.types.map((type) => ({ ...type, proofs: [['qr']] }));
    await test.json('PUT', '/api/events/1/policy', { ...rules, types }, 200);
    expect((await stateOf(ada, holding)).state).toBe('method-off');
    expect(await problemOf(await phone(ada).claim(link))).toBe('409 method-off');
  });

  it('gets a pass of today’s window and by the key of today', async () => {
    const holding = await claimed(ada, (await makeLink(test, ticket.id)).link);
    const untilS = Math.floor(nowMs() / 1_000) + 60;
    await test.json('PATCH', `/api/tickets/${ticket.id}`, { validUntilS: untilS }, 200);
    const windowed = await stateOf(ada, holding);
    expect(windowed.validUntilMs).toBe(untilS * 1_000);
    const { keys } = await test.json<{ keys: KeyView[] }>('GET', '/admin/keys');
    const old = keys.find(({ purpose, state }) => purpose === 'issuer' && state === 'active')?.keyId ?? '';
    await test.json('POST', '/admin/keys/rotate', { purpose: 'issuer', force: true }, 200);
    await test.json('POST', `/admin/keys/${old}/revoke`, { reason: 'laptop stolen' }, 200);
    const fresh = await stateOf(ada, holding);
    expect(fresh.holderPass).not.toBe(windowed.holderPass);
    expect(await show(phone(ada).code(windowed, nowMs()))).toMatchObject({ success: false, reason: 'key-revoked' });
    expect(await show(phone(ada).code(fresh, nowMs()))).toMatchObject({ success: true });
  });
});

describe('passing a ticket on', () => {
  it('waits for the friend, then kills the codes of who has given it', async () => {
    const hers = await claimed(ada, (await makeLink(test, ticket.id)).link);
    const { link } = await offer(ada, hers);
    expect(await stateOf(ada, hers)).toMatchObject({
      state: 'valid',
      offered: { expiresAtMs: nowMs() + 7 * 86_400_000 },
    });
    const his = await claimed(ben, link);
    expect(his).toMatchObject({ state: 'valid', ownLink: expect.stringContaining('/my/#claim=') });
    expect(await stateOf(ada, hers)).toMatchObject({ state: 'given' });
    expect(await show(phone(ada).code(hers, nowMs()))).toMatchObject({ success: false, reason: 'replaced' });
    expect(await show(phone(ben).code(his, nowMs()))).toMatchObject({ success: true });
    expect(await problemOf(await phone(ada).ask(hers, 'POST', '/transfer'))).toBe('409 holder-ended');
    expect(await problemOf(await phone(ada).ask(hers, 'DELETE', '/transfer'))).toBe('409 holder-ended');
  });

  it('gives the friend a link of their own, and leaves the old ones dead', async () => {
    const first = await makeLink(test, ticket.id);
    const hers = await claimed(ada, first.link);
    const { link } = await offer(ada, hers);
    const his = await claimed(ben, link);
    // The answer got lost.
    expect((await claimed(ben, link)).ownLink).toBe(his.ownLink);
    const stranger = createPhone(test);
    for (const dead of [first.link, link])
      expect(await problemOf(await stranger.claim(dead, { move: true }))).toBe('403 link-invalid');
    const again = await claimed(stranger, his.ownLink ?? '', { move: true });
    expect(again).toMatchObject({ state: 'valid' });
    expect(again).not.toHaveProperty('ownLink');
    expect(await stateOf(ben, his)).toMatchObject({ state: 'moved' });
  });

  it('may be taken back until then, and a second offer ends the first', async () => {
    const hers = await claimed(ada, (await makeLink(test, ticket.id)).link);
    const first = await offer(ada, hers);
    const second = await offer(ada, hers);
    expect(await problemOf(await phone(ben).claim(first.link))).toBe('403 link-invalid');
    expect((await phone(ada).ask(hers, 'DELETE', '/transfer')).status).toBe(204);
    expect(await problemOf(await phone(ben).claim(second.link))).toBe('403 link-invalid');
    expect(await stateOf(ada, hers)).not.toHaveProperty('offered');
    expect(await show(phone(ada).code(hers, nowMs()))).toMatchObject({ success: true });
  });

  it('is refused for a used, a cancelled and a bound ticket', async () => {
    const hers = await claimed(ada, (await makeLink(test, ticket.id)).link);
    const { link } = await offer(ada, hers);
    expect(await show(phone(ada).code(hers, nowMs()))).toMatchObject({ success: true });
    expect(await problemOf(await phone(ben).claim(link))).toBe('409 already-used');
    await test.json('POST', `/api/tickets/${ticket.id}/revoke`, undefined, 200);
    expect(await problemOf(await phone(ben).claim(link))).toBe('409 revoked');
    expect(await problemOf(await phone(ada).ask(hers, 'POST', '/transfer'))).toBe('409 revoked');
    ticket = await test.json('POST', '/api/tickets', { event: 1, type: 1 });
    const bound = await claimed(ada, (await makeLink(test, ticket.id, { transferable: false })).link);
    expect(bound.transferable).toBe(false);
    expect(await problemOf(await phone(ada).ask(bound, 'POST', '/transfer'))).toBe('409 transfer-forbidden');
  });
});

// Goal: keys can be rotated and revoked while gates are offline; what was printed stays good until its key is revoked, and then it is
// known whose tickets those are.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  decodeCose,
  keyId,
  passBytesMax,
  base45Decode,
  type KeyTickets,
  type KeyView,
  type RotatingPurpose,
  type TicketResponse,
} from '@postern/shared';
import { announcedMsMin } from '../../../cloud-sync/src/services/key-rotation.ts';
import { keySetAgeMsMax, listedKeysMax } from '../../../cloud-sync/src/services/keys.ts';
import type { Database } from '../../../cloud-sync/src/store/database.ts';
import { withDatabase } from '../../../scripts/lib/cloud-database.ts';
import { createTestCloud, enrolTestGate, someEvent, type TestCloud } from '../../support/cloud.ts';
import { openFeedGate, type FeedGate } from '../../support/feed-gate.ts';

let test: TestCloud;
let gates: FeedGate[] = [];
beforeEach(async () => {
  test = await createTestCloud();
  await test.json('POST', '/api/events', someEvent);
});
afterEach(async () => {
  for (const gate of gates) gate.close();
  gates = [];
  await test.close();
});

const keys = async (): Promise<readonly KeyView[]> => (await test.json<{ keys: KeyView[] }>('GET', '/admin/keys')).keys;
const keyIn = async (purpose: RotatingPurpose, state: KeyView['state']): Promise<string> =>
  (await keys()).find((key) => key.purpose === purpose && key.state === state)?.keyId ?? `no ${state} ${purpose} key`;
const rotate = (purpose: RotatingPurpose, force = true): Promise<Record<string, unknown>> =>
  test.json('POST', '/admin/keys/rotate', { purpose, force }, 200);
const revoke = (key: string): Promise<{ toReissue: { tickets: number; withoutGoodPass: number } }> =>
  test.json('POST', `/admin/keys/${key}/revoke`, { reason: 'laptop stolen' }, 200);
const refusal = async (method: string, path: string, body?: unknown): Promise<string> => {
  const response = await test.api(method, path, body);
  return `${response.status} ${(await response.json()).type}`;
};
const issue = (fields: object = {}): Promise<TicketResponse> =>
  test.json('POST', '/api/tickets', { event: 1, type: 1, ...fields });
const show = async (ticket: TicketResponse): Promise<string> =>
  (await test.json<TicketResponse>('GET', `/api/tickets/${ticket.id}`)).text ?? '';
const publish = (): Promise<unknown> => test.json('POST', '/admin/events/1/publish');
const signerOf = (text: string): string => {
  const bytes = base45Decode(text.slice('PN1:'.length));
  const message = bytes.ok ? decodeCose(bytes.value, passBytesMax) : undefined;
  return message?.ok === true ? message.value.keyId : 'none';
};
const openGate = async (id?: string): Promise<FeedGate> => {
  const gate = await openFeedGate(test, id);
  gates.push(gate);
  return gate;
};

/** What no route does. */
const inDatabase = <T>(work: (database: Database) => Promise<T>): Promise<T> => withDatabase(test.databaseUrl, work);

describe('a new deployment', () => {
  it('has an active and an announced next key for passes, feed and tokens, and lists them to gates', async () => {
    const states = (await keys()).map(({ purpose, state, generation }) => `${purpose} ${state} ${generation}`);
    expect(states).toEqual([
      'feed active 1',
      'feed next 2',
      'issuer active 1',
      'issuer next 2',
      'token active 1',
      'token next 2',
    ]);
    await publish();
    const gate = await openGate();
    await publish();
    await gate.poll();
    expect(gate.cache.current()?.manifest.keys.map(({ use, state }) => `${use} ${state}`)).toEqual([
      'issuer active',
      'issuer next',
      'feed active',
      'feed next',
    ]);
  });
});

describe('rotating the issuer key', () => {
  it('lets a gate that is offline go on with old passes and take new ones, before and after its next feed', async () => {
    const printed = await issue();
    await publish();
    const gate = await openGate();
    await gate.poll();
    const next = await keyIn('issuer', 'next');
    await rotate('issuer');
    const [shownAgain, late] = [await show(printed), await issue()];
    expect([signerOf(shownAgain), signerOf(late.text ?? '')]).toEqual([next, next]);
    const scans = async (): Promise<readonly string[]> =>
      Promise.all([printed.text ?? '', shownAgain, late.text ?? ''].map(gate.scan));
    expect(await scans()).toEqual(['good', 'good', 'good']);
    expect(await gate.poll()).toBe('changed');
    expect(await scans()).toEqual(['good', 'good', 'good']);
    // Not announced to it: a second rotation is news that it has to fetch.
    await rotate('issuer');
    const later = await issue();
    await rotate('issuer');
    const latest = await issue();
    expect([await gate.scan(later.text ?? ''), await gate.scan(latest.text ?? '')]).toEqual(['good', 'key-unknown']);
    await gate.poll();
    expect([await gate.scan(printed.text ?? ''), await gate.scan(latest.text ?? '')]).toEqual(['good', 'good']);
  });

  it('destroys the secret of the retired key', async () => {
    const retired = await keyIn('issuer', 'active');
    await rotate('issuer');
    const rows = await inDatabase((database) => database.selectFrom('key').select(['id', 'sealed_secret']).execute());
    expect(rows.filter((row) => row.sealed_secret === '').map((row) => row.id)).toEqual([retired]);
  });

  it('waits until gates that are offline can know the next key, unless it is forced', async () => {
    expect(await refusal('POST', '/admin/keys/rotate', { purpose: 'issuer' })).toBe('409 next-key-too-young');
    await test.time.advance(announcedMsMin - 1);
    expect(await refusal('POST', '/admin/keys/rotate', { purpose: 'feed' })).toBe('409 next-key-too-young');
    await test.time.advance(1);
    await rotate('issuer', false);
    expect(await refusal('POST', '/admin/keys/rotate', { purpose: 'issuer' })).toBe('409 next-key-too-young');
    await rotate('token', false);
    await rotate('token', false);
  });

  it('is done once by those who ask at once, and by a request that is sent twice', async () => {
    const seen = { force: true, active: await keyIn('issuer', 'active') };
    const answers = await Promise.all(Array.from({ length: 5 }, () => test.cloud.keyRotation.rotate('issuer', seen)));
    expect(answers.map((answer) => (answer.ok ? 'rotated' : answer.error.type)).toSorted()).toEqual([
      'rotated',
      ...Array<string>(4).fill('rotation-conflict'),
    ]);
    const request = { purpose: 'feed', force: true, active: await keyIn('feed', 'active') };
    const sent = await Promise.all(Array.from({ length: 5 }, () => refusal('POST', '/admin/keys/rotate', request)));
    expect(sent.toSorted()).toEqual(['200 undefined', ...Array<string>(4).fill('409 rotation-conflict')]);
    expect((await keys()).filter((key) => key.purpose === 'issuer').map((key) => key.state)).toEqual([
      'retired',
      'active',
      'next',
    ]);
  });

  it('ends before gates have more keys than they take, and revoked ones make room', async () => {
    await publish();
    const first = await keyIn('issuer', 'active');
    for (let count = 2; count < listedKeysMax; count++)
      expect((await test.cloud.keyRotation.rotate('issuer', { force: true })).ok).toBe(true);
    expect(await refusal('POST', '/admin/keys/rotate', { purpose: 'issuer', force: true })).toBe('409 keys-too-many');
    await revoke(first);
    await rotate('issuer');
    for (let count = 0; count < listedKeysMax + 5; count++)
      expect((await test.cloud.keyRotation.rotate('feed', { force: true })).ok).toBe(true);
    const gate = await openGate();
    await publish();
    expect(await gate.poll()).toBe('changed');
  });
});

describe('rotating the feed key', () => {
  it('is followed by a gate that was offline through one rotation', async () => {
    await publish();
    const gate = await openGate();
    await gate.poll();
    await rotate('feed');
    expect(await gate.poll()).toBe('changed');
    expect(await gate.poll()).toBe('unchanged');
  });

  it('is followed by a gate that was offline through many rotations, also one that has never had a feed', async () => {
    await publish();
    const gate = await openGate();
    const fresh = await openGate('gate-b');
    await gate.poll();
    for (let count = 0; count < 6; count++) await rotate('feed');
    expect([await gate.poll(), await fresh.poll()]).toEqual(['changed', 'changed']);
    await rotate('feed');
    expect([await gate.poll(), await fresh.poll()]).toEqual(['changed', 'changed']);
  });

  it('signs the time and the answer to an enrolment with the key of now', async () => {
    await rotate('feed');
    const active = await keyIn('feed', 'active');
    const time = await test.cloud.app.request('/time', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ nonce: '00'.repeat(16) }),
    });
    const signed = decodeCose(new Uint8Array(await time.arrayBuffer()), 512);
    expect(signed.ok && signed.value.keyId).toBe(active);
    const { feedKeys } = (await enrolTestGate(test, 1, 'gate-z')).enrolment;
    expect(feedKeys.map(({ keyId: id, state }) => `${id} ${state}`)).toEqual([
      `${active} active`,
      `${await keyIn('feed', 'next')} next`,
    ]);
  });

  it('lets a gate in again by a new enrolment when announcements do not lead to it', async () => {
    await publish();
    const gate = await openGate();
    await gate.poll();
    await rotate('feed');
    // As after more rotations than a manifest carries: nothing connects the keys that the gate knows with those of now.
    await inDatabase((database) =>
      database
        .updateTable('key')
        .set({ announcement: null } as never)
        .execute(),
    );
    await rotate('feed');
    expect(await gate.poll()).toBe('feed-signature-invalid');
    const again = await gate.enrolAgain();
    gates = [again];
    await publish();
    expect(await again.poll()).toBe('changed');
  });
});

describe('revoking a key', () => {
  it('makes gates refuse its passes with their next feed, and others not', async () => {
    const printed = await issue();
    await publish();
    const gate = await openGate();
    await gate.poll();
    const compromised = await keyIn('issuer', 'active');
    const answer = await revoke(compromised);
    expect(answer).toMatchObject({ publishedEvents: [1], toReissue: { tickets: 1, withoutGoodPass: 1 } });
    expect(await gate.scan(printed.text ?? '')).toBe('good');
    expect(await gate.poll()).toBe('changed');
    expect(await gate.scan(printed.text ?? '')).toBe('key-revoked');
    expect(await gate.scan(await show(printed))).toBe('good');
    const states = (await keys()).filter((key) => key.purpose === 'issuer').map(({ state, reason }) => [state, reason]);
    expect(states).toEqual([
      ['revoked', 'laptop stolen'],
      ['active', undefined],
      ['next', undefined],
    ]);
  });

  it('lists the tickets to issue again: those of the present epoch that still lead to an entry', async () => {
    const first = await keyIn('issuer', 'active');
    const nowS = test.time.clock.wallMs() / 1_000;
    const [plain, shown, unpaid] = [await issue(), await issue(), await issue({ status: 'unpaid' })];
    const [cancelled, transferred] = [await issue(), await issue()];
    // Nothing of the first epoch opens a gate any more, whoever signed it.
    await inDatabase((database) =>
      database.updateTable('ticket').set({ epoch: 1 }).where('id', '=', transferred.id).execute(),
    );
    await test.json('PATCH', `/api/tickets/${cancelled.id}`, { status: 'revoked' });
    await issue({ validUntilS: nowS });
    await issue({ code: 'A CODE OF OTHERS' });
    await rotate('issuer');
    await show(shown);
    const late = await issue();
    const second = await keyIn('issuer', 'active');
    expect(signerOf(await show(transferred))).toBe(second);
    expect((await revoke(first)).toReissue).toEqual({ tickets: 3, withoutGoodPass: 2 });
    const list = async (key: string): Promise<readonly string[]> => {
      const texts: string[] = [];
      for (let cursor = ''; ;) {
        const page: KeyTickets = await test.json('GET', `/admin/keys/${key}/tickets?limit=2${cursor}`);
        texts.push(...page.tickets.map(({ ticket, status, hasGoodPass }) => `${ticket} ${status} ${hasGoodPass}`));
        if (page.next === undefined) return texts;
        cursor = `&cursor=${page.next}`;
      }
    };
    const rows = [`${plain.id} valid false`, `${shown.id} valid true`, `${unpaid.id} unpaid false`];
    expect(await list(first)).toEqual(rows.toSorted());
    const ofSecond = [shown, late, transferred].map(({ id }) => `${id} valid false`);
    expect(await list(second)).toEqual(ofSecond.toSorted());
    await show(plain);
    expect(await list(first)).toContain(`${plain.id} valid true`);
    const csv = await test.api('GET', `/admin/keys/${first}/tickets.csv`);
    expect(csv.headers.get('Content-Type')).toBe('text/csv; charset=utf-8');
    const lines = (await csv.text()).split('\r\n');
    expect([lines[0], lines.length]).toEqual(['event,ticket,type,epoch,status,signedAtMs,hasGoodPass', 5]);
  });

  it('pages through the tickets of several events without missing or repeating one', async () => {
    const key = await keyIn('issuer', 'active');
    await test.json('POST', '/api/events', someEvent);
    for (const event of [1, 2])
      await test.json('POST', '/api/tickets/batch', {
        event,
        tickets: Array.from({ length: 25 }, () => ({ type: 1 })),
      });
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const page: KeyTickets = await test.json('GET', `/admin/keys/${key}/tickets?limit=10${cursor}`);
      seen.push(...page.tickets.map(({ event, ticket }) => `${event} ${ticket}`));
      if (page.next === undefined) break;
      cursor = `&cursor=${page.next}`;
    }
    expect([seen.length, new Set(seen).size]).toEqual([50, 50]);
    expect(seen).toEqual(seen.toSorted());
  });

  it('replaces a next key, and a retired one without touching the others', async () => {
    const [active, next] = [await keyIn('issuer', 'active'), await keyIn('issuer', 'next')];
    await revoke(next);
    expect([await keyIn('issuer', 'active'), (await keyIn('issuer', 'next')) === next]).toEqual([active, false]);
    await rotate('issuer');
    const before = [await keyIn('issuer', 'active'), await keyIn('issuer', 'next')];
    await revoke(active);
    expect([await keyIn('issuer', 'active'), await keyIn('issuer', 'next')]).toEqual(before);
  });

  it('of the feed hands over to the announced one, and the gate believes the revoked one no more', async () => {
    await publish();
    const gate = await openGate();
    await gate.poll();
    const stolen = await keyIn('feed', 'active');
    await revoke(stolen);
    expect(await gate.poll()).toBe('changed');
    const known = gate.cache.current()?.manifest.keys.find((key) => key.keyId === stolen);
    expect(known?.state).toBe('revoked');
    await rotate('feed');
    expect(await gate.poll()).toBe('changed');
  });

  it.each([
    ['unknown', () => '0'.repeat(16), '404 key-unknown'],
    ['malformed', () => 'zz', '400 request-invalid'],
    ['of the authority', () => idOf('authority'), '422 key-not-rotatable'],
    ['of nonces and code hashes', () => idOf('server'), '422 key-not-rotatable'],
  ])('refuses a key that is %s', async (_what, key, expected) => {
    expect(await refusal('POST', `/admin/keys/${await key()}/revoke`, { reason: 'x' })).toBe(expected);
    expect(await refusal('GET', `/admin/keys/${await key()}/tickets`)).toBe(expected);
    expect(await refusal('GET', `/admin/keys/${await key()}/tickets.csv`)).toBe(expected);
  });

  it('refuses one that has been revoked already, and the only one there is', async () => {
    const first = await keyIn('issuer', 'active');
    await revoke(first);
    expect(await refusal('POST', `/admin/keys/${first}/revoke`, { reason: 'x' })).toBe('409 key-already-revoked');
    await inDatabase((database) => database.deleteFrom('key').where('state', '=', 'next').execute());
    const last = await keyIn('issuer', 'active');
    expect(await refusal('POST', `/admin/keys/${last}/revoke`, { reason: 'x' })).toBe('409 key-is-last');
    expect(await refusal('POST', '/admin/keys/rotate', { purpose: 'issuer', force: true })).toBe('409 key-is-last');
    expect(await keyIn('issuer', 'active')).toBe(last);
  });

  it.each(['after=1', 'cursor=*', 'limit=0', 'limit=1001', 'limit=-1', 'limit=x'])(
    'refuses the page %s',
    async (query) => {
      const key = await keyIn('issuer', 'active');
      expect(await refusal('GET', `/admin/keys/${key}/tickets?${query}`)).toBe('400 request-invalid');
    },
  );

  const idOf = async (purpose: string): Promise<string> => {
    const row = await inDatabase((database) =>
      database.selectFrom('key').select('id').where('purpose', '=', purpose).executeTakeFirst(),
    );
    return row?.id ?? '';
  };
});

describe('two processes on one database', () => {
  let other: TestCloud;
  beforeEach(async () => {
    other = await createTestCloud({
      folder: test.folder,
      databaseUrl: test.databaseUrl,
      time: test.time,
      seed: 2,
    });
  });
  afterEach(() => other.cloud.close());

  it('sign with a key that the other one has activated after a second at most', async () => {
    const before = keyId((await test.cloud.keys.current()).issuer.publicKey);
    await other.cloud.keyRotation.rotate('issuer', { force: true });
    await test.time.advance(keySetAgeMsMax);
    const ticket = await test.cloud.tickets.issue(1, [{ type: 1, status: 'valid', party: 1 }]);
    if (!ticket.ok) throw new Error(ticket.error.type);
    const [texts] = await test.cloud.tickets.texts(ticket.value);
    const found = await test.cloud.keyRotation.find(signerOf(texts?.text ?? ''));
    expect(found).toMatchObject({ ok: true, value: { state: 'active', generation: 2 } });
    expect(await test.cloud.keyRotation.find(before)).toMatchObject({ ok: true, value: { state: 'retired' } });
  });

  it('never publish a manifest that takes a revocation back', async () => {
    await test.cloud.feed.publish(1);
    const gate = await openGateOf(test);
    await gate.poll();
    const key = (await other.cloud.keyRotation.list()).find(
      ({ purpose, state }) => purpose === 'issuer' && state === 'active',
    );
    await other.cloud.keyRotation.revoke(key?.keyId ?? '', 'stolen');
    // At once, while this process may still have the keys of before in its memory.
    const invited = await test.cloud.staff.add(1, { role: 'steward', pin: '1234' });
    expect([invited.ok, (await test.cloud.feed.publish(1)).ok]).toEqual([true, true]);
    await gate.poll();
    expect(gate.cache.current()?.manifest.keys.find(({ keyId: id }) => id === key?.keyId)?.state).toBe('revoked');
  });

  it('do one rotation between them when both saw the same key', async () => {
    const active = (await test.cloud.keys.current()).issuer.publicKey;
    await other.cloud.keyRotation.rotate('issuer', { force: true });
    expect(await test.cloud.keyRotation.rotate('issuer', { force: true, active: keyId(active) })).toMatchObject({
      ok: false,
      error: { type: 'rotation-conflict' },
    });
  });

  const openGateOf = async (cloud: TestCloud): Promise<FeedGate> => {
    // Opening the second cloud has replaced the administrator's token.
    const gate = await openFeedGate({ ...cloud, json: other.json });
    gates.push(gate);
    return gate;
  };
});

describe('access tokens', () => {
  it('have a key of their own; what the one before has signed can still be verified until it is revoked', async () => {
    const ids = async (): Promise<readonly string[]> => [...(await test.cloud.keys.current()).tokenKeys.keys()];
    const first = await keyIn('token', 'active');
    expect(await ids()).toEqual([first]);
    await rotate('token');
    const second = await keyIn('token', 'active');
    expect(keyId((await test.cloud.keys.current()).token.publicKey)).toBe(second);
    expect(await ids()).toEqual([first, second]);
    await revoke(first);
    expect(await ids()).toEqual([second]);
  });
});

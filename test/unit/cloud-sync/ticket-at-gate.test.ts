// Goal: what the cloud does to a ticket acts at a real gate's feed cache with its next delta, whatever kind of code the visitor holds,
// also after the gate has started again and with a new snapshot.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { TicketResponse } from '@postern/shared';
import { pretixPublicKeys, pretixVectors } from '../../fixtures/pretix-sig1/vectors.ts';
import { createTestCloud, someEvent, type TestCloud } from '../../support/cloud.ts';
import { openFeedGate, type FeedGate } from '../../support/feed-gate.ts';

let test: TestCloud;
let gate: FeedGate;
beforeEach(async () => {
  test = await createTestCloud();
  onTestFinished(() => test.close());
  await test.json('POST', '/api/events', someEvent);
  // Enough tickets that a few changes travel as a delta.
  await issue(Array.from({ length: 60 }, () => ({ type: 1 })));
  gate = await openFeedGate(test);
  onTestFinished(() => gate.close());
});

const issue = async (tickets: readonly object[]): Promise<readonly TicketResponse[]> =>
  (await test.json<{ tickets: TicketResponse[] }>('POST', '/api/tickets/batch', { event: 1, tickets })).tickets;
const act = (id: string, action: string, body?: object): Promise<TicketResponse> =>
  test.json('POST', `/api/tickets/${id}/${action}`, body, 200);

/** Publishes, and lets the gate fetch; answers with the number of deltas on its snapshot. */
async function deliver(options?: { readonly snapshot: boolean }): Promise<number> {
  await test.cloud.feed.publish(1, options);
  expect(await gate.poll()).toBe('changed');
  return gate.cache.current()?.manifest.deltas.length ?? -1;
}

const present = (text: string): Promise<string> => gate.present(text);

/** Now, after a restart of the gate, and with a snapshot in place of the deltas. */
async function always(check: () => Promise<void>): Promise<void> {
  await check();
  gate = await gate.enrolAgain();
  await check();
  expect(await deliver({ snapshot: true })).toBe(0);
  await check();
}

describe('a transfer', () => {
  it('kills pass and short code, and the new ones work', async () => {
    const [before] = await issue([{ type: 1 }]);
    await deliver();
    expect([await present(before?.text ?? ''), await present(before?.shortCode ?? '')]).toEqual(['admit', 'admit']);
    const after = await act(before?.id ?? '', 'transfer', { holder: { name: 'Grace' } });
    expect(await deliver()).toBe(1);
    await always(async () => {
      expect(await present(before?.text ?? '')).toBe('replaced');
      expect(await present(before?.shortCode ?? '')).toBe('replaced');
      expect(await present(after.text ?? '')).toBe('admit');
      expect(await present((after.shortCode ?? '').toLowerCase())).toBe('admit');
    });
  });

  it('kills the code that somebody else has printed', async () => {
    const [ticket] = await issue([{ type: 1, code: 'PRINTED' }]);
    await deliver();
    expect(await present('PRINTED')).toBe('admit');
    const after = await act(ticket?.id ?? '', 'transfer', { holder: {} });
    expect(await deliver()).toBe(1);
    await always(async () => {
      expect(await present(']Q1PRINTED\r\n')).toBe('replaced');
      expect(await present(after.text ?? '')).toBe('admit');
      expect(await present(after.shortCode ?? '')).toBe('admit');
    });
  });

  it('to another printed code kills the one before, each time', async () => {
    const [ticket] = await issue([{ type: 1, code: 'CODE-0' }]);
    await deliver();
    const ours = await act(ticket?.id ?? '', 'transfer', { holder: {}, code: 'CODE-1' });
    expect(ours.text).toBeUndefined();
    await deliver();
    await act(ticket?.id ?? '', 'reissue', { code: 'CODE-2' });
    expect(await deliver()).toBe(2);
    await always(async () => {
      expect([await present('CODE-0'), await present('CODE-1'), await present('CODE-2')]).toEqual([
        'replaced',
        'replaced',
        'admit',
      ]);
    });
  });
});

describe('a ticket that pretix has signed', () => {
  const [{ qr } = { qr: '' }] = pretixVectors;
  const takeFromPretix = (items: readonly object[]): Promise<unknown> =>
    test.json('PUT', '/api/events/1/policy', { ...someEvent, pretix: { keys: pretixPublicKeys, items } }, 200);

  it('is let in by the rules of the event alone, and never where its item is none of them', async () => {
    await deliver();
    expect(await present(qr)).toBe('code-unknown');
    await takeFromPretix([{ item: 1, type: 1 }]);
    await deliver();
    await always(async () => expect(await present(qr)).toBe('admit'));
    await takeFromPretix([{ item: 2, type: 1 }]);
    await deliver();
    expect(await present(qr)).toBe('type-unknown');
  });

  it('is refused once it is cancelled here, and at the cloud is its ticket', async () => {
    await takeFromPretix([{ item: 1, type: 1 }]);
    const [ticket] = await issue([{ type: 1, code: qr }]);
    const verify = (data: string): Promise<unknown> =>
      test.json('POST', `/api/tickets/${ticket?.id}/methods/pretix/verify`, { presented_data: data }, 200);
    expect(await verify(pretixVectors[1]?.qr ?? '')).toMatchObject({ success: false, reason: 'other-ticket' });
    expect(await verify(qr)).toMatchObject({ success: true, reason: 'admitted' });
    await act(ticket?.id ?? '', 'revoke');
    await deliver();
    await always(async () => expect(await present(qr)).toBe('revoked'));
  });
});

describe('a gate that has not heard of it yet', () => {
  it('takes the new pass, which proves itself, and not the new short code, which does not', async () => {
    const [before] = await issue([{ type: 1 }]);
    await deliver();
    const after = await act(before?.id ?? '', 'reissue', {});
    expect(await present(after.text ?? '')).toBe('admit');
    expect(await present(after.shortCode ?? '')).toBe('code-unknown');
    await deliver();
    expect(await present(after.shortCode ?? '')).toBe('admit');
  });
});

describe('cancelling', () => {
  it('holds for every kind of code until the ticket is reinstated', async () => {
    const [own, printed] = await issue([{ type: 1 }, { type: 1, code: 'PRINTED' }]);
    await deliver();
    for (const ticket of [own, printed]) await act(ticket?.id ?? '', 'revoke');
    await deliver();
    const codes = [own?.text ?? '', own?.shortCode ?? '', 'PRINTED'];
    await always(async () => {
      for (const code of codes) expect(await present(code)).toBe('revoked');
    });
    for (const ticket of [own, printed]) await act(ticket?.id ?? '', 'reinstate');
    await deliver();
    for (const code of codes) expect(await present(code)).toBe('admit');
  });
});

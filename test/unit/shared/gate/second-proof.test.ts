// Goal: where an event asks for two proofs, nobody goes in by one of them, and whoever has both does not need anybody.
import { ok, type Presentation, type VerificationMethod } from '@postern/shared';
import { describe, expect, test } from 'vitest';
import { createRig, rigEvent, rigHoldTimeoutMs, ticketId, type Rig } from '../../../support/lane-rig.ts';

/** Believes `<id>:<number of the ticket>:<epoch>:<Unix seconds of its code>`, as far as it goes. */
const lookup = (id: string, assurance: 'looked-up' | 'signed' = 'looked-up'): VerificationMethod => ({
  id,
  assurance,
  generates: false,
  accepts: ({ text }: Presentation) => text.startsWith(`${id}:`),
  verify: async ({ text }) =>
    ok({
      method: id,
      event: rigEvent,
      ticketId: ticketId(Number(text.split(':')[1])),
      epoch: Number(text.split(':')[2] ?? 0),
      assurance,
      ...(text.split(':').length > 3 ? { issuedAtS: Number(text.split(':')[3]) } : {}),
    }),
  generate: async () => ({ ok: false, error: { type: 'nothing-to-generate' } }),
});
const methods = [lookup('card'), lookup('band'), lookup('pass', 'signed')];
const createVip = (): Promise<Rig> => createRig({ methods });
const steward = { operator: 'op1steward', role: 'steward' } as const;
const supervisor = { operator: 'op2superv', role: 'supervisor' } as const;
const holdOf = (rig: Rig): string => {
  const state = rig.lane.state();
  return state.name === 'held' ? state.holdId : '';
};

describe('a ticket that asks for two proofs unless one is signed', () => {
  test('goes in by the signed one alone', async () => {
    const rig = await createVip();
    await rig.scan('pass:9');
    expect(rig.marks()).toMatchObject([{ kind: 'admitted', method: 'pass' }]);
  });

  test('is held after the first, and goes in with the second, which the mark names', async () => {
    const rig = await createVip();
    await rig.scan('card:9');
    expect(rig.lane.state()).toMatchObject({ name: 'held', decision: { reason: 'second-factor' } });
    expect(rig.marks()).toEqual([]);
    await rig.scan('band:9');
    expect(rig.marks()).toMatchObject([{ kind: 'admitted', ticketId: ticketId(9), method: 'card+band' }]);
    expect(rig.answers()).toEqual(['hold', 'admit']);
    expect(rig.state()).toBe('passed');
  });

  test('is not helped by the same proof again, nor by one of somebody else, whose turn it is not', async () => {
    const rig = await createVip();
    await rig.scan('card:9');
    await rig.scan('card:9:0');
    await rig.scan('band:1');
    expect(rig.state()).toBe('held');
    expect(rig.answers()).toEqual(['hold', 'other-ticket']);
    await rig.scan('nonsense');
    expect(rig.answers()).toEqual(['hold', 'other-ticket', 'not-a-ticket']);
    await rig.scan('band:9');
    expect(rig.answers().at(-1)).toBe('admit');
    // Who was told to wait has not lost anything.
    await rig.time.advance(3_000);
    await rig.scan('band:1');
    expect(rig.answers().at(-1)).toBe('admit');
  });

  test('a second proof that was replaced proves nothing: the visitor begins again', async () => {
    const rig = await createVip();
    await rig.scan('card:8');
    expect(rig.answers()).toEqual(['admit']);
    await rig.time.advance(5_000);
    await rig.scan('card:9:1');
    await rig.scan('band:9:1');
    expect(rig.answers()).toEqual(['admit', 'hold', 'admit']);
    await rig.time.advance(5_000);
    await rig.scan('card:9:0');
    expect(rig.answers().at(-1)).toBe('replaced');
  });

  test('a steward cannot waive it, a supervisor can', async () => {
    const rig = await createVip();
    await rig.scan('card:9');
    const early = rig.lane.accept(holdOf(rig), steward);
    await rig.time.advance(100);
    expect(await early).toMatchObject({ ok: false, error: { type: 'role-too-low' } });
    const late = rig.lane.accept(holdOf(rig), supervisor);
    await rig.time.advance(100);
    expect(await late).toMatchObject({ ok: true, value: { kind: 'admit' } });
    expect(rig.marks()).toMatchObject([{ kind: 'admitted', method: 'card', approved: 'second-factor' }]);
  });

  test('a steward who says yes does not make an old picture of a rotating code a second proof', async () => {
    const rig = await createVip();
    const pictureOf = (secondsAgo: number): string =>
      `band:9:0:${Math.floor(rig.time.clock.wallMs() / 1_000) - secondsAgo}`;
    await rig.scan('card:9');
    const accepted = rig.lane.accept(holdOf(rig), steward);
    await rig.time.advance(100);
    expect(await accepted).toMatchObject({ ok: false, error: { type: 'role-too-low' } });
    await rig.scan(pictureOf(3_600));
    expect(rig.answers().at(-1)).toBe('expired');
    expect(rig.kinds()).toEqual(['refused']);
    await rig.time.advance(5_000);
    await rig.scan('card:9');
    await rig.scan(pictureOf(0));
    expect(rig.answers().at(-1)).toBe('admit');
  });

  test('of two rotating codes the newer one is not shown again either', async () => {
    const rig = await createVip();
    const stepS = Math.floor(rig.time.clock.wallMs() / 15_000) * 15;
    await rig.scan(`card:9:0:${stepS}`);
    await rig.time.advance(15_000);
    await rig.scan(`band:9:0:${stepS + 15}`);
    expect(rig.marks()).toMatchObject([{ kind: 'admitted', method: 'card+band', issuedAtS: stepS + 15 }]);
  });

  test.each([
    ['the newer one first', 'card:9:1', 'band:9:0'],
    ['the older one first', 'card:9:0', 'band:9:1'],
  ])('two proofs of which one was replaced by the other do not go together, %s', async (_what, first, second) => {
    const rig = await createVip();
    await rig.scan(first);
    await rig.scan(second);
    expect(rig.answers()).toEqual(['hold', 'replaced']);
    expect(rig.kinds()).toEqual(['refused']);
  });

  test('a yes, and a proof, that come while others show their codes are heard all the same', async () => {
    const accepted = await createVip();
    await accepted.scan('card:9');
    accepted.show('band:1');
    accepted.show('band:2');
    const yes = accepted.lane.accept(holdOf(accepted), supervisor);
    await accepted.time.advance(1_000);
    expect(await yes).toMatchObject({ ok: true, value: { kind: 'admit' } });
    expect(accepted.marks()).toContainEqual(expect.objectContaining({ kind: 'admitted', ticketId: ticketId(9) }));

    const proved = await createVip();
    await proved.scan('card:9');
    proved.show('band:1');
    proved.show('band:2');
    const proof = proved.lane.prove(holdOf(proved), {
      medium: 'optical',
      text: 'band:9',
      readerId: 'second',
      seenAtMs: 0,
    });
    await proved.time.advance(1_000);
    expect(await proof).toMatchObject({ ok: true, value: { kind: 'admit' } });
  });

  test('times out when nothing more comes, and no use is spent', async () => {
    const rig = await createVip();
    await rig.scan('card:9');
    await rig.time.advance(rigHoldTimeoutMs);
    expect(rig.answers()).toEqual(['hold', 'hold-timed-out']);
    expect(rig.kinds()).toEqual(['refused']);
    await rig.time.advance(10_000);
    await rig.scan('band:9');
    expect(rig.answers().at(-1)).toBe('hold');
  });
});

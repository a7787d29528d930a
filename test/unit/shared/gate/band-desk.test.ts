import { describe, expect, test } from 'vitest';
import { createBandDeskRig, supervisor } from '../../../support/band-desk-rig.ts';
import { ticketId } from '../../../support/lane-rig.ts';

describe('a band for a ticket', () => {
  test('is one mark, by the person who has done it, and says nothing of the band itself', async () => {
    const { bind, owner, marks } = createBandDeskRig();
    expect(await bind('T1', 1)).toMatchObject({ value: { ticketId: ticketId(1), mark: { kind: 'bound' } } });
    expect(marks).toMatchObject([{ kind: 'bound', operator: 'steward1', method: 'nfc', ticketId: ticketId(1) }]);
    expect(JSON.stringify(marks)).not.toContain('04000000000001');
    expect(owner(1)).toBe(ticketId(1));
  });

  test('given twice is given once', async () => {
    const { bind, marks } = createBandDeskRig();
    await bind('T1', 1);
    expect(await bind('T1', 1)).toEqual({ ok: true, value: { ticketId: ticketId(1) } });
    expect(marks).toHaveLength(1);
  });

  test('one for each of a party, and no more', async () => {
    const { bind } = createBandDeskRig();
    expect([(await bind('T2', 1)).ok, (await bind('T2', 2)).ok]).toEqual([true, true]);
    expect(await bind('T2', 3)).toMatchObject({ error: { type: 'ticket-has-its-bands', bands: 2 } });
  });

  test('in place of a lost one, which opens nothing any more', async () => {
    const { bind, owner } = createBandDeskRig();
    await bind('T1', 1);
    expect(await bind('T1', 2)).toMatchObject({ error: { type: 'ticket-has-its-bands' } });
    expect((await bind('T1', 2, { replace: 'lost-band' })).ok).toBe(true);
    expect([owner(1), owner(2)]).toEqual([undefined, ticketId(1)]);
  });
});

describe('a band that belongs to somebody', () => {
  test('is not taken from them by accident, nor by a steward; a supervisor may', async () => {
    const { bind, owner } = createBandDeskRig();
    await bind('T1', 1);
    expect(await bind('T2', 1)).toMatchObject({ error: { type: 'band-of-another-ticket' } });
    expect(await bind('T2', 1, { replace: 'other-ticket' })).toMatchObject({ error: { type: 'role-too-low' } });
    expect(owner(1)).toBe(ticketId(1));
    expect((await bind('T2', 1, { by: supervisor, replace: 'other-ticket' })).ok).toBe(true);
    expect(owner(1)).toBe(ticketId(2));
  });

  test('can be taken from them, and then be given to somebody else', async () => {
    const { bind, unbind, owner } = createBandDeskRig();
    await bind('T1', 1);
    expect(await unbind(1)).toMatchObject({ value: { ticketId: ticketId(1) } });
    expect(owner(1)).toBeUndefined();
    expect(await unbind(1)).toMatchObject({ error: { type: 'band-unbound' } });
    expect((await bind('T2', 1)).ok).toBe(true);
    expect(owner(1)).toBe(ticketId(2));
  });
});

describe('who may know more', () => {
  test('is asked before a band is linked, and not again once it is', async () => {
    const asked: unknown[] = [];
    const { bind } = createBandDeskRig({
      foresee: async ({ ticket, lost, takesOver }) => void asked.push([ticket.id, lost !== undefined, takesOver]),
    });
    await bind('T1', 1);
    await bind('T1', 1);
    await bind('T1', 2);
    await bind('T1', 2, { replace: 'lost-band' });
    await bind('T2', 2, { by: supervisor, replace: 'other-ticket' });
    expect(asked).toEqual([
      [ticketId(1), false, false],
      [ticketId(1), true, false],
      [ticketId(2), false, true],
    ]);
  });

  test('and has something against it: nothing is recorded', async () => {
    const { bind, marks } = createBandDeskRig({ foresee: async () => ({ type: 'band-reserved' }) });
    expect(await bind('T1', 1)).toEqual({ ok: false, error: { type: 'band-reserved' } });
    expect(marks).toEqual([]);
  });
});

test.each([
  ['forged', 'signature-invalid'],
  ['elsewhere', 'other-event'],
  ['T9', 'ticket-unknown'],
  ['T3', 'revoked'],
  ['T4', 'replaced'],
])('no band for %s: %s', async (text, type) => {
  const { bind, marks } = createBandDeskRig();
  expect(await bind(text, 1)).toMatchObject({ error: { type: 'refused', refusal: { type } } });
  expect(marks).toEqual([]);
});

describe('a code that is worth nothing at a lane any more', () => {
  test('buys no band: an old picture of one that rotates, one that is over, one of a method that is switched off', async () => {
    const { bind, marks, nowS, setTimeTrusted } = createBandDeskRig();
    const refusalOf = async (text: string): Promise<unknown> => {
      const bound = await bind(text, 1);
      return bound.ok || bound.error.type !== 'refused' ? bound : bound.error.refusal.type;
    };
    expect(await refusalOf(`T1@${nowS - 3_600}`)).toBe('expired');
    expect(await refusalOf(`T1@${nowS + 3_600}`)).toBe('not-yet-valid');
    expect(await refusalOf(`T1-${nowS}`)).toBe('expired');
    expect(await refusalOf('T1/off')).toBe('method-off');
    setTimeTrusted(false);
    expect(await refusalOf(`T1@${nowS}`)).toBe('clock-untrusted');
    expect(marks).toEqual([]);
  });

  test('was of now when it was shown, and the band was not in the hand yet', async () => {
    const { bind, nowS } = createBandDeskRig();
    expect((await bind(`T1@${nowS - 120}`, 1)).ok).toBe(true);
    expect((await bind(`T2-${nowS + 1}`, 2)).ok).toBe(true);
  });

  test('is enough to try again with a band that has been given for it', async () => {
    const { bind, marks, nowS } = createBandDeskRig();
    await bind(`T1@${nowS}`, 1);
    expect(await bind(`T1@${nowS - 3_600}`, 1)).toEqual({ ok: true, value: { ticketId: ticketId(1) } });
    expect(marks).toHaveLength(1);
  });
});

test('what could not be written down is not done', async () => {
  const { bind, owner, setBroken } = createBandDeskRig();
  setBroken(true);
  expect(await bind('T1', 1)).toMatchObject({ error: { type: 'store-failed' } });
  setBroken(false);
  expect(owner(1)).toBeUndefined();
});

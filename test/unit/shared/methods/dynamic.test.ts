// Goal: what `generate` binds to a phone's key, `verify` believes from that phone alone; at a real lane screenshots die, codes are good
// once, and a code that rotates in the hand stays one presentation.
import {
  base45Encode,
  base64UrlToBytes,
  bytesToHex,
  decide,
  decodeMark,
  dynamicMethod,
  encodeDynamicPass,
  encodeMark,
  foldHistory,
  historyRules,
  keyId,
  keyPairFromSeed,
  knownMethods,
  ready,
  type Claim,
  type KeyPair,
  type Lookups,
  type Mark,
  type Presentation,
  type Ticket,
} from '@postern/shared';
import { beforeAll, describe, expect, test } from 'vitest';
import { outOfViewMs } from '../../../../shared/src/gate/views.ts';
import {
  createRig,
  policy,
  rigEvent,
  ticketId,
  tickets,
  type Rig,
  type RigOptions,
} from '../../../support/lane-rig.ts';
import { virtualStartMs } from '../../../support/virtual-time.ts';

const aCredentialId: unknown = expect.stringMatching(/^[0-9a-f]{16}$/);

let issuer: KeyPair;
let phone: KeyPair;
let issuerKey: Lookups['issuerKey'];
beforeAll(async () => {
  await ready;
  issuer = keyPairFromSeed(new Uint8Array(32).fill(1));
  phone = keyPairFromSeed(new Uint8Array(32).fill(2));
  issuerKey = (id) => (id === keyId(issuer.publicKey) ? { publicKey: issuer.publicKey, state: 'active' } : undefined);
});

const signal = new AbortController().signal;
const ticket = (n: number): Ticket => tickets[n - 1] ?? { id: '', type: 0, epoch: 0, status: 'valid', party: 1 };
const generate = (options: unknown, n = 1) =>
  dynamicMethod.generate({ event: rigEvent, ticket: ticket(n), options, nowMs: virtualStartMs }, issuer);

/** What the phone keeps for ticket `n`. */
async function enrol(n: number, keys = phone): Promise<Uint8Array> {
  const generated = await generate({ holderKey: bytesToHex(keys.publicKey) }, n);
  const holderPass = generated.ok ? base64UrlToBytes(String(generated.value.payload['holderPass'])) : undefined;
  if (holderPass === undefined) throw new Error('nothing generated');
  return holderPass;
}

const codeOf = async (n: number, atS: number): Promise<string> => encodeDynamicPass(await enrol(n), phone, atS);
const shown = (text: string): Presentation => ({ medium: 'optical', text, readerId: 'camera', seenAtMs: 0 });
const verify = (text: string) =>
  dynamicMethod.verify(
    shown(text),
    {
      event: rigEvent,
      issuerKey,
      ticketByCode: () => undefined,
      ticketByShortCode: () => undefined,
      tag: () => ({ type: 'unbound' }),
    },
    signal,
  );

describe('generate and verify', () => {
  test('a phone gets its pass and the length of a step, and its codes are claimed as what they are', async () => {
    const atS = 1_790_000_010;
    expect(await generate({ holderKey: bytesToHex(phone.publicKey).toUpperCase() })).toEqual({
      ok: true,
      value: { credentialId: aCredentialId, payload: { holderPass: expect.any(String), stepS: 15 } },
    });
    const text = `]Q3${await codeOf(1, atS + 3)}\r\n`;
    expect(dynamicMethod.accepts(shown(text))).toBe(true);
    expect(await verify(text)).toEqual({
      ok: true,
      value: {
        method: 'dynamic',
        assurance: 'signed',
        ticketId: ticketId(1),
        event: rigEvent,
        type: 0,
        epoch: 0,
        keyId: keyId(issuer.publicKey),
        credentialId: aCredentialId,
        issuedAtS: atS,
      },
    });
  });

  test('the pass carries the window of its ticket', async () => {
    const generated = await dynamicMethod.generate(
      {
        event: rigEvent,
        ticket: { ...ticket(1), validFromS: 10, validUntilS: 20 },
        options: { holderKey: bytesToHex(phone.publicKey) },
        nowMs: 0,
      },
      issuer,
    );
    const holderPass =
      base64UrlToBytes(String(generated.ok && generated.value.payload['holderPass'])) ?? new Uint8Array();
    expect(await verify(encodeDynamicPass(holderPass, phone, 15))).toMatchObject({
      value: { notBeforeS: 10, expiresS: 20 },
    });
  });

  test.each([
    ['no options', undefined],
    ['no key', {}],
    ['a key of 31 bytes', { holderKey: '00'.repeat(31) }],
    ['a key that is not hexadecimal', { holderKey: 'zz'.repeat(32) }],
    ['an option that is not known', { holderKey: '11'.repeat(32), expiresIn: 5 }],
  ])('%s: nothing is bound', async (_what, options) => {
    expect(await generate(options)).toMatchObject({ ok: false, error: { type: 'options-invalid' } });
  });

  test.each([
    ['of small order', '00'.repeat(32)],
    ['in a second encoding', `ee${'ff'.repeat(30)}7f`],
    ['off the curve', `02${'00'.repeat(31)}`],
  ])('a key %s is not enrolled', async (_what, holderKey) => {
    expect(await generate({ holderKey })).toMatchObject({ ok: false, error: { type: 'holder-key-unsound' } });
  });

  test('another phone’s code is refused, and so is what is damaged', async () => {
    const thief = keyPairFromSeed(new Uint8Array(32).fill(3));
    expect((await verify(encodeDynamicPass(await enrol(1), thief, 15))).ok).toBe(false);
    expect(await verify((await codeOf(1, 15)).slice(0, -1))).toEqual({ ok: false, error: { type: 'malformed' } });
  });
});

/** Seconds of the lane's clock. */
const nowS = (rig: Rig): number => rig.time.clock.wallMs() / 1_000;
const realRig = (options: RigOptions = {}): Promise<Rig> =>
  createRig({ methods: knownMethods, lookups: { issuerKey }, ...options });

describe('at a lane', () => {
  test('a code opens once; the next one of the same ticket is told that it was used', async () => {
    const rig = await realRig();
    await rig.scan(await codeOf(1, nowS(rig)), 5_000);
    expect(rig.marks()).toMatchObject([{ kind: 'admitted', method: 'dynamic', issuedAtS: 1_699_999_995 }]);
    await rig.scan(await codeOf(1, nowS(rig)), 20_000);
    await rig.scan(await codeOf(1, nowS(rig)));
    expect(rig.answers()).toEqual(['admit', 'code-replayed', 'already-used']);
  });

  test('a screenshot is dead when its step and one more are over, before anybody has used the ticket', async () => {
    const rig = await realRig();
    const screenshot = await codeOf(1, nowS(rig));
    // The rig's clock is sure to 10 ms.
    await rig.time.advance((1_699_999_995 + 30) * 1_000 + 10 - rig.time.clock.wallMs());
    await rig.scan(screenshot, 5_000);
    await rig.scan(await codeOf(1, nowS(rig)));
    expect(rig.answers()).toEqual(['expired', 'admit']);
  });

  test('a copy of the pass inside a code opens nothing', async () => {
    const rig = await realRig();
    await rig.scan(`PN1:${base45Encode(await enrol(1))}`);
    await rig.scan(`PN2:${base45Encode(await enrol(1))}`);
    expect(rig.answers()).toEqual(['assurance-too-low', 'malformed']);
    expect(rig.turnstile.counts().openings).toBe(0);
  });

  test('a code that rotates in the hand is one presentation, for as long as it is in view', async () => {
    const rig = await realRig();
    for (let n = 0; n < 120; n++) await rig.scan(await codeOf(1, nowS(rig)), 1_000);
    expect(rig.answers()).toEqual(['admit']);
    expect(rig.kinds()).toEqual(['admitted']);
  });

  test('a code that rotates while a person decides is one presentation, and has not aged when they say yes', async () => {
    const rig = await realRig();
    for (let n = 0; n < 28; n++) await rig.scan(await codeOf(4, nowS(rig)), 1_000);
    const state = rig.lane.state();
    const accepted = rig.lane.accept(state.name === 'held' ? state.holdId : '', { operator: 'op', role: 'steward' });
    await rig.time.advance(1_000);
    expect(await accepted).toMatchObject({ ok: true, value: { kind: 'admit' } });
    expect(rig.answers()).toEqual(['hold', 'admit']);
  });

  test('whoever is told to wait for the next code is let in with it, without taking the phone away', async () => {
    const rig = await realRig();
    // Ticket 8 may come back: in, out by a steward, and in again with the code of the same step.
    await rig.scan(await codeOf(8, nowS(rig)), outOfViewMs);
    const [entry] = rig.marks();
    if (entry?.kind !== 'admitted') throw new Error('not let in');
    const { ticketId: id, epoch, method, event, lane, zone } = entry;
    void rig.store.append({ kind: 'passed-out', event, lane, zone, ticketId: id, epoch, method });
    await rig.time.advance(100);
    for (let n = 0; n < 30; n++) await rig.scan(await codeOf(8, nowS(rig)), 500);
    expect(rig.answers()).toEqual(['admit', 'code-replayed', 'admit']);
  });

  test('whoever shows a picture first is let in with the phone right after it', async () => {
    const rig = await realRig();
    await rig.scan(await codeOf(1, nowS(rig) - 300), 300);
    await rig.scan(await codeOf(1, nowS(rig)), 1_000);
    expect(rig.answers()).toEqual(['expired', 'admit']);
  });

  test('the same code is good again after nobody passed, and for the rest of a party', async () => {
    const rig = await realRig();
    rig.turnstile.plan({ type: 'lapse' }, { type: 'pass' }, { type: 'part', persons: 1 }, { type: 'pass' });
    const lone = await codeOf(1, nowS(rig));
    await rig.scan(lone, 5_100);
    await rig.scan(lone, 5_100);
    const party = await codeOf(5, nowS(rig));
    await rig.scan(party, 5_100);
    await rig.scan(party, 5_100);
    expect(rig.answers()).toEqual(['admit', 'admit', 'admit', 'admit']);
  });
});

describe('at two gates', () => {
  const rules = historyRules(policy, { type: 3, party: 1 });
  const claimOf = async (atS: number): Promise<Claim> => {
    const verified = await verify(await codeOf(8, atS));
    if (!verified.ok) throw new Error(verified.error.type);
    return verified.value;
  };
  const decideAt = (gate: string, claim: Claim, nowMs: number, marks: readonly Mark[]) =>
    decide({
      claim,
      ticket: ticket(8),
      history: foldHistory(marks, rules),
      policy,
      time: { nowMs, trusted: true, source: 'server', uncertaintyMs: 20 },
      lane: { id: 'lane-1', gate, zone: 'hall', direction: 'entry' },
      occupancy: () => ({ known: 0, spentOutOfTouch: 0 }),
      feedAgeMs: 0,
      inTouch: true,
    });

  test('a code that one has let in is refused at the other as soon as it has heard, and the next one is not', async () => {
    const rig = await realRig();
    const atS = nowS(rig);
    await rig.scan(await codeOf(8, atS), 3_000);
    const [entry] = rig.marks();
    if (entry?.kind !== 'admitted') throw new Error('not let in');
    // As it travels: the mark's bytes, and a passing out so that only the code stands in the way.
    const writer = { event: rigEvent, gate: entry.gate, boot: entry.boot };
    const arrived = decodeMark(encodeMark(entry), writer);
    if (!arrived.ok) throw new Error(arrived.error.type);
    const out: Mark = { ...arrived.value, kind: 'passed-out', zone: 'hall', sequence: 2 } as Mark;
    const heard = [arrived.value, out];

    const nowMs = rig.time.clock.wallMs();
    const answer = async (codeAtS: number, marks: readonly Mark[], laterMs = 0) => {
      const decision = decideAt('south', await claimOf(codeAtS), nowMs + laterMs, marks);
      return decision.kind === 'refuse' ? decision.refusal.type : decision.kind;
    };
    expect(await answer(atS, [])).toBe('admit');
    expect(await answer(atS, heard)).toBe('code-replayed');
    expect(await answer(atS + 15, heard, 15_000)).toBe('admit');
    expect(await answer(atS, heard, 60_000)).toBe('expired');
  });
});

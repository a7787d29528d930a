// The acceptance suite of a verification method: what the lane, the cloud's central verify and the audit rely on, whatever is presented.
// Every method runs it.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  decide,
  foldHistory,
  historyRules,
  isAtLeast,
  isText,
  keyPairFromSeed,
  ready,
  refusalCodes,
  type Claim,
  type KeyPair,
  type Lookups,
  type Presentation,
  type Ticket,
  type VerificationMethod,
} from '@postern/shared';
import { createRig, policy, rigEvent, tickets } from '../support/lane-rig.ts';
import { virtualStartMs } from '../support/virtual-time.ts';

/** The ticket whose holder presents it: an ordinary one, for one person and one entry. */
export const presentedTicket: Ticket = tickets[0] ?? { id: '', type: 0, epoch: 0, status: 'valid', party: 1 };

export interface MethodHarness {
  /** What a gate of `rigEvent` knows beside nothing, once the library of keys is ready. */
  readonly lookups: (issuer: KeyPair) => Partial<Lookups>;
  /** What the holder of `presentedTicket` holds up at `virtualStartMs`. */
  readonly present: (issuer: KeyPair) => Promise<Presentation>;
  /** What `generate` asks for, where the method makes anything. */
  readonly options?: () => unknown;
}

const decideInput = {
  history: foldHistory([], historyRules(policy, { type: 0, party: 1 })),
  time: { nowMs: virtualStartMs, trusted: true, source: 'server', uncertaintyMs: 10 },
  lane: { id: 'lane-1', gate: 'north', zone: 'hall', direction: 'entry' },
  occupancy: () => ({ known: 0, spentOutOfTouch: 0 }),
  feedAgeMs: 0,
  inTouch: true,
} as const;

export function describeMethodContract(method: VerificationMethod, harness: MethodHarness): void {
  describe(`${method.id} keeps the contract of a verification method`, () => {
    let issuer: KeyPair;
    let lookups: Lookups;
    let shown: Presentation;
    beforeAll(async () => {
      await ready;
      issuer = keyPairFromSeed(new Uint8Array(32).fill(11));
      lookups = {
        event: rigEvent,
        issuerKey: () => undefined,
        ticketByCode: () => undefined,
        ticketByShortCode: () => undefined,
        tag: () => ({ type: 'unbound' }),
        ...harness.lookups(issuer),
      };
      shown = await harness.present(issuer);
    });
    const verify = (presentation: Presentation, known = lookups, signal = new AbortController().signal) =>
      method.verify(presentation, known, signal);
    const generate = (options: unknown) =>
      method.generate({ event: rigEvent, ticket: presentedTicket, options, nowMs: virtualStartMs }, issuer);

    test('its id is short and plain: marks, switches and addresses carry it', () => {
      expect(method.id).toMatch(/^[a-z][a-z0-9-]{0,31}$/);
    });

    test('claims the ticket of its holder, at this event, with no more assurance than it states', async () => {
      expect(method.accepts(shown)).toBe(true);
      const claim = await verify(shown);
      expect(claim).toMatchObject({
        ok: true,
        value: { method: method.id, event: rigEvent, ticketId: presentedTicket.id, epoch: presentedTicket.epoch },
      });
      if (claim.ok) expect(isAtLeast(method.assurance, claim.value.assurance)).toBe(true);
    });

    test('what proves nothing by itself lets nobody in, and counts beside another proof', async () => {
      const claim = await verify(shown);
      if (!claim.ok) throw new Error('nothing claimed');
      expect(claim.value.onlyBeside).toBe(method.onlyBeside);
      const other: Claim = { ...claim.value, method: 'another', assurance: 'signed' };
      const { onlyBeside: _beside, ...first } = other;
      const together = { ...decideInput, policy, ticket: presentedTicket, claim: first, others: [claim.value] };
      expect(decide(together).kind).toBe('admit');
      if (method.onlyBeside !== true) return;
      expect(decide({ ...decideInput, policy, ticket: presentedTicket, claim: claim.value })).toMatchObject({
        kind: 'refuse',
        refusal: { type: 'assurance-too-low' },
      });
      const rig = await createRig({ methods: [method], lookups });
      rig.lane.present(shown);
      await rig.time.advance(1_000);
      expect(rig.answers()).toEqual(['assurance-too-low']);
    });

    test('at a lane its ticket goes in once, and the mark says by which method', async () => {
      if (method.onlyBeside === true) return;
      const rig = await createRig({ methods: [method], lookups });
      rig.lane.present(shown);
      await rig.time.advance(1_000);
      expect(rig.marks()).toMatchObject([{ kind: 'admitted', ticketId: presentedTicket.id, method: method.id }]);
      // Another gate's reader, or the same one after the visitor has gone out of its view.
      const again = await createRig({
        methods: [method],
        lookups,
        store: () => ({ store: rig.store, marks: rig.marks }),
      });
      again.lane.present(shown);
      await Promise.all([rig.time.advance(1_000), again.time.advance(1_000)]);
      expect(again.answers()).not.toContain('admit');
      expect(rig.kinds().filter((kind) => kind === 'admitted')).toEqual(['admitted']);
    });

    test('is refused where an event has switched it off, and where its ticket is cancelled', async () => {
      const claim = await verify(shown);
      if (!claim.ok) throw new Error('nothing claimed');
      const { onlyBeside: _beside, ...alone } = claim.value;
      const input = { ...decideInput, claim: alone };
      expect(decide({ ...input, policy, ticket: presentedTicket }).kind).toBe('admit');
      expect(
        decide({ ...input, policy: { ...policy, methodsOff: [method.id] }, ticket: presentedTicket }),
      ).toMatchObject({ kind: 'refuse', refusal: { type: 'method-off' } });
      expect(decide({ ...input, policy, ticket: { ...presentedTicket, status: 'revoked' } })).toMatchObject({
        kind: 'refuse',
        refusal: { type: 'revoked' },
      });
    });

    test('what is altered anywhere does not claim that ticket', async () => {
      for (const altered of alterations(shown)) {
        if (!method.accepts(altered)) continue;
        const claim = await verify(altered);
        expect(claim.ok ? claim.value.ticketId : undefined, altered.text).not.toBe(presentedTicket.id);
      }
    });

    test('at a gate that knows nothing it proves nothing', async () => {
      const known: Lookups = {
        event: rigEvent,
        issuerKey: () => undefined,
        ticketByCode: () => undefined,
        ticketByShortCode: () => undefined,
        tag: () => ({ type: 'unbound' }),
      };
      const claim = await verify(shown, known);
      expect(claim.ok ? 'a claim' : refusalCodes.includes(claim.error.type)).toBe(true);
    });

    test('answers whatever is presented with a claim or a code of the closed list, and never throws', async () => {
      await fc.assert(
        fc.asyncProperty(anyPresentation, async (presentation) => {
          if (!method.accepts(presentation)) return;
          const claim = await verify(presentation);
          expect(claim.ok || refusalCodes.includes(claim.error.type)).toBe(true);
        }),
        { numRuns: 2_000 },
      );
    });

    test('settles when its signal is aborted', async () => {
      const claim = await verify(shown, lookups, AbortSignal.abort());
      expect(claim.ok || refusalCodes.includes(claim.error.type)).toBe(true);
    });

    test('generates what it believes, or says that there is nothing; and refuses options that are none of its own', async () => {
      for (const options of ['soon', 5, [], { nonsense: true }, { uid: 5 }, { holderKey: 'x' }])
        expect((await generate(options)).ok).toBe(false);
      const generated = await generate(harness.options?.());
      expect(generated.ok).toBe(method.generates);
      if (!generated.ok) expect(generated.error.type).toBe('nothing-to-generate');
      else expect(JSON.parse(JSON.stringify(generated.value.payload))).toEqual(generated.value.payload);
    });
  });
}

/** The same with one character or byte after the other changed. */
function* alterations(shown: Presentation): Iterable<Presentation> {
  if (isText(shown)) {
    const { text } = shown;
    for (let place = 0; place < text.length; place++) {
      const other = text[place] === 'A' ? 'B' : 'A';
      yield { ...shown, text: `${text.slice(0, place)}${other}${text.slice(place + 1)}` };
    }
    return;
  }
  const flip = (bytes: Uint8Array, place: number): Uint8Array =>
    bytes.map((byte, index) => (index === place ? byte ^ 1 : byte));
  if (shown.medium === 'face') {
    yield { ...shown, ticketId: `${shown.ticketId.slice(0, -1)}${shown.ticketId.endsWith('0') ? '1' : '0'}` };
    // One step more or less is the same face; another one differs in all of it.
    yield { ...shown, template: shown.template.map((byte) => byte ^ 0x7f) };
    yield { ...shown, template: shown.template.subarray(1) };
    return;
  }
  if (shown.medium === 'nfc' || shown.proof === undefined) {
    const id = shown.medium === 'nfc' ? shown.uid : shown.id;
    for (let place = 0; place < id.length; place++)
      yield shown.medium === 'nfc' ? { ...shown, uid: flip(id, place) } : { ...shown, id: flip(id, place) };
    return;
  }
  // What can answer for itself is known by that, whatever it calls itself.
  const { proof } = shown;
  for (const part of ['credential', 'challenge', 'signature'] as const)
    for (let place = 0; place < proof[part].length; place++)
      yield { ...shown, proof: { ...proof, [part]: flip(proof[part], place) } };
}

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const seen = { readerId: 'reader', seenAtMs: 0 };
const prefixes = fc.constantFrom('', 'PN1:', 'PN2:', 'PG1:', 'TOY:', ']Q3PN1:', 'HTTPS://');
const anyPresentation: fc.Arbitrary<Presentation> = fc.oneof(
  fc
    .tuple(fc.constantFrom(presentedTicket.id, 'nobody'), fc.uint8Array({ minLength: 126, maxLength: 130 }))
    .map(([ticketId, template]) => ({ ...seen, medium: 'face' as const, text: 'face:', ticketId, template })),
  fc
    .tuple(prefixes, fc.string({ unit: 'binary', maxLength: 300 }))
    .map(([prefix, text]) => ({ ...seen, medium: 'optical' as const, text: `${prefix}${text}` })),
  fc
    .tuple(prefixes, fc.base64String({ maxLength: 300 }))
    .map(([prefix, text]) => ({ ...seen, medium: 'typed' as const, text: `${prefix}${text}` })),
  fc.tuple(bytes(10), bytes(200)).map(([uid, ndef]) => ({ ...seen, medium: 'nfc' as const, text: 'nfc:', uid, ndef })),
  fc.tuple(bytes(32), bytes(200), bytes(20), bytes(70)).map(([id, credential, challenge, signature]) => ({
    ...seen,
    medium: 'ble' as const,
    text: 'ble:',
    id,
    proof: { gate: 'north', credential, challenge, signature },
  })),
);

import {
  createBandDesk,
  createMethodRegistry,
  err,
  foldBindings,
  ok,
  tagHash,
  type BandAction,
  type Mark,
  type MarkDraft,
  type Store,
  type Ticket,
  type VerificationMethod,
} from '@postern/shared';
import { beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../../support/lane-rig.ts';
import { createVirtualTime } from '../../../support/virtual-time.ts';

const event = 7;
const key = new Uint8Array(32).fill(7);
const steward = { operator: 'steward1', role: 'steward' } as const;
const supervisor = { operator: 'super1', role: 'supervisor' } as const;
const signal = new AbortController().signal;
const band = (n: number): Uint8Array => new Uint8Array([4, 0, 0, 0, 0, 0, n]);
const ticketId = (n: number): string => n.toString(16).padStart(32, '0');
const tickets = new Map<string, Ticket>(
  [
    { id: ticketId(1), status: 'valid', party: 1, epoch: 0 },
    { id: ticketId(2), status: 'valid', party: 2, epoch: 0 },
    { id: ticketId(3), status: 'revoked', party: 1, epoch: 0 },
    { id: ticketId(4), status: 'valid', party: 1, epoch: 5 },
  ].map((fields) => [fields.id, { type: 0, ...fields } as Ticket]),
);

/** Believes `T<n>` at epoch 0. */
const method: VerificationMethod = {
  id: 'qr',
  assurance: 'signed',
  generates: false,
  accepts: () => true,
  verify: async ({ text }) =>
    text === 'forged'
      ? err({ type: 'signature-invalid' })
      : ok({
          method: 'qr',
          event: text === 'elsewhere' ? 9 : event,
          ticketId: ticketId(Number(text.slice(1))),
          epoch: 0,
          assurance: 'signed',
        }),
  generate: async () => err({ type: 'nothing-to-generate' }),
};

let marks: Mark[];
let broken: boolean;
beforeEach(() => {
  marks = [];
  broken = false;
});

function createDesk() {
  const append = async (draft: MarkDraft) => {
    if (broken) return err({ type: 'store-failed', cause: 'the disk is full' } as const);
    const mark = {
      ...draft,
      gate: 'north',
      boot: 'aa',
      sequence: marks.length + 1,
      at: { ms: marks.length, counter: 0 },
    };
    marks.push(mark as unknown as Mark);
    return ok(mark as unknown as Mark);
  };
  const { clock } = createVirtualTime();
  const noLookups = { issuerKey: () => undefined, ticketByCode: () => undefined, ticketByShortCode: () => undefined };
  const desk = createBandDesk({
    registry: createMethodRegistry({
      methods: [method],
      lookups: { ...noLookups, tag: () => ({ type: 'unbound' }), event },
      clock,
      logger: silentLogger,
    }),
    events: [
      {
        event,
        store: { append } as unknown as Store,
        ticket: (id) => tickets.get(id),
        tagHash: (medium, id) => tagHash(key, medium, id),
        bindings: () => foldBindings(marks, (id) => tickets.get(id)?.party ?? 1),
      },
    ],
  });
  const presentation = (text: string) => ({ medium: 'typed', text, readerId: 'desk', seenAtMs: 0 }) as const;
  const bind = (
    text: string,
    n: number,
    fields: { by?: typeof steward | typeof supervisor; replace?: 'lost-band' | 'other-ticket' } = {},
  ) => {
    const { by = steward, replace } = fields;
    const action: BandAction = {
      type: 'bind-band',
      presentation: presentation(text),
      medium: 'nfc',
      id: band(n),
      ...(replace === undefined ? {} : { replace }),
    };
    return desk.act(by, action, signal);
  };
  const unbind = (n: number) => desk.act(supervisor, { type: 'unbind-band', medium: 'nfc', id: band(n) }, signal);
  const owner = (n: number): string | undefined => {
    const state = foldBindings(marks, (id) => tickets.get(id)?.party ?? 1).tag(tagHash(key, 'nfc', band(n)));
    return state.type === 'bound' ? state.ticketId : state.type === 'conflict' ? 'conflict' : undefined;
  };
  return { bind, unbind, owner };
}

describe('a band for a ticket', () => {
  test('is one mark, by the person who has done it, and says nothing of the band itself', async () => {
    const { bind, owner } = createDesk();
    expect(await bind('T1', 1)).toMatchObject({ value: { ticketId: ticketId(1), mark: { kind: 'bound' } } });
    expect(marks).toMatchObject([{ kind: 'bound', operator: 'steward1', method: 'nfc', ticketId: ticketId(1) }]);
    expect(JSON.stringify(marks)).not.toContain('04000000000001');
    expect(owner(1)).toBe(ticketId(1));
  });

  test('given twice is given once', async () => {
    const { bind } = createDesk();
    await bind('T1', 1);
    expect(await bind('T1', 1)).toEqual({ ok: true, value: { ticketId: ticketId(1) } });
    expect(marks).toHaveLength(1);
  });

  test('one for each of a party, and no more', async () => {
    const { bind } = createDesk();
    expect([(await bind('T2', 1)).ok, (await bind('T2', 2)).ok]).toEqual([true, true]);
    expect(await bind('T2', 3)).toMatchObject({ error: { type: 'ticket-has-its-bands', bands: 2 } });
  });

  test('in place of a lost one, which opens nothing any more', async () => {
    const { bind, owner } = createDesk();
    await bind('T1', 1);
    expect(await bind('T1', 2)).toMatchObject({ error: { type: 'ticket-has-its-bands' } });
    expect((await bind('T1', 2, { replace: 'lost-band' })).ok).toBe(true);
    expect([owner(1), owner(2)]).toEqual([undefined, ticketId(1)]);
  });
});

describe('a band that belongs to somebody', () => {
  test('is not taken from them by accident, nor by a steward; a supervisor may', async () => {
    const { bind, owner } = createDesk();
    await bind('T1', 1);
    expect(await bind('T2', 1)).toMatchObject({ error: { type: 'band-of-another-ticket' } });
    expect(await bind('T2', 1, { replace: 'other-ticket' })).toMatchObject({ error: { type: 'role-too-low' } });
    expect(owner(1)).toBe(ticketId(1));
    expect((await bind('T2', 1, { by: supervisor, replace: 'other-ticket' })).ok).toBe(true);
    expect(owner(1)).toBe(ticketId(2));
  });

  test('can be taken from them, and then be given to somebody else', async () => {
    const { bind, unbind, owner } = createDesk();
    await bind('T1', 1);
    expect(await unbind(1)).toMatchObject({ value: { ticketId: ticketId(1) } });
    expect(owner(1)).toBeUndefined();
    expect(await unbind(1)).toMatchObject({ error: { type: 'band-unbound' } });
    expect((await bind('T2', 1)).ok).toBe(true);
    expect(owner(1)).toBe(ticketId(2));
  });
});

test.each([
  ['forged', 'signature-invalid'],
  ['elsewhere', 'other-event'],
  ['T9', 'ticket-unknown'],
  ['T3', 'revoked'],
  ['T4', 'replaced'],
])('no band for %s: %s', async (text, type) => {
  const { bind } = createDesk();
  expect(await bind(text, 1)).toMatchObject({ error: { type: 'refused', refusal: { type } } });
  expect(marks).toEqual([]);
});

test('what could not be written down is not done', async () => {
  const { bind, owner } = createDesk();
  broken = true;
  expect(await bind('T1', 1)).toMatchObject({ error: { type: 'store-failed' } });
  broken = false;
  expect(owner(1)).toBeUndefined();
});

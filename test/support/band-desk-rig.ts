// The real band desk on a bench: ticket n is shown as "T<n>", what is written stays in memory, and the store fails on demand.
import {
  admissionPolicySchema,
  createBandDesk,
  createMethodRegistry,
  err,
  foldBindings,
  ok,
  tagHash,
  type BandAction,
  type BandDeskDeps,
  type Mark,
  type MarkDraft,
  type Store,
  type Ticket,
  type VerificationMethod,
} from '@postern/shared';
import { silentLogger, ticketId } from './lane-rig.ts';
import { createVirtualTime } from './virtual-time.ts';

const event = 7;
const policy = admissionPolicySchema.parse({ event, name: 'Rig', types: [], zones: [], methodsOff: ['switched-off'] });
const key = new Uint8Array(32).fill(7);
export const steward = { operator: 'steward1', role: 'steward' } as const;
export const supervisor = { operator: 'superv01', role: 'supervisor' } as const;
const signal = new AbortController().signal;
export const band = (n: number): Uint8Array => new Uint8Array([4, 0, 0, 0, 0, 0, n]);
/** 1 alone, 2 a party of two, 3 revoked, 4 issued anew since. */
const tickets = new Map<string, Ticket>(
  [
    { id: ticketId(1), status: 'valid', party: 1, epoch: 0 },
    { id: ticketId(2), status: 'valid', party: 2, epoch: 0 },
    { id: ticketId(3), status: 'revoked', party: 1, epoch: 0 },
    { id: ticketId(4), status: 'valid', party: 1, epoch: 5 },
  ].map((fields) => [fields.id, { type: 0, ...fields } as Ticket]),
);

/** `T1@<s>` rotates and is of the step that begins then, `T1-<s>` is good until then, Unix seconds. */
const secondsIn = (text: string): { readonly issuedAtS?: number; readonly expiresS?: number } => {
  const [, kind, seconds] = /^T\d+([@-])(\d+)$/.exec(text) ?? [];
  if (kind === undefined) return {};
  return kind === '@' ? { issuedAtS: Number(seconds) } : { expiresS: Number(seconds) };
};

/** Believes `T<n>` at epoch 0; `T<n>/off` is shown by a method that the event has switched off. */
const method: VerificationMethod = {
  id: 'qr',
  assurance: 'signed',
  generates: false,
  accepts: () => true,
  verify: async ({ text }) =>
    text === 'forged'
      ? err({ type: 'signature-invalid' })
      : ok({
          method: text.endsWith('/off') ? 'switched-off' : 'qr',
          event: text === 'elsewhere' ? 9 : event,
          ticketId: ticketId(Number(/^T(\d+)/.exec(text)?.[1])),
          epoch: 0,
          assurance: 'signed',
          ...secondsIn(text),
        }),
  generate: async () => err({ type: 'nothing-to-generate' }),
};

export function createBandDeskRig({ foresee }: Pick<BandDeskDeps, 'foresee'> = {}) {
  const marks: Mark[] = [];
  let broken = false;
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
  let trusted = true;
  const noLookups = { issuerKey: () => undefined, ticketByCode: () => undefined, ticketByShortCode: () => undefined };
  const desk = createBandDesk({
    ...(foresee === undefined ? {} : { foresee }),
    registry: createMethodRegistry({
      methods: [method],
      lookups: { ...noLookups, tag: () => ({ type: 'unbound' }), event },
      clock,
      logger: silentLogger,
    }),
    events: [
      {
        event,
        context: {
          policy: () => policy,
          time: () => ({ nowMs: clock.wallMs(), trusted, source: 'server', uncertaintyMs: 10 }),
        },
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
  return {
    desk,
    bind,
    unbind,
    owner,
    /** All that was written. */
    marks,
    setBroken: (next: boolean) => void (broken = next),
    nowS: Math.floor(clock.wallMs() / 1_000),
    setTimeTrusted: (next: boolean) => void (trusted = next),
  };
}

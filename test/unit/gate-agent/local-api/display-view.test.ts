import { refusalCodes, type Decision, type LaneState, type Mark, type Order, type OrderMark } from '@postern/shared';
import { describe, expect, test } from 'vitest';
import { laneStateToView, type DisplayContext } from '../../../../gate-agent/src/local-api/display-view.ts';
import { shownAt } from '../../../../gate-agent/src/local-api/screens.ts';

const atMs = Date.UTC(2026, 6, 1, 17, 2);
const context: DisplayContext = {
  languages: ['en', 'de'],
  timeZone: 'Europe/Berlin',
  shows: ['code'],
  clockTrusted: true,
  gateName: (gate) => gate.toUpperCase(),
  direction: 'entry',
  noContactSinceMs: undefined,
  hasFeed: true,
  atMs,
};
const mark = { kind: 'admitted' } as Mark;
const admission = {
  claim: { method: 'qr', event: 1, ticketId: '0'.repeat(32), epoch: 0, assurance: 'signed' },
  ticket: { id: '0'.repeat(32), epoch: 0, type: 1 },
  direction: 'entry',
  part: 1,
  party: 1,
  persons: 1,
  warnings: [],
} as const;
const view = (state: LaneState, change: Partial<DisplayContext> = {}) =>
  laneStateToView('one', state, { ...context, ...change });
const refused = (type: (typeof refusalCodes)[number]): LaneState => ({
  name: 'refused',
  decision: { kind: 'refuse', refusal: { type, detail: { gate: 'gate-b', atMs } } },
});

describe('a rehearsal', () => {
  const rehearsed = { ...mark, rehearsal: '5e55105e55105e55' } as Mark;

  test('stands above every state in the languages of the venue, and tells staff until when', () => {
    const shown = view({ name: 'idle' }, { languages: ['ar', 'en'], rehearsalUntilMs: atMs });
    expect(shown.rehearsal?.map(({ language }) => language)).toEqual(['ar', 'en']);
    expect(shown.standing).toContain('REHEARSAL until 19:02: no entry counts. Leave it before the doors open.');
    expect(view({ name: 'closed', why: 'person' }, { rehearsalUntilMs: atMs }).rehearsal).toBeDefined();
  });

  test('is over at once on the screen, but for whoever is on the way in under it', () => {
    expect(view({ name: 'idle' }).rehearsal).toBeUndefined();
    expect(view({ name: 'open', mark }).rehearsal).toBeUndefined();
    expect(view({ name: 'open', mark: rehearsed }).rehearsal).toBeDefined();
  });
});

describe('every state', () => {
  const hold: Extract<Decision, { kind: 'hold' }> = { ...admission, kind: 'hold', reason: 'under-18' };
  const states: readonly LaneState[] = [
    { name: 'idle' },
    { name: 'deciding' },
    { name: 'held', decision: hold, holdId: 'h' },
    { name: 'open', mark },
    { name: 'refused', decision: { kind: 'refuse', refusal: { type: 'expired' } } },
    { name: 'closed', why: 'store' },
    { name: 'free', why: 'fire' },
  ];

  test('has a colour and a shape of its own', () => {
    const views = states.map((state) => view(state));
    expect(new Set(views.map(({ tone }) => tone)).size).toBe(states.length);
    expect(new Set(views.map(({ symbol }) => symbol)).size).toBe(states.length);
  });

  test('is busy while its turnstile waits for another one, and says what for', () => {
    const waiting = view({ name: 'waiting', mark, decision: { ...admission, kind: 'admit' } });
    expect(waiting).toMatchObject({ tone: 'busy', symbol: 'dots' });
    expect(waiting.lines[0]).toMatchObject({ title: 'One moment', hint: 'Opens when the other side has closed' });
  });

  test('speaks each language, the first one first', () => {
    for (const state of states)
      expect(view(state, { languages: ['de', 'en'] }).lines.map(({ language }) => language)).toEqual(['de', 'en']);
  });

  test('speaks the ticket’s language alone to whoever comes with it, and staff in one of theirs', () => {
    const spoken: readonly LaneState[] = [
      { name: 'held', decision: { ...hold, language: 'ar' }, holdId: 'h' },
      { name: 'open', mark, decision: { ...admission, kind: 'admit', language: 'ar' } },
      { name: 'lapsed', mark, persons: 1, decision: { ...admission, kind: 'admit', language: 'ar' } },
      { name: 'refused', decision: { kind: 'refuse', refusal: { type: 'expired' }, language: 'ar' } },
    ];
    for (const state of spoken) {
      const { lines, staff } = view(state, { languages: ['fr', 'de'] });
      expect(lines.map(({ language }) => language)).toEqual(['ar']);
      expect(lines[0]?.title).toMatch(/\p{Script=Arabic}/u);
      expect(staff.join()).not.toMatch(/\p{Script=Arabic}/u);
    }
    const held = view({ name: 'held', decision: hold, holdId: 'h' }, { languages: ['fr', 'de'] });
    expect(held.staff).toEqual(['Unter 18: Alter und Begleitung prüfen']);
  });
});

describe('an order to the venue', () => {
  const order = (what: Order): OrderMark =>
    ({
      kind: 'ordered',
      order: what,
      gate: 'gate-b',
      operator: 'op2superv',
      at: { ms: atMs, counter: 0 },
    }) as OrderMark;

  test('closes an entry without sending visitors to another lane, and tells staff who gave it and when', () => {
    const shown = view({ name: 'closed', why: 'order', order: order('stop-entry') });
    expect(shown).toMatchObject({ tone: 'closed', symbol: 'bar' });
    expect(shown.lines[0]?.hint).not.toMatch(/another lane/i);
    expect(shown.staff[0]).toBe('ENTRY STOPPED by op2superv (GATE-B), 19:02');
  });

  test('shows an exit as the way out in an evacuation, and an entry as none', () => {
    const evacuate = order('evacuate');
    const exit = view({ name: 'free', why: 'order', order: evacuate }, { direction: 'exit', languages: ['de'] });
    expect(exit).toMatchObject({ tone: 'free', symbol: 'arrow' });
    expect(exit.staff[0]).toBe('RÄUMUNG angeordnet von op2superv (GATE-B), 19:02');
    const entry = view({ name: 'closed', why: 'order', order: evacuate });
    expect(entry).toMatchObject({ tone: 'closed', lines: [{ title: 'No entry' }, { title: 'Kein Einlass' }] });
  });
});

test.each(refusalCodes)('a visitor refused for %s is told nothing that accuses, staff is told why', (type) => {
  const shown = view(refused(type));
  expect(shown.lines[0]?.title).not.toMatch(/used|forged|invalid|fake|cancel/i);
  expect(shown.staff[0]?.length).toBeGreaterThan(0);
});

test('staff reads where and when a ticket was used, in the time of the venue', () => {
  expect(view(refused('already-used')).staff).toEqual(['Already used: GATE-B, 19:02']);
});

test('a party is counted', () => {
  expect(view({ name: 'open', mark, decision: { ...admission, kind: 'admit', part: 2, party: 5 } }).party).toEqual({
    from: 2,
    to: 2,
    of: 5,
  });
  expect(
    view({ name: 'open', mark, decision: { ...admission, kind: 'admit', part: 2, party: 5, persons: 4 } }).party,
  ).toEqual({ from: 2, to: 5, of: 5 });
  expect(view({ name: 'open', mark, decision: { ...admission, kind: 'admit' } }).party).toBeUndefined();
});

test('being out of touch, or without a confirmed time, is a line for staff and changes nothing for visitors', () => {
  const online = view({ name: 'idle' });
  const offline = view({ name: 'idle' }, { noContactSinceMs: atMs, clockTrusted: false });
  expect(offline.standing).toEqual([
    'No contact since 19:02, still admitting',
    'The time is not confirmed: a supervisor has to confirm the clock',
  ]);
  expect({ ...offline, standing: [] }).toEqual(online);
});

test('says what the lane’s readers take', () => {
  const asked = (shows: DisplayContext['shows']) => view({ name: 'idle' }, { shows }).lines[0]?.title;
  expect([asked(['code']), asked(['band']), asked(['code', 'band'])]).toEqual([
    'Show your ticket code',
    'Hold your band here',
    'Show your code or band',
  ]);
  expect(shownAt(['camera:///dev/video0', 'serial:///dev/ttyACM0', 'pcsc://', 'ble://hci0'])).toEqual(['code', 'band']);
});

test('a gate that has no ticket list yet shows a closed lane', () => {
  expect(view({ name: 'idle' }, { hasFeed: false })).toMatchObject({
    tone: 'closed',
    standing: ['No ticket list yet: connect this gate to the cloud'],
  });
});

test.each([
  ['lease-over', 'Too long without the cloud, the ticket list is forgotten: connect this gate to the cloud'],
  ['revoked', 'This gate has been revoked: give it to whoever looks after the gates'],
] as const)('one that has no list any more says why: %s', (forgotten, text) => {
  expect(view({ name: 'idle' }, { hasFeed: false, forgotten })).toMatchObject({ tone: 'closed', standing: [text] });
  expect(view({ name: 'idle' }, { forgotten })).toMatchObject({ tone: 'ready' });
});

test('without a list no screen claims that the gate admits, and a refusal says what is the matter with the gate', () => {
  const noList = { hasFeed: false, forgotten: 'revoked', noContactSinceMs: atMs } as const;
  const standing = ['This gate has been revoked: give it to whoever looks after the gates'];
  expect(view({ name: 'idle' }, noList)).toMatchObject({ staff: [], standing });
  expect(view(refused('code-unknown'), noList)).toMatchObject({ staff: [expect.any(String)], standing });
});

test('whoever leaves is not welcomed', () => {
  expect(view({ name: 'open', mark }, { direction: 'exit' }).lines[0]?.title).toBe('Goodbye');
});

describe('a ticket that waits for a face', () => {
  const held: LaneState = {
    name: 'held',
    decision: { ...admission, kind: 'hold', reason: 'second-factor' },
    holdId: 'h',
  };

  test('asks to look at the camera, with what would help, and offers a person', () => {
    expect(view(held, { face: { type: 'look' } }).lines).toMatchObject([
      { title: 'Please look at the camera', hint: 'Staff will let you in if you prefer' },
      { title: 'Bitte in die Kamera schauen' },
    ]);
    expect(view(held, { face: { type: 'face-too-small' } }).lines[0]).toMatchObject({ hint: 'Come closer' });
  });

  test('says nothing to the visitor when it did not work, and to staff why', () => {
    for (const why of ['face-unproven', 'face-unknown', 'face-erased', 'camera', 'engine'] as const) {
      const shown = view(held, { face: { type: 'over', why } });
      expect(shown).toMatchObject({ tone: 'wait', lines: view(held).lines });
      expect(shown.staff.length).toBe(view(held).staff.length + 1);
    }
  });
});

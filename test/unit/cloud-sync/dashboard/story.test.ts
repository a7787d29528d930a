// Goal: whatever is known of a ticket is said in plain words of both languages of staff, with who, where, when and why, and nothing unknown
// breaks it.
import { describe, expect, it } from 'vitest';
import { auditActions, refusalCodes, type MarkView, type StoryStep } from '@postern/shared';
import { uncertainty } from '../../../../cloud-sync/src/dashboard/parts/marks.ts';
import { toLine } from '../../../../cloud-sync/src/dashboard/tickets/story-texts.ts';

const atMs = Date.UTC(2026, 8, 21, 17, 2);
const mark = (fields: Partial<MarkView>): StoryStep => ({
  type: 'mark',
  atMs,
  gateName: 'North',
  provisional: false,
  counts: true,
  mark: {
    kind: 'admitted',
    event: 1,
    gate: 'north',
    boot: '00112233aabbccdd',
    sequence: 1,
    lane: 'lane-1',
    atMs,
    uncertaintyMs: 80,
    clockSource: 'server',
    method: 'qr',
    persons: 1,
    ...fields,
  },
});
const line = (step: StoryStep, language: 'en' | 'de' = 'en') => toLine(step, language, 'Europe/Berlin');

describe('a step of a story', () => {
  it('says what, where, by whom and how', () => {
    expect(line(mark({}))).toEqual({
      tone: 'good',
      title: 'Entered',
      details: ['at North', 'lane lane-1', 'by: Printed QR code'],
    });
    expect(line(mark({ method: 'code+nfc' })).details.at(-1)).toBe(
      'by: Code from elsewhere, and short codes + NFC wristband or card',
    );
    const held = {
      ...mark({ approved: 'id-check', persons: 3, outOfTouch: true }),
      by: { kind: 'operator', id: 'p7' },
    };
    expect(line(held as StoryStep).details).toEqual([
      'at North',
      'lane lane-1',
      'by p7',
      '3 persons',
      'by: Printed QR code',
      'staff was asked to check the ID',
      'the gate was out of touch',
    ]);
    expect(line(mark({ kind: 'overridden', method: 'override', reason: 'lost-code' }), 'de')).toMatchObject({
      tone: 'warn',
      title: 'Von Hand eingelassen',
      details: ['an North', 'Spur lane-1', 'Code verloren oder unlesbar'],
    });
  });

  it('says why a ticket was refused, for every reason that there is', () => {
    for (const code of refusalCodes) {
      const { tone, title } = line(mark({ kind: 'refused', code }));
      expect(tone).toBe('bad');
      expect(title).toMatch(/^Refused: .{6,}/);
      expect(title).not.toMatch(/[[\]{}]/);
    }
  });

  it('has words for whatever can be done with a ticket, and shows what it does not know as it is', () => {
    const aboutTickets = auditActions.filter((action) =>
      /^(ticket|claim|transfer|band|face-(?!exported)|wallet)/.test(action),
    );
    for (const action of aboutTickets.filter((one) => !/^(tickets|bands)-/.test(one))) {
      const { title } = line({ type: 'done', atMs, action, by: { kind: 'user', id: 'u1', name: 'Ada' } });
      expect(title).not.toBe(action);
    }
    expect(line({ type: 'done', atMs, action: 'key-rotated' }).title).toBe('key-rotated');
    expect(line(mark({ kind: 'invented' })).title).toBe('invented');
  });

  it('names people by their names where they are known', () => {
    const by = { kind: 'user', id: 'u1', name: '<b>Ada</b>' } as const;
    expect(line({ type: 'issued', atMs, by }).details).toEqual(['by <b>Ada</b>']);
  });

  it('tells of a case in the language of whoever reads, and what somebody has found out', () => {
    const found = { cause: 'copied-code', state: 'open', fitting: [{}], misfitCount: 1, text: 'Entered twice: …' };
    const about = (work: object): StoryStep => ({ type: 'case', atMs, case: { ...found, ...work } }) as StoryStep;
    expect(line(about({}), 'de')).toEqual({
      tone: 'bad',
      title: 'Doppelt eingetreten',
      details: ['wahrscheinlich: Ein Code, den noch jemand hat', 'Offen'],
    });
    expect(line(about({ state: 'closed', reason: 'shared-code', note: 'Two sisters' })).details).toEqual([
      'Closed: A code shared among friends',
      'Two sisters',
    ]);
  });

  it('says what became of it at pretix', () => {
    const told = line({ type: 'pretix', atMs, kind: 'entry', state: 'failed', reason: 'canceled' });
    expect(told).toEqual({ tone: 'warn', title: 'Entry told to pretix', details: ['pretix refused it', 'canceled'] });
  });
});

it('says how surely a time is known', () => {
  expect(uncertainty(3)).toBe('±0.1 s');
  expect(uncertainty(2_340)).toBe('±2.3 s');
  expect(uncertainty(61_000)).toBe('±61 s');
});

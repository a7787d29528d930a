import { languages, refusalCodes, stewardText, visitorText } from '@postern/shared';
import { describe, expect, it } from 'vitest';

const berlin = { language: 'en', timeZone: 'Europe/Berlin' } as const;

describe('refusal texts', () => {
  it.each(refusalCodes)('has both texts of %s in every language, without a placeholder left over', (code) => {
    for (const language of languages) {
      const detail = { gate: 'gate-4', atMs: 0, whenMs: 0, codeOffS: 7_199, admitted: 2, party: 5, zone: 'Arena' };
      for (const text of [
        visitorText(code, language),
        stewardText(code, detail, { language, timeZone: 'UTC' }),
        stewardText(code, {}, { language, timeZone: 'UTC' }),
      ]) {
        expect(text).toMatch(/^[^[\]{}]{3,120}$/);
      }
    }
  });

  it('tells the steward where and when, in the venue’s time', () => {
    const detail = { gate: 'gate-4', atMs: Date.UTC(2026, 8, 21, 17, 2) };
    expect(stewardText('already-used', detail, { ...berlin, gateName: () => 'Gate 4' })).toBe(
      'Already used: Gate 4, 19:02',
    );
    expect(stewardText('already-used', {}, berlin)).toBe('Already used');
  });

  it('tells the steward how old a rotating code is, as exactly as a person can use it', () => {
    const texts = [50, 119, 120, 7_199, 7_200].map((codeOffS) => stewardText('expired', { codeOffS }, berlin));
    expect(texts.map((text) => /is (\d+ \w+) old/.exec(text)?.[1])).toEqual([
      '50 s',
      '119 s',
      '2 min',
      '120 min',
      '2 h',
    ]);
    expect(stewardText('expired', {}, berlin)).toBe('No longer valid');
    expect(stewardText('not-yet-valid', { codeOffS: 40 }, { ...berlin, language: 'de' })).toBe(
      'Noch nicht gültig: wechselnder Code 40 s voraus, Uhr des Handys falsch',
    );
  });

  it('accuses no visitor: no visitor’s text says forged, used or blocked', () => {
    for (const code of refusalCodes) expect(visitorText(code, 'en')).not.toMatch(/forg|used|block|fraud|invalid/i);
  });
});

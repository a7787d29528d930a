import {
  chooseLanguage,
  directionOf,
  languages,
  laneTexts,
  orderVisitorTexts,
  refusalCodes,
  staffLanguageOf,
  staffLanguages,
  stewardText,
  visitorText,
  type Texts,
} from '@postern/shared';
import { describe, expect, it } from 'vitest';

const berlin = { language: 'en', timeZone: 'Europe/Berlin' } as const;

describe('refusal texts', () => {
  it.each(refusalCodes)('has both texts of %s in every language, without a placeholder left over', (code) => {
    // As long as a small screen can show it large.
    for (const language of languages) expect(visitorText(code)[language]).toMatch(/^[^[\]{}]{3,36}$/);
    for (const language of staffLanguages) {
      const detail = { gate: 'gate-4', atMs: 0, whenMs: 0, codeOffS: 7_199, admitted: 2, party: 5, zone: 'Arena' };
      for (const text of [
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
    for (const code of refusalCodes) expect(visitorText(code).en).not.toMatch(/forg|used|block|fraud|invalid/i);
  });
});

describe('languages', () => {
  const visitorTexts: readonly Texts[] = [
    ...refusalCodes.map(visitorText),
    ...Object.values(laneTexts),
    ...Object.values(orderVisitorTexts).flatMap(({ title, hint }) => [title, hint]),
  ];

  it('say the same thing in words of their own: no text is left in another language', () => {
    for (const texts of visitorTexts) {
      expect(new Set(Object.values(texts)).size).toBe(languages.length);
      expect(texts.ar).toMatch(/^[\p{Script=Arabic}\p{Mn}\s.,:،؟]+$/u);
    }
  });

  it('are chosen by what a browser prefers, English where it prefers none of ours', () => {
    expect(chooseLanguage(['it-IT', 'FR-ca', 'de'])).toBe('fr');
    expect(chooseLanguage(['ar'])).toBe('ar');
    // Asturian and Aragonese begin like Arabic to whoever reads two letters.
    expect(chooseLanguage(['arg', 'ast'])).toBe('en');
    expect(chooseLanguage([])).toBe('en');
  });

  it('give staff the first of a venue’s languages that their texts have', () => {
    expect(staffLanguageOf(['fr', 'de'])).toBe('de');
    expect(staffLanguageOf(['fr', 'ar'])).toBe('en');
  });

  it('know which way they are written', () => {
    expect(languages.filter((language) => directionOf(language) === 'rtl')).toEqual(['ar']);
  });
});

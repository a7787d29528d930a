// Goal: what people type into forms of an event's rules becomes rules that the cloud takes, times as the venue's clocks show them; and the
// first run knows what is to be done next.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventRequestSchema, geofenceRulesSchema, policyRequestSchema, type AdmissionPolicy } from '@postern/shared';
import { readLists, writeLists } from '../../../../cloud-sync/src/dashboard/files/pretix-lists.ts';
import { toEvent } from '../../../../cloud-sync/src/dashboard/first-run/new-event.ts';
import { stepsOf, type Progress } from '../../../../cloud-sync/src/dashboard/first-run/steps.ts';
import { faultOf, newPlace, toDraft, toPlaces } from '../../../../cloud-sync/src/dashboard/methods/places.ts';
import { readProofs, writeProofs } from '../../../../cloud-sync/src/dashboard/methods/proof-lines.ts';
import {
  newType,
  newZone,
  rulesOf,
  typeIdFor,
  typesOnlyFor,
  withOptional,
  withoutZone,
  zoneIdFor,
} from '../../../../cloud-sync/src/dashboard/methods/rules-draft.ts';
import { fieldToSeconds, secondsToField } from '../../../../cloud-sync/src/dashboard/methods/venue-time.ts';
import { inSheets } from '../../../../cloud-sync/src/dashboard/tickets/sheets.ts';
import { naughtyNames } from '../../../fixtures/naughty.ts';

const policy: AdmissionPolicy = {
  event: 7,
  ...policyRequestSchema.parse({ name: 'Night', types: [], zones: [{ id: 'hall', name: 'Hall' }] }),
};

describe('times in fields', () => {
  it('are those of the venue', () => {
    expect(fieldToSeconds('2026-07-01T20:00', 'Europe/Berlin')).toBe(Date.UTC(2026, 6, 1, 18) / 1_000);
    expect(fieldToSeconds('2026-12-01T20:00', 'Europe/Berlin')).toBe(Date.UTC(2026, 11, 1, 19) / 1_000);
    expect(secondsToField(Date.UTC(2026, 6, 1, 18) / 1_000, 'Asia/Kathmandu')).toBe('2026-07-01T23:45');
  });

  it('are nothing where the field is empty or half typed', () => {
    for (const field of ['', '2026-07-01', '2026-07-01T', '2026-13-45T99:99'])
      expect(fieldToSeconds(field, 'UTC')).toBeUndefined();
    expect(secondsToField(undefined, 'UTC')).toBe('');
  });

  it('come back as they were typed, whatever the zone, but for the hour that clocks skip', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Chatham', 'no/such-zone');
    // Minutes of years in which no zone of these skips the hour that was drawn: a skipped one moves on by what is skipped.
    fc.assert(
      fc.property(fc.integer({ min: 27_000_000, max: 35_000_000 }), zones, (minute, zone) => {
        const field = secondsToField(minute * 60, zone);
        const seconds = fieldToSeconds(field, zone) ?? 0;
        expect(secondsToField(seconds, zone)).toBe(field);
      }),
    );
  });
});

describe('zones and types', () => {
  it('get ids that addresses can have, whatever they are called', () => {
    expect(zoneIdFor('Große Halle 2, Nord', [])).toBe('grosse-halle-2-nord');
    expect(zoneIdFor('Hall', ['hall', 'hall-2'])).toBe('hall-3');
    for (const name of Object.values(naughtyNames)) expect(zoneIdFor(name, [])).toMatch(/^[a-z0-9-]{1,32}$/);
  });

  it('get numbers that no other has, also at the end of the numbers', () => {
    expect(typeIdFor([{ id: 1 }, { id: 4 }])).toBe(5);
    expect(typeIdFor([{ id: 1 }, { id: 65_535 }])).toBe(2);
  });

  it('make rules that the cloud takes', () => {
    const rules = rulesOf(policy);
    const grown = {
      ...rules,
      types: [newType(rules.types, 'Standing')],
      zones: [...rules.zones, newZone(rules.zones, 'Hall')],
    };
    expect(policyRequestSchema.safeParse(grown)).toMatchObject({ success: true });
    expect(grown.zones.map(({ id }) => id)).toEqual(['hall', 'hall-2']);
  });

  it('say whom it would let in everywhere to take a zone away', () => {
    const rules = { ...rulesOf(policy), types: [{ ...newType([], 'Hall only'), zones: ['hall'] }] };
    expect(typesOnlyFor(rules, 'hall').map(({ name }) => name)).toEqual(['Hall only']);
    expect(withoutZone(rules, 'hall')).toMatchObject({ zones: [], types: [{ zones: [] }] });
  });

  it('lose what is cleared', () => {
    expect(withOptional<{ id: number; hold?: string }, 'hold'>({ id: 1, hold: 'vip' }, 'hold', undefined)).toEqual({
      id: 1,
    });
  });
});

describe('the first run', () => {
  const nothing: Progress = { hasEvent: false, tickets: 0, codesOut: false, gatesEnrolled: 0, entered: 0 };
  const now = (progress: Partial<Progress>): string | undefined =>
    stepsOf({ ...nothing, ...progress }).find(({ state }) => state === 'now')?.name;

  it('asks for one thing after the other', () => {
    expect(now({})).toBe('event');
    expect(now({ hasEvent: true })).toBe('tickets');
    expect(now({ hasEvent: true, tickets: 3 })).toBe('codes');
    expect(now({ hasEvent: true, tickets: 3, codesOut: true })).toBe('gate');
    expect(now({ hasEvent: true, tickets: 3, codesOut: true, gatesEnrolled: 1 })).toBe('scan');
    expect(now({ hasEvent: true, tickets: 3, codesOut: true, gatesEnrolled: 1, entered: 1 })).toBeUndefined();
  });

  it('takes what was done in another order, and needs no codes of its own once somebody has entered', () => {
    expect(stepsOf({ ...nothing, hasEvent: true, gatesEnrolled: 1 }).map(({ state }) => state)).toEqual([
      'done',
      'now',
      'later',
      'done',
      'later',
    ]);
    expect(now({ hasEvent: true, tickets: 2, entered: 1 })).toBeUndefined();
  });
});

it('puts codes on as many sheets as they need', () => {
  expect(inSheets([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(inSheets([], 8)).toEqual([]);
});

describe('what is typed in words', () => {
  it('becomes an event with zones and types, once all of it is there', () => {
    const draft = {
      name: ' Night ',
      timeZone: 'Europe/Berlin',
      zones: 'Hall\n\nHall\nGroße Halle',
      types: 'Standing\nVIP',
    };
    const made = toEvent(draft);
    expect(eventRequestSchema.safeParse(made)).toMatchObject({ success: true });
    expect(made).toMatchObject({
      name: 'Night',
      zones: [{ id: 'hall' }, { id: 'grosse-halle' }],
      types: [
        { id: 1, name: 'Standing' },
        { id: 2, name: 'VIP' },
      ],
    });
    for (const missing of [{ name: ' ' }, { zones: '\n' }, { types: '' }])
      expect(toEvent({ ...draft, ...missing })).toBeUndefined();
  });

  it('becomes proofs, a line each', () => {
    expect(readProofs('signed\n Code + NFC \n\n+')).toEqual([['signed'], ['code', 'nfc']]);
    expect(readProofs(writeProofs([['dynamic'], ['qr', 'face']]))).toEqual([['dynamic'], ['qr', 'face']]);
  });

  it('becomes check-in lists with their zones', () => {
    expect(readLists('12, 13: backstage')).toEqual([{ id: 12 }, { id: 13, zone: 'backstage' }]);
    expect(readLists(writeLists([{ id: 1 }, { id: 2, zone: 'hall' }]))).toEqual([{ id: 1 }, { id: 2, zone: 'hall' }]);
    for (const wrong of ['', 'twelve', '12;13', '1.5', '12:']) expect(readLists(wrong)).toBeUndefined();
  });

  it('becomes places: circles with a comma in their numbers, outlines as map editors write them', () => {
    const outline = [
      [
        [9, 53],
        [9.01, 53],
        [9.01, 53.01],
        [9, 53],
      ],
    ];
    const circle = { ...newPlace('hall'), name: 'Kai', latitude: '53,5', longitude: '9.98', radius: '120' };
    const polygon = {
      ...newPlace('hall'),
      name: 'Kai',
      shape: 'Polygon' as const,
      coordinates: JSON.stringify({ type: 'Feature', geometry: { type: 'Polygon', coordinates: outline } }),
    };
    expect([circle, polygon].map(faultOf)).toEqual([undefined, undefined]);
    const rules = geofenceRulesSchema.parse({ zones: toPlaces([circle, polygon]) });
    expect(rules.zones).toMatchObject([
      { id: 'kai', shape: { type: 'Circle', center: [9.98, 53.5], radiusM: 120 } },
      { id: 'kai-2', shape: { type: 'Polygon', coordinates: outline } },
    ]);
    expect(toPlaces(rules.zones.map(toDraft))).toEqual(rules.zones);
    expect(faultOf({ ...circle, latitude: 'north' })).toBe('number');
    expect(faultOf({ ...polygon, coordinates: '[1,' })).toBe('coordinates');
    expect(faultOf(newPlace('hall'))).toBe('name');
  });
});

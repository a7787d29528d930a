// What the dashboard says of rehearsals.
import type { GateRehearsalState, RehearsalAlarmCause } from '@postern/shared';
import type { StaffTexts } from '../language.ts';
import { titles } from '../titles.ts';

export const labels = {
  title: titles.rehearsal,
  leave: { en: 'Leave the rehearsal', de: 'Probe beenden' },
  details: { en: 'Details', de: 'Einzelheiten' },
  none: { en: 'Nothing rehearses: every entry counts.', de: 'Nichts probt: Jeder Eintritt zählt.' },
  begin: { en: 'Begin a rehearsal', de: 'Probe beginnen' },
  beginText: {
    en: 'Gates read, decide, open and show everything as at night, and each ticket works once. Nothing of it counts, and when it is over every ticket is as before. It ends by itself when the first tickets become valid.',
    de: 'Gates lesen, entscheiden, öffnen und zeigen alles wie am Abend, jedes Ticket gilt einmal. Nichts davon zählt, und danach ist jedes Ticket wie vorher. Sie endet von selbst, wenn die ersten Tickets gültig werden.',
  },
  bandsText: {
    en: 'Wristbands that are linked meanwhile stay linked, orders are obeyed, and clocks are set.',
    de: 'Bänder, die dabei verknüpft werden, bleiben verknüpft; Anordnungen gelten, Uhren werden gestellt.',
  },
  beginTitle: { en: 'Let the whole event rehearse?', de: 'Die ganze Veranstaltung proben lassen?' },
  beginConsequence: {
    en: 'No entry at any gate counts until somebody leaves the rehearsal or its time is over. A gate that is out of touch goes on counting until it hears of it.',
    de: 'Kein Eintritt an irgendeinem Gate zählt, bis jemand die Probe beendet oder ihre Zeit um ist. Ein Gate ohne Kontakt zählt weiter, bis es davon erfährt.',
  },
  howLong: { en: 'For at most', de: 'Für höchstens' },
  gates: { en: 'Gates', de: 'Gates' },
  gate: { en: 'Gate', de: 'Gate' },
  state: { en: 'State', de: 'Zustand' },
  until: { en: 'Until', de: 'Bis' },
  by: { en: 'By', de: 'Von' },
  noGates: { en: 'No gate rehearses.', de: 'Kein Gate probt.' },
  alarms: { en: 'Marked as rehearsed, but no rehearsal', de: 'Als Probe vermerkt, aber keine Probe' },
  alarm: {
    en: 'Entries were marked as rehearsed that are no rehearsal’s: look at the gate',
    de: 'Eintritte wurden als Probe vermerkt, die keine waren: Gate ansehen',
  },
  cause: { en: 'Why', de: 'Warum' },
  persons: { en: 'Persons let in', de: 'Eingelassene Personen' },
  from: { en: 'From', de: 'Von' },
} as const satisfies Record<string, StaffTexts>;

export const stateTexts: Readonly<Record<GateRehearsalState, StaffTexts>> = {
  rehearses: { en: 'Rehearses: nothing counts', de: 'Probt: nichts zählt' },
  unheard: { en: 'Not heard since: may still count', de: 'Seither nicht gehört: zählt vielleicht noch' },
  left: { en: 'Has left: entries count', de: 'Hat beendet: Eintritte zählen' },
  'may-rehearse': {
    en: 'Not heard since it was ended: may still rehearse',
    de: 'Seit dem Ende nicht gehört: probt vielleicht noch',
  },
};

export const causeTexts: Readonly<Record<RehearsalAlarmCause, StaffTexts>> = {
  'never-begun': { en: 'Nobody had begun that rehearsal', de: 'Diese Probe hatte niemand begonnen' },
  'outside-its-time': { en: 'Outside the time of the rehearsal', de: 'Außerhalb der Zeit der Probe' },
  'while-doors-open': {
    en: 'The gate rehearsed by itself while people came in elsewhere',
    de: 'Das Gate probte für sich, während anderswo Leute hereinkamen',
  },
};

export const eventText = (until: string): StaffTexts => ({
  en: `REHEARSAL until ${until}: no entry counts`,
  de: `PROBE bis ${until}: kein Eintritt zählt`,
});
export const gatesText = (gates: string, until: string): StaffTexts => ({
  en: `${gates}: in rehearsal by itself until ${until}. Its steward leaves it there.`,
  de: `${gates}: probt für sich bis ${until}. Das Personal dort beendet die Probe.`,
});
export const stillText = (gates: string, until: string): StaffTexts => ({
  en: `The rehearsal is over, but not heard from since: ${gates}. They may rehearse until ${until}: go there.`,
  de: `Die Probe ist vorbei, aber seither nicht gehört: ${gates}. Sie proben vielleicht bis ${until}: hingehen.`,
});
export const exceptText = (gates: string): StaffTexts => ({
  en: `Entries may count at: ${gates}`,
  de: `Eintritte zählen vielleicht an: ${gates}`,
});
export const hoursText = (hours: number): StaffTexts => ({
  en: hours === 1 ? '1 hour' : `${hours} hours`,
  de: hours === 1 ? '1 Stunde' : `${hours} Stunden`,
});

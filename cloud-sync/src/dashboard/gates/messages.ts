// What the list of gates, one gate, and enrolment say, for staff.
import type { StaffTexts } from '@postern/shared';
import { titles } from '../titles.ts';

export const labels = {
  title: titles.gates,
  enrol: { en: 'Enrol a gate', de: 'Gate einrichten' },
  find: { en: 'Find a gate', de: 'Gate suchen' },
  findHint: { en: 'Name, id or zone', de: 'Name, Kennung oder Bereich' },
  show: { en: 'Show', de: 'Anzeigen' },
  showAll: { en: 'All gates', de: 'Alle Gates' },
  showAttention: { en: 'What needs attention', de: 'Was Aufmerksamkeit braucht' },
  showGood: { en: 'In contact', de: 'Im Kontakt' },
  showWaiting: { en: 'Not enrolled yet', de: 'Noch nicht eingerichtet' },
  showGone: { en: 'Lost or revoked', de: 'Verloren oder gesperrt' },
  more: { en: 'Show more gates', de: 'Weitere Gates zeigen' },
  none: { en: 'No gate has been set up.', de: 'Noch kein Gate eingerichtet.' },
  noneFound: { en: 'No gate is like that.', de: 'Kein Gate entspricht dem.' },
  noneText: {
    en: 'A gate is enrolled with a one-time code. It makes its own key; the code only says that it may.',
    de: 'Ein Gate wird mit einem Einmalcode eingerichtet. Den Schlüssel macht es selbst; der Code erlaubt es ihm.',
  },
  gate: { en: 'Gate', de: 'Gate' },
  state: { en: 'State', de: 'Zustand' },
  whatToDo: { en: 'What to do', de: 'Was zu tun ist' },
  list: { en: 'Ticket list', de: 'Ticketliste' },
  clock: { en: 'Clock', de: 'Uhr' },
  disk: { en: 'Disk free', de: 'Frei auf der Platte' },
  diskShort: { en: 'Disk', de: 'Platte' },
  temperature: { en: 'Temperature', de: 'Temperatur' },
  temperatureShort: { en: 'Temp.', de: 'Temp.' },
  waiting: { en: 'Not sent yet', de: 'Noch nicht gesendet' },
  waitingShort: { en: 'Unsent', de: 'Offen' },
  version: { en: 'Version', de: 'Version' },
  entered: { en: 'Entered', de: 'Eintritte' },
  zone: { en: 'Zone', de: 'Bereich' },
  known: { en: 'Everything known up to', de: 'Alles bekannt bis' },
  contact: { en: 'Last contact', de: 'Letzter Kontakt' },
  back: { en: 'All gates', de: 'Alle Gates' },
  unknownGate: { en: 'There is no such gate at this event.', de: 'Dieses Gate gibt es bei der Veranstaltung nicht.' },
  unknown: { en: 'not known', de: 'nicht bekannt' },
  close: { en: 'Close', de: 'Schließen' },

  // Looks.
  inContact: { en: 'In contact', de: 'Im Kontakt' },
  trouble: { en: 'Trouble', de: 'Störung' },
  lost: { en: 'Lost', de: 'Verloren' },
  lostInContact: { en: 'Lost, but in contact', de: 'Verloren, aber im Kontakt' },
  neverHeard: { en: 'Never heard from', de: 'Noch nie gehört' },
  notEnrolled: { en: 'Not enrolled yet', de: 'Noch nicht eingerichtet' },
  notEnrolledNext: {
    en: 'Make a one-time code and type it on the gate.',
    de: 'Einmalcode erzeugen und auf dem Gate eingeben.',
  },
  revoked: { en: 'Revoked', de: 'Gesperrt' },
  silent: {
    en: 'It decides alone and keeps what happens; other gates do not hear of it.',
    de: 'Es entscheidet allein und merkt sich alles; andere Gates erfahren es nicht.',
  },
  silentNext: {
    en: 'Look at its network and power. Nothing is lost meanwhile.',
    de: 'Netz und Strom prüfen. Verloren geht inzwischen nichts.',
  },
  lostInContactNext: {
    en: 'Take it back with “It was found”, or revoke it.',
    de: 'Mit „Wieder gefunden“ zurücknehmen oder sperren.',
  },
  wipeAsked: { en: 'It is told to wipe itself.', de: 'Es soll sich löschen.' },

  clockUntrusted: { en: 'Not confirmed', de: 'Nicht bestätigt' },
  notComplete: {
    en: 'Not complete: some gate has told nothing yet',
    de: 'Unvollständig: ein Gate hat noch nichts gemeldet',
  },

  // Enrolment.
  newTitle: { en: 'New gate or handheld', de: 'Neues Gate oder Handgerät' },
  kind: { en: 'What is it?', de: 'Was ist es?' },
  kindGate: { en: 'A gate with readers and a turnstile', de: 'Ein Gate mit Lesern und Drehkreuz' },
  kindHandheld: { en: 'A steward’s handheld (a phone)', de: 'Ein Handgerät (Handy des Personals)' },
  name: { en: 'Name', de: 'Name' },
  nameHint: { en: 'As people at the venue call it', de: 'Wie es am Ort genannt wird' },
  id: { en: 'Id', de: 'Kennung' },
  idHint: { en: 'a–z, 0–9 and –; never changes', de: 'a–z, 0–9 und –; bleibt für immer' },
  zoneHint: { en: 'Where people are once they have passed it', de: 'Wo man ist, wenn man hindurch ist' },
  direction: { en: 'Direction', de: 'Richtung' },
  entry: { en: 'Entry', de: 'Eingang' },
  exit: { en: 'Exit', de: 'Ausgang' },
  readers: { en: 'Readers', de: 'Leser' },
  readersHint: {
    en: 'One a line: camera:///dev/video0, pcsc://, hid://0c2e:0b61. Can be changed at the gate.',
    de: 'Einer je Zeile: camera:///dev/video0, pcsc://, hid://0c2e:0b61. Am Gate änderbar.',
  },
  actuator: { en: 'Turnstile', de: 'Drehkreuz' },
  actuatorHint: { en: 'none:// where a steward is the turnstile', de: 'none://, wo Personal das Drehkreuz ist' },
  addLane: { en: 'Add a lane', de: 'Spur hinzufügen' },
  removeLane: { en: 'Remove this lane', de: 'Spur entfernen' },
  laneId: { en: 'Lane', de: 'Spur' },
  make: { en: 'Make the one-time code', de: 'Einmalcode erzeugen' },
  codeOnce: {
    en: 'This code is shown once. It works once, for this gate only.',
    de: 'Dieser Code wird einmal gezeigt. Er gilt einmal, nur für dieses Gate.',
  },
  onGate: { en: 'Type this on the gate', de: 'Auf dem Gate eingeben' },
  onPhone: {
    en: 'Scan this with the phone’s camera, or open the address on it',
    de: 'Mit der Kamera des Handys scannen oder die Adresse dort öffnen',
  },
  codeLabel: { en: 'One-time code', de: 'Einmalcode' },
  expired: { en: 'The code is too old now: make a new one.', de: 'Der Code ist zu alt: bitte einen neuen erzeugen.' },
  newCode: { en: 'Make a new code', de: 'Neuen Code erzeugen' },
  done: { en: 'Done', de: 'Fertig' },
  another: { en: 'Enrol another one', de: 'Noch eines einrichten' },

  // What is wrong in the form.
  nameWrong: {
    en: 'It needs a name of at most 100 characters.',
    de: 'Es braucht einen Namen mit höchstens 100 Zeichen.',
  },
  idMalformed: { en: 'Only a–z, 0–9 and –, at most 32.', de: 'Nur a–z, 0–9 und –, höchstens 32.' },
  idTaken: { en: 'Another gate has this id already.', de: 'Diese Kennung hat schon ein anderes Gate.' },
  zoneMissing: { en: 'Choose a zone.', de: 'Bitte einen Bereich wählen.' },
  lanesMalformed: {
    en: 'Lanes: ids of a–z, 0–9 and –; at most eight readers, each at most 500 characters.',
    de: 'Spuren: Kennungen aus a–z, 0–9 und –; höchstens acht Leser mit je 500 Zeichen.',
  },
  lanesRepeated: { en: 'Two lanes have the same id.', de: 'Zwei Spuren haben dieselbe Kennung.' },

  // Coverage and risk.
  coverage: { en: 'What is known', de: 'Was bekannt ist' },
  nothingWaitedFor: { en: 'No gate is waited for.', de: 'Auf kein Gate wird gewartet.' },
  risk: { en: 'Offline risk', de: 'Risiko ohne Netz' },
  riskText: {
    en: 'Entries that were decided with neither the cloud nor another gate in reach. They may turn out as entered twice.',
    de: 'Eintritte, die ohne Cloud und ohne anderes Gate entschieden wurden. Sie können sich als doppelt herausstellen.',
  },
  riskEntries: { en: 'Decided without contact', de: 'Ohne Kontakt entschieden' },
  riskList: { en: 'Oldest ticket list', de: 'Älteste Ticketliste' },
  riskClock: { en: 'Least sure clock', de: 'Unsicherste Uhr' },
  riskRevocations: { en: 'Revocations not confirmed since', de: 'Sperren unbestätigt seit' },

  // Acts.
  change: { en: 'Rename or move', de: 'Umbenennen oder verlegen' },
  save: { en: 'Save', de: 'Speichern' },
  zoneMoves: {
    en: 'One that is enrolled goes on as its gate.toml says: change the zone there too, or enrol it again.',
    de: 'Ist es schon eingerichtet, gilt seine gate.toml: den Bereich auch dort ändern oder neu einrichten.',
  },
  actions: { en: 'What can be done', de: 'Was getan werden kann' },
  declareLost: { en: 'Declare lost', de: 'Als verloren melden' },
  found: { en: 'It was found', de: 'Wieder gefunden' },
  revoke: { en: 'Revoke', de: 'Sperren' },
  wipe: { en: 'Wipe', de: 'Löschen' },
  replace: { en: 'Replace', de: 'Ersetzen' },
  reason: { en: 'Reason', de: 'Grund' },
  note: { en: 'Note', de: 'Notiz' },
  reasonHint: { en: 'For the audit log', de: 'Für das Protokoll' },
  parts: { en: 'Lanes and readers', de: 'Spuren und Leser' },
  part: { en: 'Part', de: 'Teil' },
  noteHint: { en: 'For the audit log; optional', de: 'Für das Protokoll; freiwillig' },
} as const satisfies Record<string, StaffTexts>;

export const lostReasonTexts = {
  stolen: { en: 'Stolen', de: 'Gestohlen' },
  destroyed: { en: 'Destroyed', de: 'Zerstört' },
  broken: { en: 'Broken', de: 'Defekt' },
  'out-of-reach': { en: 'Out of reach for good', de: 'Dauerhaft unerreichbar' },
  other: { en: 'Another reason', de: 'Anderer Grund' },
} as const satisfies Record<string, StaffTexts>;

export const outOfTouchText = (since: string): StaffTexts => ({
  en: `Out of touch since ${since}`,
  de: `Kein Kontakt seit ${since}`,
});
export const revokedText = (at: string): StaffTexts => ({ en: `Revoked ${at}`, de: `Gesperrt ${at}` });
export const waitingText = (gates: number): StaffTexts =>
  gates === 1
    ? { en: '1 gate not heard from', de: '1 Gate nicht gehört' }
    : { en: `${gates} gates not heard from`, de: `${gates} Gates nicht gehört` };
export const completeText = (at: string): StaffTexts => ({ en: `Complete up to ${at}`, de: `Vollständig bis ${at}` });
export const shownText = (shown: number, all: number): StaffTexts => ({
  en: `${shown} of ${all} gates`,
  de: `${shown} von ${all} Gates`,
});
export const waitsForText = (name: string): StaffTexts => ({
  en: `Waiting for “${name}” to enrol …`,
  de: `Warten, bis sich „${name}“ meldet …`,
});
export const enrolledText = (name: string): StaffTexts => ({
  en: `“${name}” is enrolled.`,
  de: `„${name}“ ist eingerichtet.`,
});
export const codeUntilText = (minutes: number): StaffTexts => ({
  en: `Good for another ${minutes} min`,
  de: `Noch ${minutes} min gültig`,
});
export const wipedText = (at: string): StaffTexts => ({ en: `Wiped ${at}`, de: `Gelöscht ${at}` });
export const riskText = (alone: number, all: number): StaffTexts => ({
  en: `${alone} of ${all} entries were decided without contact.`,
  de: `${alone} von ${all} Eintritten wurden ohne Kontakt entschieden.`,
});

/** What is on the gate and nowhere else, as it said itself. */
const waitingPart = (waiting: number | undefined): StaffTexts => {
  if (waiting === undefined) return { en: '', de: '' };
  if (waiting === 0) return { en: ' It has sent everything so far.', de: ' Bisher hat es alles gesendet.' };
  return {
    en: ` When last heard it had ${waiting} marks that nobody else has.`,
    de: ` Zuletzt hatte es ${waiting} Einträge, die sonst niemand hat.`,
  };
};

/** What asks before something is done with a gate, and says that it was. */
export const actTexts = {
  changeDone: { en: 'Saved.', de: 'Gespeichert.' },
  lostTitle: (name: string): StaffTexts => ({
    en: `Declare “${name}” lost?`,
    de: `„${name}“ als verloren melden?`,
  }),
  lostConsequence: (entries: number, waiting: number | undefined): StaffTexts => ({
    en: `Nobody waits for it any more: what is known counts as complete without it, and it is named wherever its marks may be missing. Its ${entries} entries that are known stay.${waitingPart(waiting).en} Its key stays good: revoke it too if it was stolen. This can be taken back.`,
    de: `Niemand wartet mehr darauf: Was bekannt ist, gilt ohne es als vollständig, und es wird genannt, wo seine Einträge fehlen können. Seine ${entries} bekannten Eintritte bleiben.${waitingPart(waiting).de} Sein Schlüssel gilt weiter: Wurde es gestohlen, auch sperren. Das lässt sich zurücknehmen.`,
  }),
  lostDone: (name: string): StaffTexts => ({ en: `“${name}” is declared lost.`, de: `„${name}“ gilt als verloren.` }),
  foundTitle: (name: string): StaffTexts => ({ en: `Was “${name}” found?`, de: `Ist „${name}“ wieder da?` }),
  foundConsequence: {
    en: 'It is waited for again: until it has told everything, what is known is not complete.',
    de: 'Es wird wieder darauf gewartet: Bis es alles gemeldet hat, ist unvollständig, was bekannt ist.',
  },
  foundDone: (name: string): StaffTexts => ({
    en: `“${name}” is waited for again.`,
    de: `Auf „${name}“ wird wieder gewartet.`,
  }),
  revokeTitle: (name: string): StaffTexts => ({ en: `Revoke “${name}”?`, de: `„${name}“ sperren?` }),
  revokeConsequence: (entries: number, waiting: number | undefined): StaffTexts => ({
    en: `Nothing that it signs from now on is believed, here at once and at every gate with its next ticket list. Its ${entries} entries stay in the history.${waitingPart(waiting).en} Marks that come later are put aside. It cannot be undone: a machine in its place gets a new id.`,
    de: `Was es ab jetzt signiert, wird nicht mehr geglaubt: hier sofort, an jedem Gate mit der nächsten Ticketliste. Seine ${entries} Eintritte bleiben.${waitingPart(waiting).de} Was später kommt, wird beiseitegelegt. Das ist endgültig: Ein Ersatz bekommt eine neue Kennung.`,
  }),
  revokeDone: (name: string): StaffTexts => ({ en: `“${name}” is revoked.`, de: `„${name}“ ist gesperrt.` }),
  wipeTitle: (name: string): StaffTexts => ({ en: `Wipe “${name}”?`, de: `„${name}“ löschen?` }),
  wipeConsequence: (waiting: number | undefined): StaffTexts => ({
    en: `On its next contact it forgets tickets, faces, marks and keys, and admits nobody until it is enrolled again. It sends first what nobody else has.${waitingPart(waiting).en} Out of reach it keeps everything: then revoke it as well. It cannot be undone.`,
    de: `Beim nächsten Kontakt vergisst es Tickets, Gesichter, Einträge und Schlüssel und lässt niemanden ein, bis es neu eingerichtet ist. Vorher sendet es, was sonst niemand hat.${waitingPart(waiting).de} Ohne Kontakt behält es alles: dann auch sperren. Das ist endgültig.`,
  }),
  wipeDone: (name: string): StaffTexts => ({
    en: `“${name}” is told to wipe itself.`,
    de: `„${name}“ soll sich löschen.`,
  }),
  replaceTitle: (name: string): StaffTexts => ({ en: `Replace “${name}”?`, de: `„${name}“ ersetzen?` }),
  replaceConsequence: (entries: number, waiting: number | undefined): StaffTexts => ({
    en: `Another machine takes over its name, zone, lanes and events, under a new id and with a one-time code that is shown next. This one is revoked: its ${entries} entries stay, and nothing new of it is believed.${waitingPart(waiting).en} It cannot be undone.`,
    de: `Ein anderes Gerät übernimmt Namen, Bereich, Spuren und Veranstaltungen, mit neuer Kennung und einem Einmalcode, der gleich gezeigt wird. Dieses wird gesperrt: Seine ${entries} Eintritte bleiben, Neues wird ihm nicht geglaubt.${waitingPart(waiting).de} Das ist endgültig.`,
  }),
  replaceDone: (name: string): StaffTexts => ({ en: `“${name}” is replaced.`, de: `„${name}“ ist ersetzt.` }),
} as const;

// Everything the page says in its own words, in every language; what somebody agrees to is the organiser's text.
import type { StaffTexts } from '@postern/shared';

export const labels = {
  title: { en: 'Your face as a second proof', de: 'Ihr Gesicht als zweiter Nachweis' },
  otherWay: {
    en: 'You do not have to. Your ticket is good without it: show it at any gate, and staff let you in.',
    de: 'Sie müssen das nicht. Ihr Ticket gilt auch ohne: Zeigen Sie es an jedem Eingang, das Personal lässt Sie ein.',
  },
  picture: {
    en: 'No picture leaves this phone. What is sent are 128 numbers that describe your face; they are compared with nobody’s but your own.',
    de: 'Kein Bild verlässt dieses Handy. Gesendet werden 128 Zahlen, die Ihr Gesicht beschreiben; verglichen werden sie nur mit Ihrem eigenen.',
  },
  language: { en: 'StaffLanguage', de: 'Sprache' },
  agree: { en: 'I have read this and I agree.', de: 'Ich habe das gelesen und willige ein.' },
  begin: { en: 'Open the camera', de: 'Kamera öffnen' },
  stop: { en: 'Stop', de: 'Abbrechen' },
  preparing: { en: 'One moment …', de: 'Einen Moment …' },
  look: { en: 'Look into the camera', de: 'Bitte in die Kamera schauen' },
  sending: { en: 'Sending …', de: 'Wird gesendet …' },
  enrolled: { en: 'Your face is enrolled', de: 'Ihr Gesicht ist hinterlegt' },
  keepAddress: {
    en: 'Keep the address of this page: with it you withdraw, or see what is kept. Nobody can give it to you again.',
    de: 'Bewahren Sie die Adresse dieser Seite auf: Mit ihr widerrufen Sie oder sehen, was gespeichert ist. Sie wird nicht noch einmal ausgegeben.',
  },
  copy: { en: 'Copy the address', de: 'Adresse kopieren' },
  copied: { en: 'Copied', de: 'Kopiert' },
  save: { en: 'Save everything that is kept', de: 'Alles Gespeicherte sichern' },
  withdraw: { en: 'Withdraw and erase', de: 'Widerrufen und löschen' },
  withdrawAsk: {
    en: 'Your face is erased for good, here and at the gates. To use it again you enrol again. Your ticket stays good.',
    de: 'Ihr Gesicht wird endgültig gelöscht, hier und an den Eingängen. Um es wieder zu nutzen, hinterlegen Sie es neu. Ihr Ticket bleibt gültig.',
  },
  erase: { en: 'Erase it', de: 'Löschen' },
  leave: { en: 'No, leave it', de: 'Nein, so lassen' },
  ended: { en: 'Your face is erased', de: 'Ihr Gesicht ist gelöscht' },
  endedHint: {
    en: 'Gates that are without a network follow when they have one again. Your ticket stays good.',
    de: 'Eingänge ohne Netz folgen, sobald sie wieder eines haben. Ihr Ticket bleibt gültig.',
  },
} as const satisfies Record<string, StaffTexts>;

export const ageText = (ageMin: number): StaffTexts => ({
  en: `I am at least ${ageMin} years old.`,
  de: `Ich bin mindestens ${ageMin} Jahre alt.`,
});
export const agreedText = (version: string, at: string): StaffTexts => ({
  en: `You agreed to text ${version} on ${at}.`,
  de: `Sie haben Text ${version} am ${at} zugestimmt.`,
});
export const erasesText = (at: string): StaffTexts => ({
  en: `It is erased by itself by ${at}.`,
  de: `Es wird spätestens am ${at} von selbst gelöscht.`,
});

export const hints: Readonly<Record<string, StaffTexts>> = {
  'no-face': { en: 'Nobody can be seen', de: 'Es ist niemand zu sehen' },
  'several-faces': { en: 'Only you, please', de: 'Bitte nur Sie allein' },
  'face-too-small': { en: 'Come closer', de: 'Bitte näher kommen' },
  'face-turned': { en: 'Look straight into the camera', de: 'Bitte gerade in die Kamera schauen' },
  'face-blurred': { en: 'Hold still', de: 'Bitte stillhalten' },
  'face-badly-lit': { en: 'Turn to the light', de: 'Bitte zum Licht drehen' },
  'another-face': { en: 'That was somebody else: once more', de: 'Das war jemand anderes: noch einmal' },
};

const somethingWrong: StaffTexts = {
  en: 'That did not work. Try again.',
  de: 'Das hat nicht geklappt. Bitte noch einmal.',
};
const troubles: Readonly<Record<string, StaffTexts>> = {
  'link-invalid': {
    en: 'This link was used already, or is too old. Ask for a new one where you got it.',
    de: 'Dieser Link wurde schon benutzt oder ist zu alt. Bitte dort um einen neuen bitten, wo Sie ihn bekommen haben.',
  },
  'face-not-ready': {
    en: 'The organiser is not ready for this yet.',
    de: 'Der Veranstalter ist damit noch nicht so weit.',
  },
  'face-unset': { en: 'This event has no faces.', de: 'Bei dieser Veranstaltung gibt es das nicht.' },
  'face-over': { en: 'The event is over.', de: 'Die Veranstaltung ist vorbei.' },
  'method-off': { en: 'This is switched off at the moment.', de: 'Das ist zurzeit abgeschaltet.' },
  'ticket-not-valid': { en: 'Your ticket is not valid.', de: 'Ihr Ticket ist nicht gültig.' },
  'consent-outdated': {
    en: 'The text has changed meanwhile. Load this page again and read it.',
    de: 'Der Text hat sich inzwischen geändert. Bitte die Seite neu laden und ihn lesen.',
  },
  'camera-missing': {
    en: 'There is no camera, or this page may not use it. Your browser’s settings can allow it.',
    de: 'Es gibt keine Kamera, oder diese Seite darf sie nicht benutzen. Die Einstellungen des Browsers können das erlauben.',
  },
  'models-missing': {
    en: 'The models could not be loaded. Try again with a better network.',
    de: 'Die Modelle konnten nicht geladen werden. Bitte mit besserem Netz noch einmal.',
  },
  unreachable: { en: 'The service does not answer. Try again.', de: 'Der Dienst antwortet nicht. Bitte noch einmal.' },
};
export const troubleText = (type: string): StaffTexts => troubles[type] ?? somethingWrong;

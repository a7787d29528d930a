// What the page about one's own account says, and the one that a one-time link leads to.
import type { StaffTexts } from '../language.ts';
import { titles } from '../titles.ts';

export const labels = {
  title: titles.account,
  profile: { en: 'Profile', de: 'Profil' },
  name: { en: 'Name', de: 'Name' },
  nameWrong: { en: '1 to 100 visible characters.', de: '1 bis 100 sichtbare Zeichen.' },
  email: { en: 'E-mail', de: 'E-Mail' },
  accountId: { en: 'Id of this account', de: 'Kennung dieses Kontos' },
  accountIdText: {
    en: 'An organiser who wants to give you a role needs it.',
    de: 'Wer Ihnen eine Rolle geben möchte, braucht sie.',
  },
  language: { en: 'Language of mails', de: 'Sprache für Mails' },
  save: { en: 'Save', de: 'Speichern' },
  saved: { en: 'Saved.', de: 'Gespeichert.' },
  password: { en: 'Password', de: 'Passwort' },
  present: { en: 'Present password', de: 'Jetziges Passwort' },
  wanted: { en: 'New password', de: 'Neues Passwort' },
  wantedHint: { en: '10 characters or more', de: 'Mindestens 10 Zeichen' },
  tooShort: { en: '10 to 200 characters.', de: '10 bis 200 Zeichen.' },
  repeated: { en: 'Once more', de: 'Noch einmal' },
  differs: { en: 'These are two different ones.', de: 'Das sind zwei verschiedene.' },
  change: { en: 'Change the password', de: 'Passwort ändern' },
  changed: {
    en: 'Changed. Every other session has ended.',
    de: 'Geändert. Alle anderen Sitzungen sind beendet.',
  },
  sessions: { en: 'Where I am signed in', de: 'Wo ich angemeldet bin' },
  device: { en: 'Device', de: 'Gerät' },
  since: { en: 'Since', de: 'Seit' },
  lastUsed: { en: 'Last used', de: 'Zuletzt benutzt' },
  thisOne: { en: 'This one', de: 'Diese hier' },
  end: { en: 'Sign out there', de: 'Dort abmelden' },
  endOthers: { en: 'Sign out everywhere else', de: 'Überall sonst abmelden' },
  ended: { en: 'Ended.', de: 'Beendet.' },
  noSessions: { en: 'You have signed in by a token only.', de: 'Sie sind nur mit einem Token angemeldet.' },
  // One-time links.
  choose: { en: 'Choose a password', de: 'Passwort wählen' },
  chooseText: {
    en: 'This link works once. With the password you sign in from now on.',
    de: 'Dieser Link gilt einmal. Mit dem Passwort melden Sie sich von nun an an.',
  },
  chosen: { en: 'Your password is set', de: 'Ihr Passwort ist gesetzt' },
  chosenText: { en: 'Now sign in with it.', de: 'Melden Sie sich jetzt damit an.' },
  toSignIn: { en: 'To the sign-in', de: 'Zur Anmeldung' },
  confirm: { en: 'Finish signing up', de: 'Registrierung abschließen' },
  confirmText: {
    en: 'Somebody signed up with this address. If it was you, finish here.',
    de: 'Mit dieser Adresse hat sich jemand registriert. Wenn Sie das waren, schließen Sie hier ab.',
  },
  confirmed: { en: 'You are signed up', de: 'Sie sind registriert' },
} as const satisfies Record<string, StaffTexts>;

export const endOthersTitle: StaffTexts = { en: 'Sign out everywhere else?', de: 'Überall sonst abmelden?' };
export const endOthersText = (others: number): StaffTexts => ({
  en: `${others} other ${others === 1 ? 'session ends' : 'sessions end'} at once; this one goes on. What somebody has typed there and not sent waits for a new sign-in.`,
  de: `${others} andere ${others === 1 ? 'Sitzung endet' : 'Sitzungen enden'} sofort; diese bleibt. Dort Eingetipptes wartet auf eine neue Anmeldung.`,
});

// What the frame of the dashboard says, in every language of staff.
import type { StaffTexts } from '@postern/shared';

export const texts = {
  oneMoment: { en: 'One moment …', de: 'Einen Moment …' },
  unreachable: {
    en: 'The cloud does not answer. Trying again …',
    de: 'Die Cloud antwortet nicht. Neuer Versuch …',
  },
  again: { en: 'Try again', de: 'Noch einmal' },
  dismiss: { en: 'Put away', de: 'Schließen' },
  skip: { en: 'Go to the content', de: 'Zum Inhalt' },
  menu: { en: 'Menu', de: 'Menü' },
  event: { en: 'Event', de: 'Veranstaltung' },
  sections: { en: 'Sections', de: 'Bereiche' },
  deployment: { en: 'Deployment', de: 'Installation' },
  language: { en: 'Language', de: 'Sprache' },
  signOut: { en: 'Sign out', de: 'Abmelden' },
  eventUnknown: { en: 'This event is not among yours', de: 'Diese Veranstaltung ist nicht unter Ihren' },
  eventUnknownHint: {
    en: 'Either it does not exist, or you have no role at it: then ask its organiser.',
    de: 'Entweder gibt es sie nicht, oder Sie haben dort keine Rolle: Dann fragen Sie, wer sie veranstaltet.',
  },
  toYourEvents: { en: 'To your events', de: 'Zu Ihren Veranstaltungen' },
  nothingHere: { en: 'There is nothing here', de: 'Hier ist nichts' },
  nothingHereHint: {
    en: 'Either there is no event yet, or this part is not for your role. Choose another part on the left.',
    de: 'Entweder gibt es noch keine Veranstaltung, oder dieser Bereich gehört nicht zu Ihrer Rolle. Wählen Sie links einen anderen.',
  },
} as const satisfies Record<string, StaffTexts>;

// What sections are called in the navigation, apart from all else that they say: this is there at once, the rest when somebody goes there.
import type { StaffTexts } from '@postern/shared';

export const titles = {
  account: { en: 'My account', de: 'Mein Konto' },
  audit: { en: 'Audit log', de: 'Protokoll' },
  auditOfAll: { en: 'Whole audit log', de: 'Gesamtes Protokoll' },
  cases: { en: 'Cases', de: 'Fälle' },
  gates: { en: 'Gates', de: 'Gates' },
  keys: { en: 'Keys', de: 'Schlüssel' },
  orders: { en: 'Orders', de: 'Anordnungen' },
  people: { en: 'People', de: 'Personen' },
  users: { en: 'Users', de: 'Benutzer' },
  programs: { en: 'Programs', de: 'Programme' },
  rehearsal: { en: 'Rehearsal', de: 'Probe' },
  webhooks: { en: 'Webhooks', de: 'Webhooks' },
  work: { en: 'Background work', de: 'Hintergrundarbeit' },
} as const satisfies Record<string, StaffTexts>;

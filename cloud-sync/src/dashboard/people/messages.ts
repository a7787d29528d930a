// What the lists of people, of staff at the gates and of programs say, for those who manage them.
import type { EventRole } from '@postern/shared';
import type { StaffTexts } from '../language.ts';
import { titles } from '../titles.ts';

export const labels = {
  people: titles.people,
  users: titles.users,
  programs: titles.programs,
  save: { en: 'Save', de: 'Speichern' },
  saved: { en: 'Saved.', de: 'Gespeichert.' },
  done: { en: 'Done', de: 'Fertig' },
  name: { en: 'Name', de: 'Name' },
  email: { en: 'E-mail', de: 'E-Mail' },
  role: { en: 'Role', de: 'Rolle' },
  since: { en: 'Since', de: 'Seit' },
  act: { en: 'What can be done', de: 'Was getan werden kann' },
  remove: { en: 'Remove', de: 'Entfernen' },
  change: { en: 'Change', de: 'Ändern' },
  account: { en: 'Account', de: 'Konto' },

  // At the desk.
  members: { en: 'At the dashboard', de: 'Am Dashboard' },
  membersText: {
    en: 'People with an account who have a role at this event.',
    de: 'Personen mit Konto, die bei dieser Veranstaltung eine Rolle haben.',
  },
  noMembers: { en: 'Nobody has a role here yet.', de: 'Noch niemand hat hier eine Rolle.' },
  addMember: { en: 'Give somebody a role', de: 'Rolle vergeben' },
  who: { en: 'Who', de: 'Wer' },
  whoHintAdmin: {
    en: 'Their e-mail address, or the id of their account',
    de: 'E-Mail-Adresse oder Kennung des Kontos',
  },
  whoHint: {
    en: 'The id of their account: they find it under “My account”',
    de: 'Kennung des Kontos: steht dort unter „Mein Konto“',
  },
  whoUnknown: { en: 'Nobody here has this address.', de: 'Diese Adresse hat hier niemand.' },
  whoMalformed: {
    en: 'An account’s id has 12 characters, 0–9 and a–f.',
    de: 'Eine Kontokennung hat 12 Zeichen, 0–9 und a–f.',
  },
  give: { en: 'Give the role', de: 'Rolle geben' },
  resetLink: { en: 'Link for a new password', de: 'Link für neues Passwort' },
  resetLinkFor: {
    en: 'Hand it to this person. Whoever opens it chooses the password.',
    de: 'Nur dieser Person geben: Wer ihn öffnet, wählt das Passwort.',
  },

  // At the gates.
  staff: { en: 'At the gates', de: 'An den Gates' },
  staffText: {
    en: 'They sign on at a gate with card and PIN and need no account. Gates know them by a pseudonym.',
    de: 'Sie melden sich am Gate mit Karte und PIN an, ohne Konto. Gates kennen sie unter einem Pseudonym.',
  },
  noStaff: { en: 'Nobody can sign on at gates yet.', de: 'Noch niemand kann sich an Gates anmelden.' },
  addStaff: { en: 'Add somebody', de: 'Person hinzufügen' },
  operator: { en: 'Operator', de: 'Kennung' },
  card: { en: 'Card', de: 'Karte' },
  hasCard: { en: 'yes', de: 'ja' },
  noCard: { en: 'none', de: 'keine' },
  pin: { en: 'PIN', de: 'PIN' },
  pinHint: {
    en: '4 to 12 digits. The person types it at the gate; it cannot be shown again.',
    de: '4 bis 12 Ziffern. Wird am Gate eingetippt und nicht wieder angezeigt.',
  },
  pinWrong: { en: '4 to 12 digits, nothing else.', de: '4 bis 12 Ziffern, sonst nichts.' },
  make: { en: 'Make the card', de: 'Karte erzeugen' },
  newCard: { en: 'New card', de: 'Neue Karte' },
  cardCode: { en: 'Code of the card', de: 'Code der Karte' },
  cardText: {
    en: 'Print it or take a picture now. It is good with the PIN only.',
    de: 'Jetzt drucken oder abfotografieren. Gilt nur mit der PIN.',
  },
  print: { en: 'Print', de: 'Drucken' },

  // Users.
  findUser: { en: 'Find by e-mail', de: 'Nach E-Mail suchen' },
  findUserHint: { en: 'The whole address', de: 'Die ganze Adresse' },
  noUsers: { en: 'Nobody is like that.', de: 'Niemand entspricht dem.' },
  addUser: { en: 'Add a user', de: 'Benutzer hinzufügen' },
  language: { en: 'Language', de: 'Sprache' },
  anyLanguage: { en: 'As their browser says', de: 'Wie der Browser' },
  administrator: { en: 'Administrator', de: 'Administrator' },
  administratorHint: {
    en: 'May do everything at every event, keys and users included.',
    de: 'Darf alles bei jeder Veranstaltung, auch Schlüssel und Benutzer.',
  },
  roles: { en: 'Roles', de: 'Rollen' },
  noRoles: { en: 'none: an attendee', de: 'keine: Besucher' },
  state: { en: 'State', de: 'Zustand' },
  active: { en: 'Active', de: 'Aktiv' },
  disabled: { en: 'Disabled', de: 'Gesperrt' },
  disable: { en: 'Disable', de: 'Sperren' },
  enable: { en: 'Enable', de: 'Entsperren' },
  promote: { en: 'Make administrator', de: 'Zum Administrator machen' },
  demote: { en: 'Take administration away', de: 'Administration entziehen' },
  signUp: {
    en: 'Everybody may sign up as an attendee; that gives no role. Roles are given here and at each event.',
    de: 'Alle können sich als Besucher registrieren; das gibt keine Rolle. Rollen gibt es hier und bei jeder Veranstaltung.',
  },

  // Programs.
  apiKeys: { en: 'API keys', de: 'API-Schlüssel' },
  apiKeysText: {
    en: 'One secret that a script sends with each request.',
    de: 'Ein Geheimnis, das ein Skript mit jeder Anfrage sendet.',
  },
  clients: { en: 'OAuth 2 clients', de: 'OAuth-2-Clients' },
  clientsText: {
    en: 'A program that gets itself tokens for ten minutes each.',
    de: 'Ein Programm, das sich Tokens für je zehn Minuten holt.',
  },
  noKeys: { en: 'None yet.', de: 'Noch keine.' },
  newKey: { en: 'Make an API key', de: 'API-Schlüssel erzeugen' },
  newClient: { en: 'Register a client', de: 'Client anmelden' },
  may: { en: 'May', de: 'Darf' },
  events: { en: 'Events', de: 'Veranstaltungen' },
  allEvents: { en: 'all', de: 'alle' },
  eventsHint: { en: 'None ticked: at every event', de: 'Keine angekreuzt: bei allen' },
  lastUsed: { en: 'Last used', de: 'Zuletzt benutzt' },
  expires: { en: 'Ends', de: 'Endet' },
  expiresHint: { en: 'Empty: never', de: 'Leer: nie' },
  never: { en: 'never', de: 'nie' },
  revoke: { en: 'Revoke', de: 'Sperren' },
  revoked: { en: 'Revoked', de: 'Gesperrt' },
  create: { en: 'Make it', de: 'Erzeugen' },
  key: { en: 'API key', de: 'API-Schlüssel' },
  clientId: { en: 'Client id', de: 'Client-Kennung' },
  clientSecret: { en: 'Client secret', de: 'Client-Geheimnis' },
  nameMissing: { en: 'It needs a name.', de: 'Bitte einen Namen angeben.' },
  emailWrong: { en: 'This is no e-mail address.', de: 'Das ist keine E-Mail-Adresse.' },
  scopesMissing: { en: 'Tick what it may do.', de: 'Bitte ankreuzen, was es darf.' },
} as const satisfies Record<string, StaffTexts>;

export const roleTexts: Readonly<Record<EventRole, StaffTexts>> = {
  steward: { en: 'Steward', de: 'Einlasspersonal' },
  supervisor: { en: 'Supervisor', de: 'Leitung' },
  organiser: { en: 'Organiser', de: 'Veranstalter' },
};

export const removeMemberTitle = (name: string): StaffTexts => ({
  en: `Take the role of “${name}” away?`,
  de: `„${name}“ die Rolle entziehen?`,
});
export const removeMemberText = (role: StaffTexts, event: string): StaffTexts => ({
  en: `They are no longer ${role.en.toLowerCase()} of “${event}” and see nothing of it from now on. Their account and other roles stay. You can give the role again.`,
  de: `Die Rolle ${role.de} bei „${event}“ endet sofort, nichts davon ist mehr sichtbar. Konto und andere Rollen bleiben. Die Rolle lässt sich wieder geben.`,
});
export const resetTitle = (name: string): StaffTexts => ({
  en: `Make “${name}” a link for a new password?`,
  de: `Link für neues Passwort von „${name}“ erzeugen?`,
});
export const resetText: StaffTexts = {
  en: 'The link is good for an hour and works once. The present password goes on until it is used; links that were made before end.',
  de: 'Der Link gilt eine Stunde und einmal. Das jetzige Passwort gilt bis dahin weiter; frühere Links enden.',
};
export const linkUntilText = (at: string): StaffTexts => ({ en: `Good until ${at}`, de: `Gültig bis ${at}` });

export const newCardTitle = (operator: string): StaffTexts => ({
  en: `Make operator ${operator} a new card?`,
  de: `Neue Karte für ${operator} erzeugen?`,
});
export const newCardText: StaffTexts = {
  en: 'The old card is dead: here at once, at gates with their next ticket list. The PIN stays.',
  de: 'Die alte Karte gilt nicht mehr: hier sofort, an Gates mit der nächsten Ticketliste. Die PIN bleibt.',
};
export const removeStaffTitle = (operator: string): StaffTexts => ({
  en: `Remove operator ${operator}?`,
  de: `${operator} entfernen?`,
});
export const removeStaffText: StaffTexts = {
  en: 'They cannot sign on at any gate with its next ticket list. What they did stays in the history, under the pseudonym. It cannot be undone: they get a new card under another one.',
  de: 'Anmelden ist an Gates ab der nächsten Ticketliste nicht mehr möglich. Was getan wurde, bleibt unter dem Pseudonym. Das ist endgültig: Eine neue Karte hat ein anderes.',
};

export const disableTitle = (name: string): StaffTexts => ({ en: `Disable “${name}”?`, de: `„${name}“ sperren?` });
export const disableText = (roles: number): StaffTexts => ({
  en: `They are signed out everywhere at once and cannot sign in. ${roles} ${roles === 1 ? 'role stays' : 'roles stay'} with the account, and tickets they hold stay good. It can be taken back.`,
  de: `Alle Sitzungen enden sofort, Anmelden ist nicht möglich. ${roles} ${roles === 1 ? 'Rolle bleibt' : 'Rollen bleiben'} am Konto, Tickets bleiben gültig. Das lässt sich zurücknehmen.`,
});
export const promoteTitle = (name: string): StaffTexts => ({
  en: `Make “${name}” an administrator?`,
  de: `„${name}“ zum Administrator machen?`,
});
export const promoteText: StaffTexts = {
  en: 'They may then do everything at every event: users, keys, orders, the audit log. They can take your own administration away.',
  de: 'Das Konto darf dann alles bei jeder Veranstaltung: Benutzer, Schlüssel, Anordnungen, Protokoll. Es kann auch Ihnen die Administration entziehen.',
};
export const demoteTitle = (name: string): StaffTexts => ({
  en: `Take administration away from “${name}”?`,
  de: `„${name}“ die Administration entziehen?`,
});
export const demoteText = (roles: number): StaffTexts => ({
  en: `They keep ${roles} ${roles === 1 ? 'role' : 'roles'} at single events and lose everything else at once.`,
  de: `Es bleiben ${roles} ${roles === 1 ? 'Rolle' : 'Rollen'} bei einzelnen Veranstaltungen, alles andere endet sofort.`,
});
export const roleAtText = (role: StaffTexts, event: string): StaffTexts => ({
  en: `${role.en}, ${event}`,
  de: `${role.de}, ${event}`,
});

export const revokeKeyTitle = (name: string): StaffTexts => ({
  en: `Revoke the API key “${name}”?`,
  de: `API-Schlüssel „${name}“ sperren?`,
});
export const revokeKeyText: StaffTexts = {
  en: 'Whatever uses it is refused from the next request on. It cannot be undone: make a new key instead.',
  de: 'Was ihn benutzt, wird ab der nächsten Anfrage abgewiesen. Das ist endgültig: Sonst einen neuen erzeugen.',
};
export const revokeClientTitle = (name: string): StaffTexts => ({
  en: `Revoke the client “${name}”?`,
  de: `Client „${name}“ sperren?`,
});
export const revokeClientText: StaffTexts = {
  en: 'Its secret and every token that it has end at once. It cannot be undone: register a new one instead.',
  de: 'Geheimnis und alle Tokens enden sofort. Das ist endgültig: Sonst einen neuen anmelden.',
};

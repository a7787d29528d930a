// Why the cloud has not done something, by the type of its problem, for staff in their own language: the problems that operators meet at this
// page. Of any other one, and of what a text cannot know (which file, which line, how many), the cloud's own words follow.
import type { Problem, StaffLanguage, StaffTexts } from '@postern/shared';
import type { ProblemType } from '../../services/problems.ts';

/** One text, for toasts, banners and dialogs. */
export function toProblemText({ type, title, detail, issues = [] }: Problem, language: StaffLanguage): string {
  const known = texts.get(type);
  return [
    known === undefined ? `${title}.` : known[language],
    known !== undefined && complete.has(type) ? undefined : detail,
    ...issues.map(({ path, message }) => `${path}: ${message}`),
  ]
    .filter(Boolean)
    .join(' ');
}

const problemTexts: Readonly<Partial<Record<ProblemType, StaffTexts>>> = {
  // Of any request.
  'request-invalid': {
    en: 'Something here is not as it has to be.',
    de: 'Eine Angabe ist nicht so, wie sie sein muss.',
  },
  'options-invalid': {
    en: 'Something here is not as it has to be.',
    de: 'Eine Angabe ist nicht so, wie sie sein muss.',
  },
  'cursor-invalid': {
    en: 'The list has become another one: load it again.',
    de: 'Die Liste ist inzwischen eine andere: neu laden.',
  },
  'precondition-failed': {
    en: 'Somebody else has changed it meanwhile: load it again, then decide.',
    de: 'Jemand anderes hat es inzwischen geändert: neu laden, dann entscheiden.',
  },
  'body-too-large': { en: 'That is too much at once.', de: 'Das ist zu viel auf einmal.' },
  'attempts-exhausted': { en: 'Too many attempts: wait a minute.', de: 'Zu viele Versuche: eine Minute warten.' },
  'internal-error': {
    en: 'Something is wrong in the cloud: its log says what.',
    de: 'In der Cloud stimmt etwas nicht: Ihr Protokoll sagt, was.',
  },
  'store-unavailable': {
    en: 'The cloud can record nothing just now, so nobody was let in. Try again.',
    de: 'Die Cloud kann gerade nichts festhalten, also wurde niemand eingelassen. Noch einmal versuchen.',
  },
  'idempotency-in-progress': {
    en: 'The same is under way already: wait a moment, then look what came of it.',
    de: 'Dasselbe läuft schon: kurz warten, dann nachsehen, was daraus wurde.',
  },

  // Who may.
  'credentials-wrong': { en: 'Address or password is wrong.', de: 'Adresse oder Passwort ist falsch.' },
  'password-wrong': { en: 'The present password is wrong.', de: 'Das bisherige Passwort ist falsch.' },
  'oidc-failed': {
    en: 'Signing in at the provider did not succeed.',
    de: 'Die Anmeldung beim Anbieter ist nicht gelungen.',
  },
  'oidc-unreachable': {
    en: 'The sign-in provider does not answer.',
    de: 'Der Anbieter für die Anmeldung antwortet nicht.',
  },
  'link-invalid': {
    en: 'The link is wrong, used or too old: ask for a new one.',
    de: 'Der Link ist falsch, benutzt oder zu alt: einen neuen geben lassen.',
  },
  'event-forbidden': {
    en: 'You have no role at this event.',
    de: 'Sie haben bei dieser Veranstaltung keine Rolle.',
  },
  'role-too-low': { en: 'Your role does not allow this.', de: 'Ihre Rolle erlaubt das nicht.' },
  'email-taken': {
    en: 'There is already somebody with this address.',
    de: 'Es gibt schon jemanden mit dieser Adresse.',
  },
  'last-administrator': { en: 'Somebody must stay administrator.', de: 'Jemand muss Administrator bleiben.' },

  // What is not there, or no longer.
  'event-unknown': { en: 'There is no such event.', de: 'Diese Veranstaltung gibt es nicht.' },
  'ticket-unknown': { en: 'There is no such ticket.', de: 'Dieses Ticket gibt es nicht.' },
  'gate-unknown': { en: 'There is no such gate.', de: 'Dieses Gate gibt es nicht.' },
  'user-unknown': { en: 'There is no such user.', de: 'Diesen Benutzer gibt es nicht.' },
  'session-unknown': { en: 'That session has ended already.', de: 'Diese Anmeldung ist schon beendet.' },
  'staff-unknown': { en: 'There is no such person at the gates.', de: 'Diese Person gibt es an den Gates nicht.' },
  'key-unknown': { en: 'There is no such key.', de: 'Diesen Schlüssel gibt es nicht.' },
  'api-key-unknown': { en: 'There is no such API key.', de: 'Diesen API-Schlüssel gibt es nicht.' },
  'client-unknown': { en: 'There is no such client.', de: 'Diesen Client gibt es nicht.' },
  'case-unknown': { en: 'There is no such case.', de: 'Diesen Fall gibt es nicht.' },
  'suspicion-unknown': { en: 'There is no such suspicion.', de: 'Diesen Verdacht gibt es nicht.' },
  'conflict-unknown': {
    en: 'There is no such conflict, or somebody has settled it.',
    de: 'Diesen Konflikt gibt es nicht, oder jemand hat ihn gelöst.',
  },
  'chunk-unknown': { en: 'Nothing was put aside under this id.', de: 'Unter dieser Kennung liegt nichts beiseite.' },
  'band-unknown': { en: 'The ticket has no such band.', de: 'Dieses Band hat das Ticket nicht.' },
  'face-unknown': { en: 'No face is kept here.', de: 'Hier ist kein Gesicht hinterlegt.' },
  'link-unknown': { en: 'The ticket has no such link.', de: 'Diesen Link hat das Ticket nicht.' },
  'job-unknown': { en: 'There is no such run.', de: 'Diesen Lauf gibt es nicht.' },
  'webhook-unknown': { en: 'There is no such webhook.', de: 'Diesen Webhook gibt es nicht.' },
  'message-unknown': {
    en: 'There is no such message to this webhook.',
    de: 'Diese Nachricht an den Webhook gibt es nicht.',
  },
  'feed-unpublished': {
    en: 'Nothing has been published for this event yet.',
    de: 'Für diese Veranstaltung wurde noch nichts veröffentlicht.',
  },

  // Tickets.
  'ticket-exists': { en: 'There is already a ticket with this code.', de: 'Ein Ticket mit diesem Code gibt es schon.' },
  'ticket-not-valid': {
    en: 'The ticket is cancelled, unpaid or blocked.',
    de: 'Das Ticket ist storniert, nicht bezahlt oder gesperrt.',
  },
  'ticket-has-foreign-code': {
    en: 'Somebody else printed the code of this ticket: only they can make another.',
    de: 'Den Code dieses Tickets hat jemand anderes gedruckt: Nur dort gibt es einen neuen.',
  },
  'ticket-is-token': {
    en: 'The ticket is a token: it is passed on from wallet to wallet.',
    de: 'Das Ticket ist ein Token: Es wird von Wallet zu Wallet weitergegeben.',
  },
  'transfer-forbidden': {
    en: 'This ticket is not to be passed on: the rules of its type say so.',
    de: 'Dieses Ticket darf nicht weitergegeben werden: So steht es in den Regeln seiner Art.',
  },
  'type-unknown': { en: 'The event has no such ticket type.', de: 'Diese Ticketart hat die Veranstaltung nicht.' },
  'window-empty': {
    en: 'The ticket would end before it begins.',
    de: 'Das Ticket würde enden, bevor es beginnt.',
  },
  'already-used': { en: 'Every use of this ticket is spent.', de: 'Dieses Ticket ist aufgebraucht.' },
  blocked: { en: 'This ticket is blocked.', de: 'Dieses Ticket ist gesperrt.' },
  revoked: { en: 'This ticket is cancelled.', de: 'Dieses Ticket ist storniert.' },
  unpaid: { en: 'This ticket is not paid yet.', de: 'Dieses Ticket ist noch nicht bezahlt.' },
  'not-revoked': {
    en: 'This ticket is neither cancelled nor blocked.',
    de: 'Dieses Ticket ist weder storniert noch gesperrt.',
  },
  'entry-stopped': {
    en: 'Entry is stopped by order: lift the order first.',
    de: 'Der Einlass ist auf Anordnung gestoppt: erst die Anordnung aufheben.',
  },
  'method-off': { en: 'This method is switched off.', de: 'Diese Methode ist ausgeschaltet.' },
  'nothing-to-generate': {
    en: 'Nothing is made here for this method: people have it from elsewhere.',
    de: 'Für diese Methode wird hier nichts erzeugt: Man hat es von anderswo.',
  },
  'band-bound': { en: 'The band belongs to another ticket.', de: 'Das Band gehört zu einem anderen Ticket.' },
  'band-disputed': {
    en: 'Another ticket claims this band too: settle that first.',
    de: 'Ein anderes Ticket beansprucht dieses Band auch: erst das lösen.',
  },

  // Gates, orders, rehearsals.
  'gate-exists': {
    en: 'There is or was a gate with this id: take another.',
    de: 'Ein Gate mit dieser Kennung gibt oder gab es schon: eine andere nehmen.',
  },
  'gate-revoked': {
    en: 'The gate is revoked; a new one takes another id.',
    de: 'Das Gate ist gesperrt; ein neues nimmt eine andere Kennung.',
  },
  'too-many-gates': {
    en: 'The event has as many gates as it may have, revoked ones among them.',
    de: 'Mehr Gates kann die Veranstaltung nicht haben; gesperrte zählen mit.',
  },
  'too-many-staff': {
    en: 'The event has as many people at its gates as it may have: remove somebody first.',
    de: 'Mehr Personen an den Gates kann die Veranstaltung nicht haben: zuerst jemanden entfernen.',
  },
  'gate-in-other-event': {
    en: 'The gate stands at another event too, at which you may not do this.',
    de: 'Das Gate steht auch bei einer anderen Veranstaltung, bei der Sie das nicht dürfen.',
  },
  'zone-unknown': { en: 'The event has no such zone.', de: 'Diesen Bereich hat die Veranstaltung nicht.' },
  'state-unreachable': {
    en: 'As things are, that cannot be done.',
    de: 'So, wie es jetzt ist, geht das nicht.',
  },
  'chunk-not-releasable': {
    en: 'These marks cannot become part of the history.',
    de: 'Diese Einträge können nicht in die Geschichte.',
  },
  'chunk-released': { en: 'These marks have been let in already.', de: 'Diese Einträge sind schon aufgenommen.' },
  'confirmation-gone': {
    en: 'Confirmed too late, or by somebody else: ask again.',
    de: 'Zu spät bestätigt, oder schon von jemand anderem: noch einmal beginnen.',
  },
  'order-in-force': { en: 'That is ordered already.', de: 'Das ist schon angeordnet.' },
  'order-not-in-force': { en: 'That is not ordered.', de: 'Das ist nicht angeordnet.' },
  'rehearsal-in-force': { en: 'The event rehearses already.', de: 'Die Veranstaltung probt schon.' },
  'rehearsal-not-in-force': {
    en: 'The event does not rehearse: entries count.',
    de: 'Die Veranstaltung probt nicht: Eintritte zählen.',
  },

  // Rules.
  'event-exists': {
    en: 'There is already an event with this number.',
    de: 'Eine Veranstaltung mit dieser Nummer gibt es schon.',
  },
  'types-repeated': {
    en: 'Two types or two zones have the same id.',
    de: 'Zwei Arten oder zwei Bereiche haben dieselbe Kennung.',
  },
  'proof-unknown': {
    en: 'A ticket type asks for a proof that there is not.',
    de: 'Eine Ticketart verlangt einen Nachweis, den es nicht gibt.',
  },
  'face-unset': { en: 'The event has no faces.', de: 'Die Veranstaltung hat keine Gesichter.' },
  'face-not-ready': {
    en: 'Not everything has been said yet that must be before anybody enrols a face.',
    de: 'Noch ist nicht alles gesagt, was feststehen muss, bevor jemand ein Gesicht hinterlegt.',
  },
  'face-over': {
    en: 'The time for which faces of this event are kept is over.',
    de: 'Die Zeit, für die Gesichter dieser Veranstaltung bleiben, ist vorbei.',
  },
  'consent-text-published': {
    en: 'People may have agreed to this text: it stays as it was. Give the new one a new version.',
    de: 'Diesem Text kann schon jemand zugestimmt haben: Er bleibt, wie er war. Dem neuen eine neue Version geben.',
  },

  // Keys, programs, webhooks, work.
  'key-already-revoked': { en: 'The key has been revoked already.', de: 'Der Schlüssel ist schon gesperrt.' },
  'key-is-last': {
    en: 'There is no other key that could take over.',
    de: 'Es gibt keinen anderen Schlüssel, der übernehmen könnte.',
  },
  'keys-too-many': { en: 'Gates can take no more keys.', de: 'Mehr Schlüssel können die Gates nicht aufnehmen.' },
  'next-key-too-young': {
    en: 'Gates may not have heard of the next key yet.',
    de: 'Noch kennen vielleicht nicht alle Gates den nächsten Schlüssel.',
  },
  'rotation-conflict': {
    en: 'Somebody else has just changed the keys: look again.',
    de: 'Jemand anderes hat gerade die Schlüssel geändert: noch einmal nachsehen.',
  },
  'too-many-keys': { en: 'There are too many keys or clients.', de: 'Es gibt zu viele Schlüssel oder Clients.' },
  'too-many-webhooks': {
    en: 'The event has as many webhooks as it may have.',
    de: 'Mehr Webhooks kann die Veranstaltung nicht haben.',
  },
  'webhook-url-forbidden': {
    en: 'The address is on a private network or without TLS. The settings of the cloud can allow its network (POSTERN_CLOUD_WEBHOOK_NETWORKS).',
    de: 'Die Adresse liegt in einem privaten Netz oder ist ohne TLS. Die Einstellungen der Cloud können ihr Netz erlauben (POSTERN_CLOUD_WEBHOOK_NETWORKS).',
  },
  'job-ended': { en: 'This run has ended.', de: 'Dieser Lauf ist zu Ende.' },
  'job-running': { en: 'The same work is under way already.', de: 'Dieselbe Arbeit läuft schon.' },
  'job-not-startable': {
    en: 'This kind of work is not begun by hand.',
    de: 'Diese Art von Arbeit beginnt niemand von Hand.',
  },

  // Files and pretix.
  'csv-malformed': {
    en: 'The file is not a table as it has to be.',
    de: 'Die Datei ist keine Tabelle, wie sie sein muss.',
  },
  'columns-unfit': {
    en: 'Not every column of the table is known: say what each is.',
    de: 'Nicht jede Spalte der Tabelle ist bekannt: angeben, was jede bedeutet.',
  },
  'pretix-unconnected': {
    en: 'This event is not connected to a pretix server.',
    de: 'Diese Veranstaltung ist mit keinem pretix-Server verbunden.',
  },
  'pretix-connected': {
    en: 'Tickets of another pretix event came in here: disconnect that one first.',
    de: 'Hier kamen Tickets einer anderen pretix-Veranstaltung herein: erst diese trennen.',
  },
  'pretix-running': {
    en: 'Something is reading from or sending to the pretix server already.',
    de: 'Es wird schon vom pretix-Server gelesen oder an ihn gesendet.',
  },
  'pretix-refused': {
    en: 'The pretix server does not let this token do that.',
    de: 'Der pretix-Server erlaubt das diesem Token nicht.',
  },
  'pretix-unencrypted': {
    en: 'The token would travel without encryption: give an https address.',
    de: 'Der Token ginge unverschlüsselt über das Netz: eine https-Adresse angeben.',
  },
  'pretix-url-forbidden': {
    en: 'The pretix server is on a private network or without TLS. The settings of the cloud can allow its network (POSTERN_CLOUD_WEBHOOK_NETWORKS).',
    de: 'Der pretix-Server liegt in einem privaten Netz oder ist ohne TLS. Die Einstellungen der Cloud können sein Netz erlauben (POSTERN_CLOUD_WEBHOOK_NETWORKS).',
  },
  'pretix-unknown': {
    en: 'The pretix server has no such organizer, event or check-in list.',
    de: 'Diesen Veranstalter, diese Veranstaltung oder Check-in-Liste hat der pretix-Server nicht.',
  },
  'pretix-answer-wrong': {
    en: 'What the pretix server answers is not what its API promises.',
    de: 'Was der pretix-Server antwortet, ist nicht, was seine Schnittstelle verspricht.',
  },
  'pretix-unreachable': { en: 'The pretix server does not answer.', de: 'Der pretix-Server antwortet nicht.' },
  'pretix-busy': { en: 'The pretix server asks to wait.', de: 'Der pretix-Server bittet zu warten.' },
};

/** By what the cloud has sent, which may be newer than this page. */
const texts: ReadonlyMap<string, StaffTexts> = new Map(Object.entries(problemTexts));

/** The cloud's own words say no more than the text. */
const complete: ReadonlySet<string> = new Set<ProblemType>([
  'consent-text-published',
  'event-unknown',
  'gate-exists',
  'pretix-url-forbidden',
  'webhook-url-forbidden',
]);

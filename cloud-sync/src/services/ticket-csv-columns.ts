// Which column of somebody's table is what of a ticket: guessed from the headers that box offices and ticket shops write in English, German,
// French and Spanish, pretix and Eventbrite among them, unless it is said.
import { err, ok, ticketColumns, type Result, type TicketColumn } from '@postern/shared';
import type { Failure } from './problems.ts';

export interface ColumnMapping {
  /** Where each column is, from 0. */
  readonly at: ReadonlyMap<TicketColumn, number>;
  /** The headers, as the file has them. */
  readonly named: Readonly<Partial<Record<TicketColumn, string>>>;
  readonly unused: readonly string[];
}

/** As `columnKey` makes them, but for the spaces; the first of a list that the table has is taken. */
const headersByColumn: Readonly<Record<TicketColumn, readonly string[]>> = {
  code: words(`
    code | ticket code | barcode | barcode # | barcode number | barcode no | qr code | qr | ticket secret | secret | ticket number |
    ticket no | ticket # | scan code | access code | ticketnummer | ticket nr | kartennummer | kartencode | karten nr | strichcode |
    barcodenummer | zugangscode | ticket geheimnis | code barres | code barre | code a barres | code billet | code du billet |
    numero de billet | n de billet | numero du billet | codigo | codigo de barras | codigo qr | codigo de entrada |
    numero de entrada | codigo del boleto | numero de boleto`),
  // As our own lists have it.
  ticket: words('ticket'),
  type: words(`
    type | ticket type | type id | product | item | category | ticket category | ticket class | price category | tickettyp | typ |
    ticketart | produkt | kategorie | preiskategorie | kartenart | kartentyp | type de billet | produit | categorie | tarif | tipo |
    tipo de entrada | tipo de boleto | producto | categoria | tarifa`),
  status: words(`
    ticket status | attendee status | status | order status | state | zustand | bestellstatus | statut | etat | statut du billet |
    estado | estado del pedido | estado de la entrada`),
  party: words(`
    party | persons | people | admits | group size | pax | personen | anzahl personen | gruppengrosse | personnes |
    nombre de personnes | personas | numero de personas`),
  hold: words('hold'),
  validFrom: words(`
    valid from | valid after | not before | gultig ab | gultig von | valable a partir du | valable du | valide du | valido desde |
    valida desde`),
  validUntil: words(`
    valid until | valid to | valid till | expires | expiry | not after | gultig bis | valable jusqu au | valide jusqu au |
    valable au | valido hasta | valida hasta`),
  language: words(`
    language | locale | order locale | customer language | attendee language | sprache | bestellsprache | kundensprache | langue |
    idioma | lengua`),
  name: words(`
    name | attendee name | attendee | holder | holder name | guest | guest name | full name | ticket holder | visitor |
    teilnehmername | teilnehmer | inhaber | gast | gastename | besucher | vollstandiger name | nom complet | nom du participant |
    participant | titulaire | nombre completo | nombre del asistente | asistente | titular`),
  firstName: words(`
    first name | given name | attendee first name | attendee name given name | vorname | teilnehmername vorname | prenom | nombre`),
  lastName: words(`
    last name | surname | family name | attendee last name | attendee name family name | nachname | familienname |
    teilnehmername nachname | nom | nom de famille | apellido | apellidos`),
  email: words(`
    attendee email | email | email address | mail | holder email | guest email | teilnehmer e mail | e mail adresse |
    e mail teilnehmer | courriel | adresse e mail | correo | correo electronico`),
  order: words(`
    order | order code | order # | order number | order no | order id | order reference | booking | booking number |
    booking reference | reference | bestellung | bestellnummer | bestell nr | bestellcode | auftragsnummer | buchungsnummer |
    commande | numero de commande | n de commande | code de commande | pedido | numero de pedido | codigo de pedido | referencia`),
};

function words(list: string): readonly string[] {
  return list.split('|').map((word) => word.replaceAll(/\s/g, ''));
}

/** Words are compared without accents, capital letters and punctuation. */
export const headerKey = (text: string): string =>
  text
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}#]+/gu, ' ')
    .trim();

/** Headers without spaces, too: "Bestell-Nr.", "Bestell Nr" and "Bestellnr" are one. */
const columnKey = (header: string): string => headerKey(header).replaceAll(' ', '');

/**
 * `chosen` names a header for a column, or nothing for a column that the table is not to have. `columns-unfit` where a ticket's code
 * is not found, or a header that was named.
 */
export function mapColumns(
  header: readonly string[],
  chosen: Readonly<Partial<Record<TicketColumn, string | undefined>>>,
): Result<ColumnMapping, Failure> {
  const keys = header.map(columnKey);
  const at = new Map<TicketColumn, number>();
  const isTaken = (index: number): boolean => [...at.values()].includes(index);
  for (const column of ticketColumns) {
    const name = chosen[column];
    if (name === undefined || name === '') continue;
    const index = findNamed(header, keys, name);
    if (index === undefined)
      return unfit(`There is no column "${name}" for ${column}. The table has: ${listHeaders(header)}.`);
    if (keys.indexOf(keys[index] ?? '', index + 1) >= 0 && header.indexOf(header[index] ?? '', index + 1) >= 0)
      return unfit(`There are two columns "${name}": give one of them another name in the file.`);
    at.set(column, index);
  }
  for (const column of ticketColumns) {
    if (chosen[column] !== undefined) continue;
    const guessed = headersByColumn[column]
      .flatMap((word) => keys.flatMap((key, index) => (key === word ? [index] : [])))
      .find((index) => !isTaken(index));
    if (guessed !== undefined) at.set(column, guessed);
  }
  // A table of somebody else's has its own idea of what a ticket's id is.
  if (at.has('code') && chosen.ticket === undefined) at.delete('ticket');
  if (at.has('name') && chosen.firstName === undefined && chosen.lastName === undefined) {
    at.delete('firstName');
    at.delete('lastName');
  }
  if (!at.has('code') && !at.has('ticket'))
    return unfit(
      `No column is known to hold the tickets' codes. Say which: code=NAME. The table has: ${listHeaders(header)}.`,
    );
  return ok({
    at,
    named: Object.fromEntries([...at].map(([column, index]) => [column, shortName(header[index] ?? '')])),
    unused: header.filter((_name, index) => !isTaken(index)).map(shortName),
  });
}

/** As it stands there, or else as headers are compared. */
function findNamed(header: readonly string[], keys: readonly string[], name: string): number | undefined {
  const exact = header.findIndex((one) => one.trim() === name.trim());
  const index = exact >= 0 ? exact : keys.indexOf(columnKey(name));
  return index < 0 ? undefined : index;
}

const unfit = (detail: string): Result<never, Failure> => err({ type: 'columns-unfit', detail });

const headersListedMax = 40;
const headerCharsMax = 60;
/** Of somebody else's file, for people to read, on terminals too. */
const shortName = (name: string): string =>
  name
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, headerCharsMax);
const listHeaders = (header: readonly string[]): string =>
  [
    ...header.slice(0, headersListedMax).map((name) => `"${shortName(name)}"`),
    ...(header.length > headersListedMax ? ['…'] : []),
  ].join(', ');

// What cells say, as people and programs write it: types by name, statuses in four languages, times in the event's time zone. Each reader
// answers with a value or with what is wrong, in words that say what to write instead.
import { holdReasons, languageOf, languages, type HoldReason, type Language, type TicketStatus } from '@postern/shared';
import type { EventRecord } from './events.ts';
import { localToUtcMs } from './local-time.ts';
import { headerKey } from './ticket-csv-columns.ts';
import { listTypes } from './ticket-import-plan.ts';

export type CellReader<T> = (cell: string) => T | WrongCell;
export interface WrongCell {
  readonly wrong: string;
}
export const isWrongCell = (value: unknown): value is WrongCell =>
  typeof value === 'object' && value !== null && 'wrong' in value;

const shownCharsMax = 60;
const shown = (cell: string): string => `"${cell.length > shownCharsMax ? `${cell.slice(0, shownCharsMax)}…` : cell}"`;

const statusWords: Readonly<Record<TicketStatus, string>> = {
  valid: `valid paid p yes ok active confirmed completed complete manual attending checked~in used free
    gultig bezahlt aktiv bestatigt abgeschlossen ja valide valable paye payee actif confirme confirmee oui
    valido valida pagado pagada activo activa confirmado confirmada si`,
  unpaid: `unpaid pending n open reserved expired e overdue offline
    unbezahlt ausstehend offen reserviert abgelaufen uberfallig impaye impayee en~attente reserve expire expiree
    impagado pendiente reservado expirado caducado`,
  revoked: `revoked cancelled canceled c void refunded refunded~canceled refunded~cancelled deleted not~attending no transferred
    storniert abgesagt erstattet ungultig geloscht nein annule annulee rembourse remboursee supprime supprimee non
    cancelado cancelada anulado anulada reembolsado reembolsada eliminado`,
  blocked: 'blocked gesperrt bloque bloquee bloqueado bloqueada',
};
const statusByWord = new Map(
  (Object.entries(statusWords) as [TicketStatus, string][]).flatMap(([status, all]) =>
    all.split(/\s+/).map((word) => [word.replaceAll('~', ' '), status] as const),
  ),
);

export const readStatus: CellReader<TicketStatus> = (cell) =>
  statusByWord.get(headerKey(cell)) ?? {
    wrong: `status ${shown(cell)} is not known: write valid, unpaid, revoked or blocked`,
  };

export const readHold: CellReader<HoldReason> = (cell) =>
  holdReasons.find((reason) => reason === headerKey(cell).replaceAll(' ', '-')) ?? {
    wrong: `hold ${shown(cell)} is not known: write one of ${holdReasons.join(', ')}`,
  };

const languageWords: Readonly<Record<Language, string>> = {
  en: 'english englisch anglais ingles',
  de: 'german deutsch allemand aleman',
  fr: 'french franzosisch francais frances',
  es: 'spanish spanisch espagnol espanol castellano',
  ar: 'arabic arabisch arabe العربية عربي',
};
const languageByWord = new Map(
  (Object.entries(languageWords) as [Language, string][]).flatMap(([language, all]) =>
    all.split(' ').map((word) => [word, language] as const),
  ),
);

/** As a shop writes it: `fr`, `de-informal`, `en_GB`, or by name. One that gates do not speak is none. */
export const readLanguage: CellReader<Language | null> = (cell) => {
  if (/^[a-z]{2,3}([-_][a-z0-9]{1,8}){0,3}$/i.test(cell)) return languageOf(cell) ?? null;
  return (
    languageByWord.get(headerKey(cell)) ?? {
      wrong: `language ${shown(cell)} is not known: write one of ${languages.join(', ')}`,
    }
  );
};

const partyMax = 10_000;
export const readParty: CellReader<number> = (cell) => {
  const value = /^\d{1,5}$/.test(cell) ? Number(cell) : 0;
  return value >= 1 && value <= partyMax ? value : { wrong: `party ${shown(cell)} is no number from 1 to ${partyMax}` };
};

/** By number, by name, or as `aliases` say: those first. */
export function createTypeReader(event: EventRecord, aliases: Readonly<Record<string, number>>): CellReader<number> {
  const byName = new Map<string, number>();
  for (const { id, name } of event.policy.types) byName.set(headerKey(name), id);
  const ids = new Set(event.policy.types.map(({ id }) => id));
  return remember((cell) => {
    const alias = Object.entries(aliases).find(([name]) => headerKey(name) === headerKey(cell))?.[1];
    if (alias !== undefined) return alias;
    const named = byName.get(headerKey(cell));
    const id = /^\d{1,5}$/.test(cell) && ids.has(Number(cell)) ? Number(cell) : undefined;
    if (named !== undefined && id !== undefined && named !== id)
      return { wrong: `ticket type ${shown(cell)} is the number of one and the name of another: ${sayType(cell)}` };
    return (
      id ??
      named ?? { wrong: `ticket type ${shown(cell)} is not known: the event has ${listTypes(event)}; ${sayType(cell)}` }
    );
  });
}
const sayType = (cell: string): string => `say which it is with types: ${shown(cell)}=NUMBER`;

/** How times with slashes are meant. */
export type DateOrder = 'dmy' | 'mdy';
const secondsMax = 253_402_300_799;
const isoPattern =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i;
const dottedPattern = /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?(?:\s*Uhr)?$/i;
const slashedPattern = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/;

/** Unix seconds. A day without a time is all of it: from its beginning, or until its end. */
export function createTimeReader(
  timeZone: string,
  edge: 'from' | 'until',
  order: DateOrder | undefined,
): CellReader<number> {
  const read = (cell: string): number | WrongCell => {
    const parts = splitTime(cell, order);
    if ('wrong' in parts) return parts;
    const { year, month, day, clock, zone } = parts;
    const extra = clock === undefined && edge === 'until' ? 1 : 0;
    const utcMs = Date.UTC(year, month - 1, day + extra, ...(clock ?? [0, 0, 0]));
    const isReal = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day && month >= 1 && month <= 12;
    const [hour = 0, minute = 0, second = 0] = clock ?? [];
    if (!isReal || hour > 23 || minute > 59 || second > 59) return notATime(cell);
    const seconds = (zone === undefined ? localToUtcMs(utcMs, timeZone) : utcMs - zone * 60_000) / 1_000;
    return seconds >= 0 && seconds <= secondsMax ? seconds : notATime(cell);
  };
  // The same few times stand in every row.
  return remember(read);
}

const notATime = (cell: string): WrongCell => ({
  wrong: `${shown(cell)} is no time: write 2026-11-27 18:00, with +01:00 behind it where it is not the event's time zone`,
});

interface TimeParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly clock: readonly [hour: number, minute: number, second: number] | undefined;
  /** Minutes east of UTC. */
  readonly zone: number | undefined;
}

function splitTime(cell: string, order: DateOrder | undefined): TimeParts | WrongCell {
  if (/^\d{9,11}$/.test(cell)) {
    const at = new Date(Number(cell) * 1_000);
    const clock = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()] as const;
    return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate(), clock, zone: 0 };
  }
  const iso = isoPattern.exec(cell);
  if (iso !== null) {
    const [, year, month, day, hour, minute, second, zone] = iso;
    return { ...toNumbers(year, month, day), clock: toClock(hour, minute, second), zone: toZone(zone) };
  }
  const dotted = dottedPattern.exec(cell);
  if (dotted !== null) {
    const [, day, month, year, hour, minute, second] = dotted;
    return { ...toNumbers(year, month, day), clock: toClock(hour, minute, second), zone: undefined };
  }
  const slashed = slashedPattern.exec(cell);
  if (slashed === null) return notATime(cell);
  if (order === undefined) return { wrong: `${shown(cell)} can be read in two ways: say dates=dmy or dates=mdy` };
  const [, first, second, year, hour, minute, seconds] = slashed;
  const [day, month] = order === 'dmy' ? [first, second] : [second, first];
  return { ...toNumbers(year, month, day), clock: toClock(hour, minute, seconds), zone: undefined };
}

const toNumbers = (year = '', month = '', day = ''): Pick<TimeParts, 'year' | 'month' | 'day'> => ({
  year: Number(year),
  month: Number(month),
  day: Number(day),
});
const toClock = (hour?: string, minute = '0', second = '0'): TimeParts['clock'] =>
  hour === undefined ? undefined : [Number(hour), Number(minute), Number(second)];
function toZone(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text.toUpperCase() === 'Z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return text.startsWith('-') ? -minutes : minutes;
}

const rememberedMax = 1_000;
function remember<T>(read: (cell: string) => T): (cell: string) => T {
  const known = new Map<string, T>();
  return (cell) => {
    const before = known.get(cell);
    if (before !== undefined) return before;
    const value = read(cell);
    if (known.size >= rememberedMax) known.clear();
    known.set(cell, value);
    return value;
  };
}

// Where somebody is, in the address behind the `#`: `#/e/{event}/{section}/…` inside of an event, `#/{section}/…` for the deployment. So the
// browser's Back works, and a place can be sent to a colleague.
import { signal } from '@preact/signals';

export interface Place {
  readonly event?: number;
  /** Empty where the address names none. */
  readonly section: string;
  /** What the section makes of the rest: a ticket's id, a tab. */
  readonly rest: readonly string[];
}

export const place = signal<Place>({ section: '', rest: [] });

export function readPlace(hash: string): Place {
  const parts = hash
    .replace(/^#?\/?/, '')
    .split('/')
    .map(decode)
    .filter((part) => part !== '');
  const event = parts[0] === 'e' ? Number(parts[1]) : Number.NaN;
  const [section = '', ...rest] = parts[0] === 'e' ? parts.slice(2) : parts;
  return Number.isSafeInteger(event) && event > 0 ? { event, section, rest } : { section, rest };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // An address typed by hand: taken as it is written.
    return part;
  }
}

/** The address of a place, for `href`. */
export const addressOf = ({ event, section, rest = [] }: Partial<Place> & Pick<Place, 'section'>): string =>
  `#/${[...(event === undefined ? [] : ['e', String(event)]), section, ...rest].map(encodeURIComponent).join('/')}`;

export const go = (where: Partial<Place> & Pick<Place, 'section'>): void => {
  location.hash = addressOf(where);
};

/** Without a step that Back would return to. */
export function replacePlace(where: Partial<Place> & Pick<Place, 'section'>): void {
  history.replaceState(null, '', addressOf(where));
  place.value = readPlace(location.hash);
}

export function followAddress(): void {
  const read = (): void => {
    place.value = readPlace(location.hash);
  };
  read();
  addEventListener('hashchange', read);
}

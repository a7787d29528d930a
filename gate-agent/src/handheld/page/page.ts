// What all parts of the page work with: the gate in this browser, how it speaks, and the small things that this phone remembers.
import { signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import {
  clockTime,
  languages,
  staffLanguageOf,
  staffLanguages,
  type Language,
  type StaffLanguage,
  type StaffTexts,
} from '@postern/shared';
import type { Handheld } from '../core/handheld.ts';
import type { Camera } from './camera.ts';
import type { Duty } from './duty.ts';
import type { SeenTag } from './tags.ts';

export interface Page {
  readonly handheld: Handheld;
  readonly camera: Camera;
  readonly duty: Duty;
  /** A code that somebody has typed, or a scan engine. */
  readonly typed: (text: string) => void;
  readonly seenTag: (tag: SeenTag) => void;
  /** Of the authority behind the gates' certificates; undefined where there is none. */
  readonly fingerprint: string | undefined;
}

export const PageContext = createContext<Page | undefined>(undefined);
export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('outside of the page');
  return page;
}

export type View = 'scan' | 'search' | 'history' | 'more';
export const view = signal<View>('scan');

/** Kept by the phone, since each is another person's, or for as long as the page is open. Nothing of them is secret. */
const keep = <Value extends string>(
  name: string,
  values: readonly Value[],
  first: Value,
  where: 'localStorage' | 'sessionStorage' = 'localStorage',
) => {
  const key = `postern-handheld-${name}`;
  const before = read(where, key);
  const kept = signal<Value>(values.find((value) => value === before) ?? first);
  kept.subscribe((value) => write(where, key, value));
  return kept;
};
function read(where: 'localStorage' | 'sessionStorage', key: string): string | null {
  try {
    return window[where].getItem(key);
  } catch {
    // Forbidden by the browser: then nothing is remembered.
    return null;
  }
}
function write(where: 'localStorage' | 'sessionStorage', key: string, value: string): void {
  try {
    window[where].setItem(key, value);
  } catch {
    // The same.
  }
}

/** Of the rules that this phone has; undefined for one that they do not name. */
export const zoneName = ({ handheld }: Pick<Page, 'handheld'>, zone: string): string | undefined =>
  handheld.policy()?.zones.find(({ id }) => id === zone)?.name;

export const language = keep<StaffLanguage>('language', staffLanguages, staffLanguageOf(navigator.languages));
export const visitorLanguage = keep<Language>('visitor-language', languages, language.value);
export const sound = keep('sound', ['on', 'off'], 'on');
export const vibration = keep('vibration', ['on', 'off'], 'on');
/** Whether the camera was looking: a page that is loaded again, for a newer version or by the browser, goes on with it. */
export const looking = keep('looking', ['on', 'off'], 'off', 'sessionStorage');

export const say = (texts: StaffTexts): string => texts[language.value];

/** `19:02`, in the venue's time zone. */
export const timeOf = (ms: number, { handheld }: Pick<Page, 'handheld'>): string =>
  clockTime(ms, language.value, handheld.policy()?.timeZone ?? 'UTC');

/** The last eight digits of a ticket's number, which differ; the first are about when it was made. */
export const shortTicket = (ticketId: string): string => `…${ticketId.slice(-8)}`;

// What every part of the page has at hand.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Language } from '@postern/shared';
import type { MyCloud } from './cloud.ts';
import type { MyTickets } from './my-tickets.ts';
import type { TrustedTime } from './trusted-time.ts';

export interface Page {
  readonly tickets: MyTickets;
  readonly cloud: MyCloud;
  readonly time: TrustedTime;
  readonly language: Language;
}

export const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('a part stands in a page');
  return page;
}

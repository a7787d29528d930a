// Whether an answer is from the cloud that this page is of. Where it is, nothing of it has to be checked again; where it is not, the page says
// that it must be loaded again, and shows nothing that it might misread.
import { dashboardHeader, type StaffTexts } from '@postern/shared';
import { signal } from '@preact/signals';

/** The cloud has another dashboard by now. */
export const isOutdated = signal(false);
export const outdatedTexts = {
  title: { en: 'The dashboard was updated', de: 'Das Dashboard wurde aktualisiert' },
  hint: {
    en: 'What it shows may be old until the page is loaded again.',
    de: 'Was es zeigt, kann alt sein, bis die Seite neu geladen ist.',
  },
  again: { en: 'Load it again', de: 'Neu laden' },
} as const satisfies Record<string, StaffTexts>;

/** The name of the page's script, which changes with whatever is in the page; empty where there is no page. */
const own =
  typeof document === 'undefined'
    ? ''
    : (document.querySelector<HTMLScriptElement>('script[type="module"][src]')?.src.split('/').at(-1) ?? '');

/** `said`: what an answer names; empty where it names nothing, as from something on the way. */
export function isOwnRelease(said: string): boolean {
  if (said !== '' && said !== own) isOutdated.value = true;
  return said === own;
}

export const releaseOf = ({ headers }: Response): string => headers.get(dashboardHeader) ?? '';

// Whether somebody has printed or sent the codes of an event: nobody can see that from here but by what was pressed in this browser.
import { signal } from '@preact/signals';

const keptAs = 'postern-codes-out';

function kept(): readonly number[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(keptAs) ?? '[]');
    return Array.isArray(read) ? read.filter((event) => typeof event === 'number') : [];
  } catch {
    // Storage is switched off, or somebody has written into it.
    return [];
  }
}

/** Events whose codes are out. */
export const codesOut = signal<readonly number[]>(kept());

export function codesAreOut(event: number): void {
  if (codesOut.value.includes(event)) return;
  codesOut.value = [...codesOut.value, event];
  try {
    localStorage.setItem(keptAs, JSON.stringify(codesOut.value));
  } catch {
    // Then it is known until the page is loaded again.
  }
}

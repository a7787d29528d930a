// Which tickets are to be printed or sent next: handed from where they were issued or looked at to the page that does it.
import { signal } from '@preact/signals';

export const printChoice = signal<readonly string[]>([]);

export function printNext(ids: readonly string[]): void {
  printChoice.value = ids;
}

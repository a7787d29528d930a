// Counts what an import does, and keeps the first rows that it refuses, in the order of the source.
import { importErrorsMax } from '@postern/shared';
import {
  isRefused,
  type ChangedField,
  type ImportStep,
  type KeyedTicket,
  type RefusedTicket,
  type WantedTicket,
} from './ticket-import-plan.ts';

/** A row with what becomes of it. */
export type Planned = { readonly wanted: KeyedTicket; readonly step: ImportStep } | RefusedTicket;

/** What was done, or would be. */
export interface TicketImportReport {
  readonly rows: number;
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly refused: number;
  /** How many tickets change in what. */
  readonly changes: Readonly<Partial<Record<ChangedField, number>>>;
  /** The first of those that were refused. */
  readonly errors: readonly RefusedTicket[];
}

export function createReport(): { readonly add: (one: Planned) => void; readonly read: () => TicketImportReport } {
  const counts = { rows: 0, created: 0, changed: 0, unchanged: 0, refused: 0 };
  const changes: Partial<Record<ChangedField, number>> = {};
  let errors: RefusedTicket[] = [];
  const refuse = ({ row, line }: RefusedTicket | WantedTicket, problem: string): void => {
    counts.refused += 1;
    errors.push(line === undefined ? { row, problem } : { row, line, problem });
    if (errors.length >= 2 * importErrorsMax) errors = firstOf(errors);
  };
  return {
    add: (one) => {
      counts.rows += 1;
      if (isRefused(one)) return refuse(one, one.problem);
      const { wanted, step } = one;
      if (step.type === 'refuse') refuse(wanted, step.problem);
      else if (step.type === 'create') counts.created += 1;
      else if (step.type === 'unchanged') counts.unchanged += 1;
      else {
        counts.changed += 1;
        for (const field of step.fields) changes[field] = (changes[field] ?? 0) + 1;
      }
      return undefined;
    },
    read: () => ({ ...counts, changes: { ...changes }, errors: firstOf(errors) }),
  };
}

const firstOf = (errors: readonly RefusedTicket[]): RefusedTicket[] =>
  errors.toSorted((one, other) => one.row - other.row).slice(0, importErrorsMax);

// Codes on paper: labels of one size on sheets of A4, so many a page, and lists of links for a mail merge. Sizes are those of common sheets
// of labels; the printer adds no margins of its own (@page).
import type { TicketResponse } from '@postern/shared';

export const sheetFormats = ['a4-1', 'a4-8', 'a4-21'] as const;
export type SheetFormat = (typeof sheetFormats)[number];
export const perSheet: Readonly<Record<SheetFormat, number>> = { 'a4-1': 1, 'a4-8': 8, 'a4-21': 21 };

/** More are asked for in parts: a browser lays out so many sheets in reasonable time. */
export const codesPerPrintMax = 500;

/** `items` in sheets of `size`. */
export const inSheets = <T>(items: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_none, index) =>
    items.slice(index * size, (index + 1) * size),
  );

/** Ours to print: what somebody else has printed the code of has no text here. */
export const isPrintable = (ticket: Pick<TicketResponse, 'text'>): boolean => ticket.text !== undefined;

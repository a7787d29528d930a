// What the lists of the API have in common: pages of a bounded size, each of which begins where the one before ended.
import { z } from 'zod';

/** A number as addresses have it: digits and nothing else. */
export const wholeNumber = (max: number): z.ZodType<number, string> =>
  z
    .string()
    .regex(/^[0-9]{1,16}$/)
    .transform(Number)
    .pipe(z.number().int().max(max));

/** How many entries a page may have. */
export const pageLimit = (max: number): z.ZodType<number, string> => wholeNumber(max).pipe(z.number().min(1));

/** `next` of the page before, asked with the same filters. What it says is nobody else's business. */
export const cursorSchema = z.string().regex(/^[A-Za-z0-9_-]{1,400}$/);

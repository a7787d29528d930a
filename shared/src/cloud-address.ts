// Where the cloud is, as the signed ticket list says it. A gate tells its people when it looks for the cloud where it no longer is; it never
// goes to another address by itself: one that was mistyped in the cloud would take every gate away from it.
import { z } from 'zod';

export const formerUrlsMax = 8;
const url = z.string().max(500);

export const cloudAddressSchema = z.object({
  /** Where people and gates are told to reach it. */
  url,
  /** Where they were told before, the latest first. */
  former: z.array(url).max(formerUrlsMax),
});
export type CloudAddress = z.infer<typeof cloudAddressSchema>;

/** Where the cloud is now, for a gate that asks where it was before; undefined for one that asks anywhere else, by an address of its own. */
export function movedFrom(address: CloudAddress | undefined, asked: string | undefined): string | undefined {
  if (address === undefined || asked === undefined || isSame(address.url, asked)) return undefined;
  return address.former.some((former) => isSame(former, asked)) ? address.url : undefined;
}

const isSame = (a: string, b: string): boolean => bare(a) === bare(b);
const bare = (text: string): string => (URL.canParse(text) ? new URL(text).href : text).replace(/\/+$/, '');

// Reads a list of pretix's API page by page, as far as the links to next pages make sense: they stay at the same address, never come back to
// where they were, and lead to no more than there is.
import { ok, type Result } from '@postern/shared';
import { pageSchema } from './messages.ts';
import { wrong, type PretixHttp } from './http.ts';
import type { Failure } from '../problems.ts';

/** What the server said while a list was read from its first page to its last. */
export interface Pass {
  /** Entries that the list had when the first page was made. */
  readonly count: number;
  /** Server time of the first page: what changes later is not in here for sure. */
  readonly generatedAtMs: number;
}

/** `count` is how many entries there were when this page was made. */
export type OnPage = (results: readonly unknown[], pass: Pass, count: number) => Promise<Result<void, Failure>>;

const pagesMax = 50_000;
/** As many as such pages have; what has been seen is remembered until the list ends. */
const entriesMax = 50 * pagesMax;
/** A list may grow while it is read, but not by more than this beside its double. */
const grownMax = 1_000;

/** Ends with the first failure of a request or of `onPage`; what was handed over before stays. */
export async function readPages(
  { http, server }: { readonly http: PretixHttp; readonly server: string },
  path: string,
  query: URLSearchParams,
  onPage: OnPage,
): Promise<Result<Pass, Failure>> {
  const visited = new Set<string>();
  let pass: Pass | undefined;
  let read = 0;
  for (let next: URLSearchParams | undefined = query; ;) {
    if (visited.has(next.toString())) return wrong('The links to next pages lead in a circle.');
    visited.add(next.toString());
    const answered = await http.get(path, next);
    if (!answered.ok) return answered;
    const { body, generatedAtMs } = answered.value;
    const page = pageSchema.safeParse(body);
    if (!page.success) return wrong('Not a page of a list.');
    const { count, results, next: link } = page.data;
    if (Number.isNaN(generatedAtMs)) return wrong('A page that does not say when it was made.');
    pass ??= { count, generatedAtMs };
    read += results.length;
    if (read > Math.min(entriesMax, 2 * Math.max(count, pass.count) + grownMax) || visited.size > pagesMax)
      return wrong('The pages have more entries than the list.');
    if (link !== null && results.length === 0) return wrong('A page is empty, and there is a next one.');
    const handled = await onPage(results, pass, count);
    if (!handled.ok) return handled;
    if (link === null) return ok(pass);
    next = queryOf(link, server + path);
    if (next === undefined) return wrong('The link to the next page leads elsewhere.');
  }
}

/**
 * What a link to a next page asks for; undefined unless it is about the same list on the same host. Nothing else of it is used: behind a
 * proxy it may say http, and the token would go there.
 */
function queryOf(link: string, list: string): URLSearchParams | undefined {
  if (!URL.canParse(link, list)) return undefined;
  const [url, own] = [new URL(link, list), new URL(list)];
  return url.host === own.host && url.pathname === own.pathname ? url.searchParams : undefined;
}

// How sections ask the cloud: one thing, asked again now and then while somebody looks; a list page by page; and an act, whose outcome is said.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { ok, type Problem, type Result } from '@postern/shared';
import { ask } from './cloud.ts';

export interface Asked<T> {
  /** The last answer; it stays while it is asked again, and when that fails. */
  readonly value: T | undefined;
  readonly problem: Problem | undefined;
  readonly reload: () => Promise<void>;
}

/** `path` undefined: nothing is asked. `everyMs`: again so long after each answer, while the page is seen. */
export function useAsked<T>(path: string | undefined, everyMs?: number): Asked<T> {
  const [state, setState] = useState<{ path?: string; value?: T; problem?: Problem }>({});
  const latest = useRef(0);
  const reload = useCallback(async () => {
    if (path === undefined) return;
    latest.current += 1;
    const mine = latest.current;
    const answer = await ask<T>('GET', path);
    // Somebody has asked for something else meanwhile.
    if (mine !== latest.current) return;
    setState((before) => {
      if (answer.ok) return { path, value: answer.value };
      const kept = before.path === path && before.value !== undefined ? { value: before.value } : {};
      return { path, ...kept, problem: answer.error };
    });
  }, [path]);
  useEffect(() => {
    void reload();
    return () => {
      latest.current += 1;
    };
  }, [reload]);
  useRepeated(path === undefined ? undefined : everyMs, reload);
  const isCurrent = state.path === path;
  return {
    value: isCurrent ? state.value : undefined,
    problem: isCurrent ? state.problem : undefined,
    reload,
  };
}

/** Calls `work` so long after it has ended the last time, as long as the page is seen. */
export function useRepeated(everyMs: number | undefined, work: () => Promise<void>): void {
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    const again = (): void => {
      timer = setTimeout(() => {
        const doing = document.visibilityState === 'visible' ? work() : Promise.resolve();
        void doing.finally(() => {
          if (!ended) again();
        });
      }, everyMs);
    };
    again();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [everyMs, work]);
}

/** What somebody types, once they pause. */
export function usePaused<T>(typed: T): T {
  const [paused, setPaused] = useState(typed);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(typed), pauseMs);
    return () => clearTimeout(timer);
  }, [typed]);
  return paused;
}
const pauseMs = 250;

export interface Pages<Item> {
  readonly items: readonly Item[] | undefined;
  readonly problem: Problem | undefined;
  readonly busy: boolean;
  /** Absent on the last page. */
  readonly more: (() => void) | undefined;
  /** Nobody has asked for more yet: it can be asked again without taking anything away. */
  readonly isFirstPage: boolean;
  /** From the first page on. */
  readonly reload: () => Promise<void>;
  /** An item as it is now. */
  readonly replace: (item: Item, isSame: (other: Item) => boolean) => void;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | undefined;
}

/** `load` answers with the page that a cursor names, the first without one; it is asked anew when `key` changes. */
export function usePages<Item>(
  key: string,
  load: (cursor: string | undefined) => Promise<Result<Page<Item>, Problem>>,
): Pages<Item> {
  const [state, setState] = useState<{
    key: string;
    isFirst?: boolean;
    items?: readonly Item[];
    next?: string;
    problem?: Problem;
  }>({
    key,
  });
  const [busy, setBusy] = useState(false);
  const latest = useRef(0);
  const loadNow = useRef(load);
  loadNow.current = load;
  const fetchPage = useCallback(
    async (cursor: string | undefined, before: readonly Item[]) => {
      latest.current += 1;
      const mine = latest.current;
      setBusy(true);
      const answer = await loadNow.current(cursor);
      if (mine !== latest.current) return;
      setBusy(false);
      setState((last) => {
        // What was found for another question is no answer to this one.
        if (!answer.ok) return { ...(last.key === key ? last : { key }), problem: answer.error };
        const { items, next } = answer.value;
        return {
          key,
          isFirst: cursor === undefined,
          items: [...before, ...items],
          ...(next === undefined ? {} : { next }),
        };
      });
    },
    [key],
  );
  const reload = useCallback(() => fetchPage(undefined, []), [fetchPage]);
  useEffect(() => {
    void reload();
    return () => {
      latest.current += 1;
    };
  }, [reload]);
  const isCurrent = state.key === key;
  const { items, next } = isCurrent ? state : { items: undefined, next: undefined };
  return {
    items,
    problem: isCurrent ? state.problem : undefined,
    busy,
    isFirstPage: isCurrent && state.isFirst === true,
    more: next === undefined ? undefined : () => void fetchPage(next, items ?? []),
    reload,
    replace: (item, isSame) =>
      setState((last) => ({
        ...last,
        ...(last.items && { items: last.items.map((one) => (isSame(one) ? item : one)) }),
      })),
  };
}

interface ListAnswer {
  readonly next?: string | undefined;
}

/** A list of the API: `path` with what of `query` is not empty, page by page. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it says what the route answers with
export function useListOf<Item, Answer extends ListAnswer>(
  path: string,
  query: Readonly<Record<string, string>>,
  itemsOf: (answer: Answer) => readonly Item[],
): Pages<Item> {
  const filters = Object.entries(query).filter(([, value]) => value !== '');
  return usePages(`${path}?${new URLSearchParams(filters).toString()}`, async (cursor) => {
    const asked = new URLSearchParams([...filters, ...(cursor === undefined ? [] : [['cursor', cursor]])]).toString();
    const answer = await ask<Answer>('GET', asked === '' ? path : `${path}?${asked}`);
    return answer.ok ? ok({ items: itemsOf(answer.value), next: answer.value.next }) : answer;
  });
}

// One event of a pretix server as its REST API shows it: lists that are read page by page, single orders, and the check-in (docs.pretix.eu).
import { err, ok, type Result } from '@postern/shared';
import { z } from 'zod';
import { createPretixHttp, wrong, type PretixError, type PretixHttp, type PretixHttpDeps } from './http.ts';
import {
  attendeeFields,
  checkInListSchema,
  itemSchema,
  orderFields,
  redeemSchema,
  type PretixCheckInList,
  type PretixItem,
} from './messages.ts';
import { readPages, type OnPage, type Pass } from './pages.ts';
import type { Failure } from '../problems.ts';

type Answer<T> = Promise<Result<T, Failure>>;

export interface OrdersQuery {
  /** In the order in which they were made, from the one that was made at this time on. */
  readonly createdSince?: string | undefined;
  /** Only what has changed since, the latest change first: what changes while pages are read moves to the front, and nothing slips through. */
  readonly modifiedSince?: string | undefined;
}

export interface CheckIn {
  readonly list: number;
  readonly secret: string;
  readonly kind: 'entry' | 'exit';
  readonly atMs: number;
  readonly nonce: string;
}

/** What became of a check-in; `refused` will not become better by asking again. */
export type CheckInOutcome = { readonly type: 'taken' } | { readonly type: 'refused'; readonly reason: string };
/** `not-there`: no check-in has this nonce, or the server is too old to annul one. */
export type AnnulOutcome = CheckInOutcome | { readonly type: 'not-there' };

export interface PretixClient {
  readonly items: () => Answer<readonly PretixItem[]>;
  readonly checkInList: (id: number) => Answer<PretixCheckInList>;
  /** Without orders that were made in test mode. */
  readonly orders: (query: OrdersQuery, onPage: OnPage) => Promise<Result<Pass, Failure>>;
  /** Whether the token may see the event's orders. */
  readonly mayRead: () => Answer<void>;
  readonly order: (code: string) => Answer<unknown>;
  /** `pretix-unknown` where the server has no such list yet. */
  readonly secrets: (
    which: 'revoked' | 'blocked',
    since: string | undefined,
    onPage: OnPage,
  ) => Promise<Result<Pass, Failure>>;
  /** Whether the token may check in on these lists. Changes nothing: asks without a secret. */
  readonly mayCheckIn: (lists: readonly number[]) => Answer<boolean>;
  /** It has happened at the door, so it is stored, whatever the server thinks of it. Safe to repeat with the same nonce. */
  readonly checkIn: (checkIn: CheckIn) => Answer<CheckInOutcome>;
  /** Takes a check-in back that did not happen. Safe to repeat. */
  readonly annul: (annulled: {
    readonly list: number;
    readonly nonce: string;
    readonly atMs: number;
  }) => Answer<AnnulOutcome>;
  readonly requests: () => number;
}

export interface PretixClientDeps extends PretixHttpDeps {
  readonly organizer: string;
  readonly slug: string;
  /** Asks for names and addresses of attendees, too. */
  readonly names: boolean;
}

/** The most that pretix gives. */
const pageSize = '50';

export function createPretixClient({ organizer, slug, names, ...deps }: PretixClientDeps): PretixClient {
  const http: PretixHttp = createPretixHttp(deps);
  const ofOrganizer = `/api/v1/organizers/${organizer}`;
  const ofEvent = `${ofOrganizer}/events/${slug}`;
  const lists = { http, server: deps.server };
  const orderQuery = (query: Readonly<Record<string, string | undefined>>): URLSearchParams => {
    const asked = new URLSearchParams({ include_canceled_positions: 'true' });
    for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, value);
    for (const field of [...orderFields, ...(names ? attendeeFields : [])]) asked.append('include', field);
    return asked;
  };

  return {
    items: async () => {
      const items: PretixItem[] = [];
      const read = await readPages(lists, `${ofEvent}/items/`, new URLSearchParams(), async (results) => {
        const page = z.array(itemSchema).safeParse(results);
        if (!page.success) return wrong('A product is not what products are.');
        items.push(...page.data);
        return ok(undefined);
      });
      return read.ok ? ok(items) : read;
    },

    checkInList: async (id) => {
      const answered = await http.get(`${ofEvent}/checkinlists/${id}/`);
      if (!answered.ok) return answered;
      const list = checkInListSchema.safeParse(answered.value.body);
      return list.success ? ok(list.data) : wrong('A check-in list is not what check-in lists are.');
    },

    orders: ({ createdSince, modifiedSince }, onPage) =>
      readPages(
        lists,
        `${ofEvent}/orders/`,
        orderQuery({
          testmode: 'false',
          page_size: pageSize,
          ordering: modifiedSince === undefined ? 'datetime' : '-last_modified',
          created_since: createdSince,
          modified_since: modifiedSince,
        }),
        onPage,
      ),

    mayRead: async () => {
      const answered = await http.get(`${ofEvent}/orders/`, new URLSearchParams({ page_size: '1', include: 'code' }));
      return answered.ok ? ok(undefined) : answered;
    },

    order: async (code) => {
      const answered = await http.get(`${ofEvent}/orders/${encodeURIComponent(code)}/`, orderQuery({}));
      return answered.ok ? ok(answered.value.body) : answered;
    },

    secrets: (which, since, onPage) => {
      const sinceName = which === 'revoked' ? 'created_since' : 'updated_since';
      const query = new URLSearchParams({
        page_size: pageSize,
        ...(since === undefined ? {} : { [sinceName]: since }),
      });
      return readPages(lists, `${ofEvent}/${which}secrets/`, query, onPage);
    },

    mayCheckIn: async (ids) => {
      const answered = await http.post(`${ofOrganizer}/checkinrpc/redeem/`, { lists: ids, secret: '' });
      if (!answered.ok) return answered;
      const { status, body } = answered.value;
      if (status === 404) return unknownCheckIn;
      const fields = z.record(z.string(), z.unknown()).safeParse(body).data;
      return status === 400 && fields !== undefined
        ? ok(fields['lists'] === undefined)
        : wrong(`It answers ${status} to a check-in without a secret.`);
    },

    checkIn: async ({ list, secret, kind, atMs, nonce }) => {
      const answered = await http.post(`${ofOrganizer}/checkinrpc/redeem/`, {
        lists: [list],
        secret,
        type: kind,
        datetime: new Date(atMs).toISOString(),
        nonce,
        force: true,
        ignore_unpaid: true,
        questions_supported: false,
      });
      if (!answered.ok) return answered;
      const { status, body } = answered.value;
      const outcome = redeemSchema.safeParse(body).data;
      if (outcome === undefined) return unreadable(status, body);
      if (outcome.status === 'ok') return ok({ type: 'taken' });
      return ok({ type: 'refused', reason: outcome.reason ?? outcome.status });
    },

    annul: async ({ list, nonce, atMs }) => {
      const answered = await http.post(`${ofOrganizer}/checkinrpc/annul/`, {
        lists: [list],
        nonce,
        datetime: new Date(atMs).toISOString(),
        error_explanation: 'Nobody passed',
      });
      if (!answered.ok) return answered;
      const { status, body } = answered.value;
      if (status === 404) return ok({ type: 'not-there' });
      if (status !== 400) return ok({ type: 'taken' });
      if (hasField(body, 'lists')) return unreadable(status, body);
      // Annulled before, by an answer that did not come through.
      const isDone = Array.isArray(body) && body.some((line) => /unsuccessful/i.test(String(line)));
      return ok(isDone ? { type: 'taken' } : { type: 'refused', reason: 'annulment_refused' });
    },

    requests: http.requests,
  };
}

const unknownCheckIn: Result<never, PretixError> = err({
  type: 'pretix-unknown',
  detail: 'It has no check-in by secret: pretix 4.12 or later is needed.',
});

/** Not about the ticket: a list that is gone or not for this token, or no check-in at all. */
function unreadable(status: number, body: unknown): Result<never, PretixError> {
  if (hasField(body, 'lists'))
    return err({ type: 'pretix-refused', detail: 'The check-in list is gone, or the token may not check in on it.' });
  return status === 404 ? unknownCheckIn : wrong(`It answers ${status} to a check-in.`);
}

const hasField = (body: unknown, name: string): boolean => typeof body === 'object' && body !== null && name in body;

// Pretix's check-in by secret, rule by rule in its order, with what `force` overrides and how a nonce makes a repeat harmless; and taking one back.
import { showPosition } from './representation.ts';
import type { Shop, ShopCheckIn, ShopList, ShopPosition } from './shop.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What pretix's rules look at. */
interface Asked {
  readonly list: ShopList;
  readonly type: 'entry' | 'exit';
  readonly datetimeMs: number;
  readonly ignoreUnpaid: boolean;
}

interface Redeem extends Asked {
  readonly secret: string;
  readonly force: boolean;
  readonly nonce: string | null;
}

type Body = Readonly<Record<string, unknown>>;

const required = ['This field is required.'];

/** `POST …/checkinrpc/redeem/`. `mayCheckIn` says whether the token may on a list. */
export function redeem(shop: Shop, body: Body, mayCheckIn: (list: ShopList) => boolean): Answer {
  const checked = readRedeem(shop, body, mayCheckIn);
  return 'errors' in checked ? { status: 400, body: checked.errors } : redeemOne(shop, checked.value);
}

function readRedeem(
  shop: Shop,
  body: Body,
  mayCheckIn: (list: ShopList) => boolean,
): { readonly errors: Body } | { readonly value: Redeem } {
  const errors: Record<string, unknown> = {};
  const ids = body['lists'];
  const lists = (Array.isArray(ids) ? ids : []).map((id) =>
    shop.lists.find((list) => list.id === id && mayCheckIn(list)),
  );
  if (!Array.isArray(ids)) errors['lists'] = required;
  else if (lists.includes(undefined))
    errors['lists'] = [`Invalid pk "${String(ids[lists.indexOf(undefined)])}" - object does not exist.`];
  const secret = body['secret'];
  if (typeof secret !== 'string') errors['secret'] = required;
  else if (secret.trim() === '') errors['secret'] = ['This field may not be blank.'];
  const type = body['type'] ?? 'entry';
  if (type !== 'entry' && type !== 'exit') errors['type'] = [`${JSON.stringify(type)} is not a valid choice.`];
  const time = body['datetime'] ?? null;
  const datetimeMs = time === null ? shop.now() : typeof time === 'string' ? Date.parse(time) : NaN;
  if (Number.isNaN(datetimeMs)) errors['datetime'] = ['Datetime has wrong format.'];
  if (Object.keys(errors).length > 0) return { errors };
  const [list] = lists;
  if (list === undefined) return { errors: { non_field_errors: ['No check-in list passed.'] } };
  return {
    value: {
      list,
      secret: String(secret),
      type: type === 'exit' ? 'exit' : 'entry',
      datetimeMs,
      force: body['force'] === true,
      ignoreUnpaid: body['ignore_unpaid'] === true,
      nonce: typeof body['nonce'] === 'string' ? body['nonce'] : null,
    },
  };
}

function redeemOne(shop: Shop, asked: Redeem): Answer {
  const { list, secret, force } = asked;
  let position = shop.findBySecret(secret);
  // Canceled positions are not among those that a secret finds.
  if (position?.canceled === true) position = undefined;
  let isFromRevoked = false;
  if (position === undefined) {
    const revoked = shop.revoked.find((entry) => entry.secret === secret);
    if (revoked === undefined) {
      store(shop, asked, null, { successful: false, errorReason: 'invalid' });
      return {
        status: 404,
        body: {
          detail: 'Not found.',
          status: 'error',
          reason: 'invalid',
          reason_explanation: null,
          ...common,
          list: showMini(list),
        },
      };
    }
    if (!force) {
      store(shop, asked, revoked.position, { successful: false, errorReason: 'revoked' });
      return refused(shop, list, revoked.position, 'revoked');
    }
    ({ position } = revoked);
    isFromRevoked = true;
  }
  const reason = reasonAgainst(position, asked);
  if (reason !== undefined && !force) {
    store(shop, asked, position, { successful: false, errorReason: reason });
    return refused(shop, list, position, reason);
  }
  const before = shop
    .checkInsOf(position)
    .filter((one) => one.list === list.id && one.successful)
    .toSorted((a, b) => b.datetimeMs - a.datetimeMs);
  const isRepeat =
    asked.nonce !== null &&
    before.some((one) => one.nonce === asked.nonce && (one === before[0] || one.type === asked.type));
  if (!isRepeat) {
    const mayEnter =
      asked.type === 'exit' ||
      list.allowMultipleEntries ||
      before.every(({ type }) => type === 'exit') ||
      (list.allowEntryAfterExit && before[0]?.type === 'exit');
    if (!mayEnter && !force) {
      store(shop, asked, position, { successful: false, errorReason: 'already_redeemed' });
      return refused(shop, list, position, 'already_redeemed');
    }
    store(shop, asked, position, {
      successful: true,
      errorReason: null,
      forced: force && (!mayEnter || isFromRevoked || reason !== undefined),
    });
    position.order.lastModifiedMs = shop.now();
  }
  return {
    status: 201,
    body: { status: 'ok', ...common, position: showPosition(shop, position), list: showMini(list) },
  };
}

/** In pretix's order. */
export function reasonAgainst(
  position: ShopPosition,
  { list, type, datetimeMs, ignoreUnpaid }: Asked,
): string | undefined {
  const { order } = position;
  if (position.canceled || !['p', 'n'].includes(order.status)) return 'canceled';
  if ((position.blocked ?? []).length > 0) return 'blocked';
  if (order.status === 'n' && order.requireApproval) return 'unapproved';
  if (type !== 'exit') {
    if (position.validFrom !== null && Date.parse(position.validFrom) > datetimeMs) return 'invalid_time';
    if (position.validUntil !== null && Date.parse(position.validUntil) < datetimeMs) return 'invalid_time';
  }
  if (!list.allProducts && !list.limitProducts.includes(position.item)) return 'product';
  if (list.subevent !== null && position.subevent !== list.subevent) return 'product';
  if (order.status !== 'p' && !order.validIfPending && !(ignoreUnpaid && list.includePending)) return 'unpaid';
  return undefined;
}

function store(
  shop: Shop,
  { list, type, datetimeMs, nonce, secret }: Redeem,
  position: ShopPosition | null,
  outcome: Pick<ShopCheckIn, 'successful' | 'errorReason'> & { readonly forced?: boolean },
): void {
  shop.addCheckIn({
    list: list.id,
    position,
    type,
    datetimeMs,
    nonce,
    forced: false,
    rawBarcode: position?.secret === secret ? null : secret,
    ...outcome,
  });
}

const common = { require_attention: false, checkin_texts: [] } as const;

const refused = (shop: Shop, list: ShopList, position: ShopPosition, reason: string): Answer => ({
  status: 400,
  body: {
    status: 'error',
    reason,
    reason_explanation: null,
    ...common,
    position: showPosition(shop, position),
    list: showMini(list),
  },
});

const showMini = ({ id, name, subevent, includePending }: ShopList): Body => ({
  id,
  name,
  event: 'event',
  subevent,
  include_pending: includePending,
});

const annulWithinMs = 15 * 60_000;

/** `POST …/checkinrpc/annul/`. */
export function annul(shop: Shop, body: Body): Answer {
  const { lists, nonce, datetime } = body;
  if (!Array.isArray(lists)) return { status: 400, body: { lists: required } };
  const found = shop.checkIns.find((one) => one.nonce === nonce && lists.includes(one.list));
  if (found === undefined) return { status: 404, body: { detail: 'No check-in found based on nonce' } };
  if (!found.successful) return { status: 400, body: ['Cannot annul an unsuccessful checkin'] };
  const atMs = typeof datetime === 'string' ? Date.parse(datetime) : shop.now();
  if (atMs - found.datetimeMs > annulWithinMs)
    return {
      status: 400,
      body: { non_field_errors: ['Annulment is not allowed more than 15 minutes after check-in'] },
    };
  found.successful = false;
  found.errorReason = 'annulled';
  return { status: 200, body: { status: 'ok' } };
}

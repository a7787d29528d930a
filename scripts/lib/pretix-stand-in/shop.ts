// What a pretix event holds, in memory, as far as its API shows it, and what customers and organisers do to it. Behaves as pretix documents and does:
// every change of an order moves its `last_modified`, random secrets that are replaced are simply gone, secrets of the signed scheme are
// listed as revoked, blocking is listed too.

export type OrderStatus = 'n' | 'p' | 'e' | 'c';

export interface ShopPosition {
  readonly id: number;
  readonly positionId: number;
  order: ShopOrder;
  item: number;
  variation: number | null;
  secret: string;
  canceled: boolean;
  readonly addonTo: number | null;
  readonly subevent: number | null;
  validFrom: string | null;
  validUntil: string | null;
  blocked: string[] | null;
  attendeeName: string | null;
  attendeeEmail: string | null;
}

export interface ShopOrder {
  readonly pk: number;
  readonly code: string;
  status: OrderStatus;
  readonly testmode: boolean;
  requireApproval: boolean;
  validIfPending: boolean;
  readonly datetimeMs: number;
  lastModifiedMs: number;
  readonly email: string;
  locale: string;
  readonly positions: ShopPosition[];
}

export interface ShopItem {
  readonly id: number;
  readonly name: Readonly<Record<string, string>>;
  readonly admission: boolean;
  readonly variations: readonly { readonly id: number; readonly value: Readonly<Record<string, string>> }[];
}

export interface ShopList {
  readonly id: number;
  readonly name: string;
  allProducts: boolean;
  limitProducts: number[];
  readonly subevent: number | null;
  readonly includePending: boolean;
  readonly allowMultipleEntries: boolean;
  readonly allowEntryAfterExit: boolean;
  readonly addonMatch: boolean;
  readonly rules: object;
}

export interface ShopCheckIn {
  readonly id: number;
  readonly list: number;
  /** Null for codes that nobody knows. */
  readonly position: ShopPosition | null;
  readonly type: 'entry' | 'exit';
  readonly datetimeMs: number;
  readonly createdMs: number;
  readonly nonce: string | null;
  readonly forced: boolean;
  successful: boolean;
  errorReason: string | null;
  readonly rawBarcode: string | null;
}

export interface NewPosition {
  readonly item: number;
  readonly variation?: number;
  readonly secret?: string;
  readonly addonTo?: number;
  readonly subevent?: number;
  readonly validFrom?: string;
  readonly validUntil?: string;
  readonly blocked?: readonly string[];
  readonly attendeeName?: string;
  readonly attendeeEmail?: string;
}

export interface NewOrder {
  readonly status?: OrderStatus;
  readonly testmode?: boolean;
  readonly requireApproval?: boolean;
  readonly validIfPending?: boolean;
  readonly locale?: string;
  readonly positions: readonly NewPosition[];
}

export interface Shop {
  readonly now: () => number;
  readonly items: ShopItem[];
  readonly lists: ShopList[];
  readonly orders: ShopOrder[];
  readonly checkIns: ShopCheckIn[];
  readonly addCheckIn: (checkIn: Omit<ShopCheckIn, 'id' | 'createdMs'>) => void;
  readonly checkInsOf: (position: ShopPosition) => readonly ShopCheckIn[];
  readonly findBySecret: (secret: string) => ShopPosition | undefined;
  readonly revoked: {
    readonly id: number;
    readonly secret: string;
    readonly createdMs: number;
    readonly position: ShopPosition;
  }[];
  readonly blockedSecrets: { readonly id: number; readonly secret: string; blocked: boolean; updatedMs: number }[];
  readonly addItem: (
    name: string,
    options?: { readonly admission?: boolean; readonly variations?: readonly string[] },
  ) => ShopItem;
  readonly addList: (name: string, options?: Partial<Omit<ShopList, 'id' | 'name'>>) => ShopList;
  readonly addOrder: (order: NewOrder) => ShopOrder;
  readonly setStatus: (order: ShopOrder, status: OrderStatus) => void;
  readonly change: (order: ShopOrder, change: (order: ShopOrder) => void) => void;
  readonly cancelPosition: (position: ShopPosition) => void;
  /** A new secret for one position, as `regenerate_secrets` makes for all of an order. */
  readonly regenerate: (position: ShopPosition, secret?: string) => void;
  readonly block: (position: ShopPosition, reasons: string[] | null) => void;
  readonly newId: () => number;
}

/** Without o, 0, 1, i and l, as pretix has it. */
const secretAlphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
const codeAlphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ3789';

export function createShop({
  now,
  usesRevocationList = false,
}: {
  readonly now: () => number;
  /** As the signed scheme does. */
  readonly usesRevocationList?: boolean;
}): Shop {
  let lastId = 0;
  const newId = (): number => (lastId += 1);
  const items: ShopItem[] = [];
  const lists: ShopList[] = [];
  const orders: ShopOrder[] = [];
  const checkIns: ShopCheckIn[] = [];
  const revoked: Shop['revoked'] = [];
  const blockedSecrets: Shop['blockedSecrets'] = [];
  const bySecret = new Map<string, ShopPosition>();
  const checkInsByPosition = new Map<ShopPosition, ShopCheckIn[]>();

  const touch = (order: ShopOrder): void => {
    order.lastModifiedMs = now();
  };
  /** Hard to guess where it is real; here only never the same twice. */
  const newSecret = (id: number): string => spell(id * 2_654_435_761 + 97, secretAlphabet, 32);

  return {
    now,
    items,
    lists,
    orders,
    checkIns,
    revoked,
    blockedSecrets,
    newId,
    findBySecret: (secret) => bySecret.get(secret),
    checkInsOf: (position) => checkInsByPosition.get(position) ?? [],
    addCheckIn: (given) => {
      const checkIn = { ...given, id: newId(), createdMs: now() };
      checkIns.push(checkIn);
      if (checkIn.position === null) return;
      const own = checkInsByPosition.get(checkIn.position);
      if (own === undefined) checkInsByPosition.set(checkIn.position, [checkIn]);
      else own.push(checkIn);
    },

    addItem: (name, { admission = true, variations = [] } = {}) => {
      const item: ShopItem = {
        id: newId(),
        name: { en: name, de: `${name} (de)` },
        admission,
        variations: variations.map((value) => ({ id: newId(), value: { en: value } })),
      };
      items.push(item);
      return item;
    },

    addList: (name, options = {}) => {
      const list: ShopList = {
        id: newId(),
        name,
        allProducts: true,
        limitProducts: [],
        subevent: null,
        includePending: false,
        allowMultipleEntries: false,
        allowEntryAfterExit: true,
        addonMatch: false,
        rules: {},
        ...options,
      };
      lists.push(list);
      return list;
    },

    addOrder: ({
      status = 'p',
      testmode = false,
      requireApproval = false,
      validIfPending = false,
      locale = 'en',
      positions,
    }) => {
      const pk = newId();
      const order: ShopOrder = {
        pk,
        code: spell(pk * 40_503 + 7, codeAlphabet, 6),
        status,
        testmode,
        requireApproval,
        validIfPending,
        datetimeMs: now(),
        lastModifiedMs: now(),
        email: `customer-${pk}@example.org`,
        locale,
        positions: [],
      };
      for (const [index, position] of positions.entries()) {
        const id = newId();
        const made: ShopPosition = {
          id,
          positionId: index + 1,
          order,
          item: position.item,
          variation: position.variation ?? null,
          secret: position.secret ?? newSecret(id),
          canceled: false,
          // Named by its place in the order, since its id is not known before.
          addonTo: position.addonTo === undefined ? null : (order.positions[position.addonTo]?.id ?? null),
          subevent: position.subevent ?? null,
          validFrom: position.validFrom ?? null,
          validUntil: position.validUntil ?? null,
          blocked: position.blocked === undefined ? null : [...position.blocked],
          attendeeName: position.attendeeName ?? null,
          attendeeEmail: position.attendeeEmail ?? null,
        };
        order.positions.push(made);
        bySecret.set(made.secret, made);
      }
      orders.push(order);
      return order;
    },

    setStatus: (order, status) => {
      order.status = status;
      touch(order);
    },
    change: (order, change) => {
      change(order);
      touch(order);
    },
    cancelPosition: (position) => {
      position.canceled = true;
      if (usesRevocationList) revoked.push({ id: newId(), secret: position.secret, createdMs: now(), position });
      touch(position.order);
    },
    regenerate: (position, secret) => {
      if (usesRevocationList) revoked.push({ id: newId(), secret: position.secret, createdMs: now(), position });
      bySecret.delete(position.secret);
      position.secret = secret ?? newSecret(newId());
      bySecret.set(position.secret, position);
      touch(position.order);
    },
    block: (position, reasons) => {
      position.blocked = reasons;
      const listed = blockedSecrets.find((entry) => entry.secret === position.secret);
      if (listed === undefined)
        blockedSecrets.push({ id: newId(), secret: position.secret, blocked: reasons !== null, updatedMs: now() });
      else Object.assign(listed, { blocked: reasons !== null, updatedMs: now() });
      touch(position.order);
    },
  };
}

/** A number in letters, so that equal ones spell alike and no two do. */
function spell(number: number, alphabet: string, length: number): string {
  let text = '';
  let rest = BigInt(number);
  const base = BigInt(alphabet.length);
  for (let index = 0; index < length; index++) {
    text += alphabet[Number(rest % base)] ?? '';
    // What is used up is filled from the number again, in another order.
    rest = rest / base === 0n ? BigInt(number) * 31n + BigInt(index + 3) : rest / base;
  }
  return text;
}

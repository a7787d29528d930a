// Orders, products and lists as pretix's API writes them: every documented field, times in ISO 8601 with microseconds, and `include` and `exclude`
// as its serializers apply them.
import type { Shop, ShopCheckIn, ShopItem, ShopList, ShopOrder, ShopPosition } from './shop.ts';

type Json = Readonly<Record<string, unknown>>;

export const timeText = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

export function showOrder(shop: Shop, order: ShopOrder, query: URLSearchParams): Json {
  const withCanceled = query.get('include_canceled_positions')?.toLowerCase() === 'true';
  const shown: Json = {
    code: order.code,
    event: 'event',
    status: order.status,
    testmode: order.testmode,
    secret: `order-secret-${order.pk}`,
    url: `https://pretix.example/order/${order.code}/`,
    email: order.email,
    phone: null,
    customer: null,
    locale: order.locale,
    sales_channel: 'web',
    datetime: timeText(order.datetimeMs),
    expires: timeText(order.datetimeMs + 14 * 86_400_000),
    payment_date: null,
    payment_provider: null,
    total: '23.00',
    tax_rounding_mode: 'line',
    comment: '',
    api_meta: {},
    custom_followup_at: null,
    checkin_attention: false,
    checkin_text: null,
    invoice_address: {
      name: 'A Customer',
      street: 'Test street 12',
      zipcode: '12345',
      city: 'Testington',
      country: 'DE',
    },
    positions: order.positions
      .filter((position) => withCanceled || !position.canceled)
      .map((one) => showPosition(shop, one)),
    fees: [],
    downloads: [],
    require_approval: order.requireApproval,
    valid_if_pending: order.validIfPending,
    payments: [],
    refunds: [],
    last_modified: timeText(order.lastModifiedMs),
    cancellation_date: null,
    plugin_data: {},
  };
  return choose(shown, query.getAll('include'), query.getAll('exclude'));
}

export const showPosition = (shop: Shop, position: ShopPosition): Json => ({
  id: position.id,
  order: position.order.code,
  positionid: position.positionId,
  canceled: position.canceled,
  item: position.item,
  variation: position.variation,
  price: '23.00',
  attendee_name: position.attendeeName,
  attendee_name_parts: position.attendeeName === null ? {} : { full_name: position.attendeeName },
  attendee_email: position.attendeeEmail,
  company: null,
  street: null,
  zipcode: null,
  city: null,
  country: null,
  state: null,
  voucher: null,
  voucher_budget_use: null,
  tax_rate: '0.00',
  tax_value: '0.00',
  tax_code: null,
  tax_rule: null,
  secret: position.secret,
  addon_to: position.addonTo,
  subevent: position.subevent,
  discount: null,
  blocked: position.blocked,
  valid_from: position.validFrom,
  valid_until: position.validUntil,
  pseudonymization_id: `P${position.id}`,
  checkins: shop
    .checkInsOf(position)
    .filter(({ successful }) => successful)
    .map(showCheckIn),
  print_logs: [],
  downloads: [],
  answers: [],
  seat: null,
  plugin_data: {},
});

const showCheckIn = ({ id, list, datetimeMs, type }: ShopCheckIn): Json => ({
  id,
  list,
  datetime: timeText(datetimeMs),
  type,
  gate: null,
  device: null,
  device_id: null,
  auto_checked_in: false,
});

export const showItem = ({ id, name, admission, variations }: ShopItem): Json => ({
  id,
  name,
  internal_name: null,
  default_price: '23.00',
  category: null,
  active: true,
  description: null,
  free_price: false,
  tax_rate: '0.00',
  tax_rule: null,
  admission,
  position: 0,
  has_variations: variations.length > 0,
  variations: variations.map((variation, index) => ({
    ...variation,
    default_price: null,
    price: '23.00',
    active: true,
    description: null,
    position: index,
  })),
  addons: [],
  bundles: [],
});

export const showList = (shop: Shop, list: ShopList): Json => ({
  id: list.id,
  name: list.name,
  all_products: list.allProducts,
  limit_products: list.limitProducts,
  subevent: list.subevent,
  position_count: shop.orders.flatMap(({ positions }) => positions).length,
  checkin_count: shop.checkIns.filter((one) => one.list === list.id && one.successful).length,
  include_pending: list.includePending,
  allow_multiple_entries: list.allowMultipleEntries,
  allow_entry_after_exit: list.allowEntryAfterExit,
  rules: list.rules,
  exit_all_at: null,
  addon_match: list.addonMatch,
});

/** `field` or `field.inner`; include before exclude, and an inner one keeps its outer field. */
function choose(shown: Json, include: readonly string[], exclude: readonly string[]): Json {
  const isIncluded = (name: string): boolean =>
    include.length === 0 || include.some((field) => field === name || field.startsWith(`${name}.`));
  const inner = (name: string, entry: unknown): unknown => {
    if (typeof entry !== 'object' || entry === null) return entry;
    const wanted = include.filter((field) => field.startsWith(`${name}.`)).map((field) => field.slice(name.length + 1));
    return Object.fromEntries(
      Object.entries(entry).filter(
        ([field]) => (wanted.length === 0 || wanted.includes(field)) && !exclude.includes(`${name}.${field}`),
      ),
    );
  };
  return Object.fromEntries(
    Object.entries(shown)
      .filter(([name]) => isIncluded(name) && !exclude.includes(name))
      .map(([name, value]) => [name, Array.isArray(value) ? value.map((entry) => inner(name, entry)) : value]),
  );
}

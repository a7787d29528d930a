// Every limit on how often somebody may ask or be wrong, with its number, its window and the reason. What is not here is not limited.
// Requests refill evenly over the window; wrong answers do too, or make the next one wait twice as long.

const minuteMs = 60_000;

interface LimitText {
  /** What is counted apart from what. */
  readonly by: 'address' | 'address and route' | 'address and account' | 'account' | 'ticket' | 'gate' | 'phone';
  readonly counts: 'requests' | 'requests that prove nobody' | 'wrong answers';
  /** Whether all processes on one PostgreSQL count together. The others count each for itself: n processes let n times as many through. */
  readonly shared: boolean;
  readonly why: string;
}
/** `max` at once, then `max` a window. */
export interface Bucket extends LimitText {
  readonly max: number;
  readonly windowMs: number;
}
/** Waits that double from the first that is not free, until a right answer or until nobody has tried for long. */
export interface BackOff extends LimitText {
  readonly freeTries: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  readonly forgottenAfterMs: number;
}
export type RateLimit = Bucket | BackOff;

const requests = (by: LimitText['by'], max: number, why: string): Bucket => ({
  by,
  counts: 'requests',
  shared: false,
  max,
  windowMs: minuteMs,
  why,
});
const strict = (by: LimitText['by'], counts: LimitText['counts'], max: number, why: string): Bucket => ({
  by,
  counts,
  shared: true,
  max,
  windowMs: minuteMs,
  why,
});

/**
 * By how much traffic there is: these numbers rise with the setting `limitsFactor`. A request meets `address` first, and then the one of
 * its kind (`requestKind` in routes/access.ts).
 */
export const requestLimits = {
  address: requests(
    'address',
    30_000,
    'one address does not keep the whole service busy; requests of gates are not counted',
  ),
  unproven: {
    ...requests('address', 600, 'tries of tokens and cookies; who proves who they are passes at the same address'),
    counts: 'requests that prove nobody',
  },
  open: requests('address and route', 120, 'signing in and up, tokens, enrolment: whatever takes no sign-in'),
  time: requests('address', 6_000, 'a hundred gates behind one address, each once a second'),
  reading: requests('account', 6_000, 'pages and programs that read on and on, and the codes of a whole hall'),
  changing: requests('account', 1_200, 'twenty a second; many tickets are made by one batch'),
  verifying: requests('account', 6_000, 'a phone verifies one a second, a program may stand for a hundred lanes'),
  ticket: requests('ticket', 300, 'one ticket needs a few requests, and a party at a door some more'),
  sender: requests('phone', 60, 'a phone that says where it is every second'),
  holder: requests('phone', 60, 'a page that asks how its ticket stands, and is opened again and again'),
  gate: requests('gate', 3_000, 'fifty a second: a gate that comes back with a night of marks drains them in one go'),
} as const satisfies Readonly<Record<string, Bucket>>;

/** By how many guesses are safe: these stay as they are. */
export const guessLimits = {
  'sign-in': strict('address', 'wrong answers', 30, 'passwords tried on many accounts; right ones are free'),
  password: {
    by: 'account',
    counts: 'wrong answers',
    shared: true,
    freeTries: 5,
    firstWaitMs: 1_000,
    longestWaitMs: 15 * minuteMs,
    forgottenAfterMs: 24 * 60 * minuteMs,
    why: 'passwords tried on one account: they cost time, not the account',
  },
  'personal-token': strict('address and account', 'wrong answers', 60, 'each costs the work of a password'),
  'client-secret': strict('address', 'wrong answers', 60, 'secrets of programs'),
  'one-time-link': strict('address', 'wrong answers', 30, 'links to set a password or to finish a sign-up'),
  'claim-link': strict(
    'address',
    'wrong answers',
    300,
    'links to tickets; the phones of a whole hall may have one address',
  ),
  'enrolment-code': strict('address', 'wrong answers', 30, 'a code has 60 bits and lives for half an hour'),
  'verify-miss': strict('ticket', 'wrong answers', 10, 'a short code is typed, and so is short'),
  'wallet-signature': strict(
    'address',
    'wrong answers',
    30,
    'a signature cannot be guessed, but each may ask the chain',
  ),
  'sign-up': strict('address', 'requests', 10, 'each may send a mail'),
  'reset-request': strict('address', 'requests', 5, 'each may send a mail'),
  'reset-mail': strict('account', 'requests', 2, 'mails to one person; the answer does not tell'),
} as const satisfies Readonly<Record<string, RateLimit>>;

export type RequestLimitName = keyof typeof requestLimits;
export type GuessLimitName = keyof typeof guessLimits;
export type LimitName = RequestLimitName | GuessLimitName;
export const rateLimits: Readonly<Record<LimitName, RateLimit>> = { ...requestLimits, ...guessLimits };

// Requests that may be sent again (draft-ietf-httpapi-idempotency-key-header): who sent which key to which route, and what the answer
// was. A claim comes first, in its own commit, so that of two equal requests at the same moment one works. The answer follows, at best
// in the transaction of the work itself: then an answer is there exactly if the work was done, and a claim that a crash has left behind
// can be taken over. Answers may contain passes and one-time codes, so the vault seals them.
import { bytesToHex, err, ok, utf8, type Clock, type Random, type Result } from '@postern/shared';
import { z } from 'zod';
import type { Database, Queries } from '../store/database.ts';
import type { Failure } from './problems.ts';
import type { Vault } from './vault.ts';

/** An answer is repeated this long after the first request. */
export const keptForMs = 24 * 3_600_000;
/** A claim without answer is taken for left behind by a crash after this long. */
export const claimLeaseMs = 60_000;
/** Keys of one actor that are remembered at a time. */
export const keysPerActorMax = 200_000;
const pruneEveryMs = 60_000;
const claimBytes = 16;

const answerSchema = z.object({
  status: z.number(),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.string(),
  /** Events that the request named in its body: whoever is told the answer again must still have a role there. */
  events: z.array(z.union([z.number(), z.literal('all')])).optional(),
});
export type Answer = z.infer<typeof answerSchema>;

export interface KeyedRequest {
  /** Who asks: keys of different people never meet. */
  readonly actor: string;
  /** Method and pattern of the route. */
  readonly route: string;
  readonly key: string;
  /** Over method, path and body; kept only as a keyed hash, since a body may hold a password. */
  readonly requestHash: string;
  /** The route keeps its answer by `keep`, in the transaction of its work. */
  readonly exactlyOnce: boolean;
}

/** The right to work on a request. */
export interface Claim {
  /** Keeps the answer in the transaction of the work. A failure (somebody else has taken the claim over) must roll it back. */
  readonly keep: (queries: Queries, answer: Answer) => Promise<Result<void, Failure>>;
  /** Keeps an answer after the work, unless `keep` has. */
  readonly complete: (answer: Answer) => Promise<void>;
  /** Nothing was done: the key is free again, unless `keep` has kept an answer. */
  readonly release: () => Promise<void>;
}

export type Claimed =
  | { readonly type: 'run'; readonly claim: Claim }
  | { readonly type: 'repeat'; readonly answer: Answer };

export interface Idempotency {
  /** `idempotency-key-reused`, `idempotency-in-progress`, `idempotency-keys-exhausted`. */
  readonly claim: (request: KeyedRequest) => Promise<Result<Claimed, Failure>>;
}

export interface IdempotencyDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly vault: Vault;
  /** Keyed by a secret of this deployment, hexadecimal. */
  readonly keyedHash: (text: string) => string;
}

export function createIdempotency({ database, clock, random, vault, keyedHash }: IdempotencyDeps): Idempotency {
  /** Keys of each actor, counted at the last pruning and on from there: a bound, not a quota. */
  const keysByActor = new Map<string, number>();
  let prunedAtMs: number | undefined;

  const prune = async (nowMs: number): Promise<void> => {
    if (prunedAtMs !== undefined && nowMs < prunedAtMs + pruneEveryMs) return;
    prunedAtMs = nowMs;
    await database
      .deleteFrom('idempotency')
      .where('claimed_at_ms', '<=', nowMs - keptForMs)
      .execute();
    keysByActor.clear();
  };

  const countKeys = async (actor: string): Promise<number> => {
    const known = keysByActor.get(actor);
    if (known !== undefined) return known;
    const { keys } = await database
      .selectFrom('idempotency')
      .select(({ fn }) => fn.countAll<number>().as('keys'))
      .where('actor', '=', actor)
      .executeTakeFirstOrThrow();
    return keys;
  };

  const claim = async (request: KeyedRequest): Promise<Result<Claimed, Failure>> => {
    const { actor, route, exactlyOnce } = request;
    const request_hash = keyedHash(`request\0${request.requestHash}`);
    const nowMs = clock.wallMs();
    await prune(nowMs);
    const keys = await countKeys(actor);
    if (keys >= keysPerActorMax) return err({ type: 'idempotency-keys-exhausted' });
    const id = { actor, route, key_hash: keyedHash(`key\0${request.key}`) };
    const mine = { claim: bytesToHex(random(claimBytes)), claimed_at_ms: nowMs };
    const inserted = await database
      .insertInto('idempotency')
      .values({ ...id, request_hash, ...mine, answer: null })
      .onConflict((conflict) => conflict.doNothing())
      .returning('claim')
      .executeTakeFirst();
    if (inserted !== undefined) {
      keysByActor.set(actor, keys + 1);
      return ok({ type: 'run', claim: createClaim(id, mine.claim) });
    }
    const earlier = await database
      .selectFrom('idempotency')
      .selectAll()
      .where((where) => where.and(id))
      .executeTakeFirst();
    // Released between the two statements: whoever held it has just answered, so the sender can simply ask again.
    if (earlier === undefined) return err({ type: 'idempotency-in-progress' });
    if (earlier.request_hash !== request_hash) return err({ type: 'idempotency-key-reused' });
    if (earlier.answer !== null) return readAnswer(id, earlier.answer);
    if (nowMs < earlier.claimed_at_ms + claimLeaseMs) return err({ type: 'idempotency-in-progress' });
    if (!exactlyOnce)
      return err({
        type: 'idempotency-in-progress',
        detail: 'The first request was cut off; whether it took effect is not known. Look, then use a new key.',
      });
    const takenOver = await database
      .updateTable('idempotency')
      .set(mine)
      .where((where) => where.and({ ...id, claim: earlier.claim }))
      .where('answer', 'is', null)
      .returning('claim')
      .executeTakeFirst();
    return takenOver === undefined
      ? err({ type: 'idempotency-in-progress' })
      : ok({ type: 'run', claim: createClaim(id, mine.claim) });
  };

  interface KeyId {
    readonly actor: string;
    readonly route: string;
    readonly key_hash: string;
  }
  const labelOf = ({ actor, route, key_hash }: KeyId): string => `idempotency/${actor}/${route}/${key_hash}`;

  const createClaim = (id: KeyId, claimId: string): Claim => {
    const store = async (queries: Queries, answer: Answer): Promise<boolean> => {
      const stored = await queries
        .updateTable('idempotency')
        .set({ answer: vault.seal(utf8(JSON.stringify(answer)), labelOf(id)) })
        .where((where) => where.and({ ...id, claim: claimId }))
        .where('answer', 'is', null)
        .returning('claim')
        .executeTakeFirst();
      return stored !== undefined;
    };
    return {
      keep: async (queries, answer) =>
        (await store(queries, answer)) ? ok(undefined) : err({ type: 'idempotency-in-progress' }),
      complete: async (answer) => void (await store(database, answer)),
      release: async () => {
        await database
          .deleteFrom('idempotency')
          .where((where) => where.and({ ...id, claim: claimId }))
          .where('answer', 'is', null)
          .execute();
      },
    };
  };

  const readAnswer = (id: KeyId, sealed: string): Result<Claimed, Failure> => {
    const opened = vault.open(sealed, labelOf(id));
    if (!opened.ok)
      return err({ type: 'idempotency-in-progress', detail: 'The answer was sealed with another master key.' });
    return ok({ type: 'repeat', answer: answerSchema.parse(JSON.parse(Buffer.from(opened.value).toString())) });
  };

  return { claim };
}

// What the contract says has happened to tokens, out of a node's logs. A node is not believed: one log that was not asked for, or does not
// fit its neighbours, and the whole answer is refused.
import { err, ok, type Result } from '@postern/shared';
import { z } from 'zod';
import { addressHexSchema, addressOfWord, hexSchema, quantitySchema, wordSchema, type Hex } from './hex.ts';
import type { ChainError } from './rpc.ts';

/** Keccak-256 of the events' signatures. */
export const eventTopics = {
  transfer: '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
  consumed: '0x6a52cd7f75cfe8b2cd55f985879f8566d6a538bccd6ff5b03501046cca793cfa',
  locked: '0x032bc66be43dbccb7487781d168eb7bda224628a3b2c3388bdf69b532a3a1611',
  unlocked: '0xf27b6ce5b2f5e68ddb2fd95a8a909d4ecf1daaac270935fff052feacb24f1842',
} as const;

export const logSchema = z.object({
  address: addressHexSchema,
  topics: z.array(wordSchema).max(4),
  data: hexSchema,
  blockNumber: quantitySchema,
  blockHash: wordSchema,
  logIndex: quantitySchema,
  removed: z.boolean().optional(),
});
export type Log = z.infer<typeof logSchema>;

export interface TokenEvent {
  readonly block: number;
  readonly blockHash: Hex;
  /** Of the log in its block. */
  readonly position: number;
  readonly token: Hex;
  readonly what:
    | { readonly type: 'transfer'; readonly from: Hex; readonly to: Hex }
    | { readonly type: 'consumed' }
    | { readonly type: 'locked'; readonly locked: boolean };
}

export interface LogRange {
  readonly contract: Hex;
  readonly from: number;
  readonly to: number;
}

/** In the order in which they happened; `name` is the node's. */
export function readTokenEvents(
  logs: readonly Log[],
  { contract, from, to }: LogRange,
  name: string,
): Result<readonly TokenEvent[], ChainError> {
  const lies = (what: string): Result<never, ChainError> =>
    err({
      type: 'rpc-lies',
      detail: `Asked for the contract's logs of blocks ${from} to ${to}, ${name} answers with ${what}.`,
    });
  const events: TokenEvent[] = [];
  let before: TokenEvent | undefined;
  for (const log of logs) {
    if (log.address !== contract) return lies('logs of another contract');
    if (log.blockNumber < from || log.blockNumber > to) return lies('logs of other blocks');
    if (log.removed === true) return lies('logs that are no longer there');
    const event = readTokenEvent(log);
    if (event === undefined) return lies('logs that the contract does not write');
    if (before !== undefined && !follows(before, event)) return lies('logs that do not follow each other');
    before = event;
    events.push(event);
  }
  return ok(events);
}

const follows = (before: TokenEvent, { block, blockHash, position }: TokenEvent): boolean =>
  block > before.block || (block === before.block && position > before.position && blockHash === before.blockHash);

function readTokenEvent({ topics, data, blockNumber, blockHash, logIndex }: Log): TokenEvent | undefined {
  const [topic, first, second, third] = topics;
  const at = { block: blockNumber, blockHash, position: logIndex };
  switch (topic) {
    case eventTopics.transfer: {
      const [from, to] = [addressOfWord(first ?? ''), addressOfWord(second ?? '')];
      return from === undefined || to === undefined || third === undefined || data !== '0x'
        ? undefined
        : { ...at, token: third, what: { type: 'transfer', from, to } };
    }
    case eventTopics.consumed:
      return first === undefined || topics.length !== 2 || data !== '0x'
        ? undefined
        : { ...at, token: first, what: { type: 'consumed' } };
    case eventTopics.locked:
    case eventTopics.unlocked: {
      const token = wordSchema.safeParse(data);
      return !token.success || topics.length !== 1
        ? undefined
        : { ...at, token: token.data, what: { type: 'locked', locked: topic === eventTopics.locked } };
    }
    default:
      return undefined;
  }
}

/** The event whose ticket a token stands for: its first 32 bits. */
export const eventOfToken = (token: string): number => Number.parseInt(token.slice(2, 10), 16);

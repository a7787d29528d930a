// Reads the chain into our rows: in ranges of blocks that fit into one answer, only so deep that nothing should change there any more, and
// should it change all the same, back to the last block that both have. A node that contradicts itself stops the reading and changes nothing.
import { err, ok, type Clock, type Result } from '@postern/shared';
import type { Database, Queries } from '../../store/database.ts';
import { advance, noteReading, openChainRow, readKnownBlocks, type ChainRow } from './chain-rows.ts';
import type { Block, Chain, Connection } from './chain.ts';
import type { TokenEvent } from './logs.ts';
import type { ChainError } from './rpc.ts';
import { applyEvents, forgetAll, takeBack } from './token-rows.ts';

/** Blocks of a range, at first and at most; fewer once a node says that it is too much. */
const rangeFirst = 2_000;
const rangeMax = 10_000;
/** Events that one transaction applies. */
const eventsPerTransactionMax = 5_000;
/** Hashes that are compared at a time on the way back to what both have. */
const blocksPerLook = 64;

export interface MirrorDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly chain: Chain;
  /** Where the contract was made: nothing is to be read before. */
  readonly startBlock: number;
  /** Blocks on top of one that is believed. */
  readonly confirmations: number;
  /** Tells the feed that tokens of an event have changed. */
  readonly changed: (event: number) => void;
}

export interface Reading {
  readonly signal: AbortSignal;
  readonly fence: (queries: Queries) => Promise<void>;
  readonly report: (done: number, total: number) => void;
}

export interface MirrorRun {
  readonly events: number;
  readonly strangers: number;
  readonly blocks: number;
  /** How often blocks were taken back: 0 or 1. */
  readonly rewound: number;
  /** The last block that was read. */
  readonly through: number;
}

export interface Mirror {
  readonly read: (reading: Reading) => Promise<Result<MirrorRun, ChainError>>;
}

/** Whether what was read is still the chain's, and else up to where it is. */
type Fork = { readonly type: 'none' } | { readonly type: 'rewind'; readonly to: Block | undefined };

const isSameFork = (one: Fork, other: Fork): boolean =>
  one.type === 'rewind' && other.type === 'rewind' && one.to?.number === other.to?.number;

export function createMirror({ database, clock, chain, startBlock, confirmations, changed }: MirrorDeps): Mirror {
  const { key } = chain;

  const read = async (
    connection: Connection,
    { signal, fence, report }: Reading,
  ): Promise<Result<MirrorRun, ChainError>> => {
    const inOurs = <T>(work: (queries: Queries) => Promise<T>): Promise<T> =>
      database.transaction().execute(async (queries) => {
        await fence(queries);
        return work(queries);
      });
    const head = await connection.head();
    if (!head.ok) return head;
    const start = await openChainRow(database, key, startBlock);
    if (head.value < start.next_block - 1)
      return lies(
        `${connection.name} says that the chain ends with block ${head.value}; it was read up to block ${start.next_block - 1}.`,
      );
    const fork = await findFork(connection, start);
    if (!fork.ok) return fork;
    const witness = await chain.findWitness(connection, signal);
    if (fork.value.type === 'rewind') {
      const seen = witness === undefined ? undefined : await findFork(witness, start);
      // One that cannot say is no contradiction. One that has what was read keeps every owner in place.
      if (seen?.ok === true && !isSameFork(seen.value, fork.value))
        return lies(`${connection.name} and ${witness?.name} contradict each other about what was read before.`);
      const { to } = fork.value;
      tell(
        await inOurs(async (queries) => {
          const concerned = to === undefined ? await forgetAll(queries, key) : await takeBack(queries, key, to.number);
          await queries
            .updateTable('nft_chain')
            .set(({ eb }) => ({
              next_block: to === undefined ? startBlock : to.number + 1,
              block_at_ms: to?.atMs ?? null,
              rewound: eb('rewound', '+', 1),
            }))
            .where('chain', '=', key)
            .execute();
          return concerned;
        }),
      );
    }
    const { next_block: first } = await openChainRow(database, key, startBlock);
    const last = head.value - confirmations;
    const counts = { events: 0, strangers: 0, blocks: 0, rewound: fork.value.type === 'rewind' ? 1 : 0 };
    let range = rangeFirst;
    let next = first;
    while (next <= last && !signal.aborted) {
      report(next - first, last - first + 1);
      const to = Math.min(last, next + range - 1);
      const found = await readRange(connection, next, to);
      if (!found.ok) {
        if (!isTooMuch(found.error) || to === next) return found;
        range = Math.max(1, Math.floor((to - next + 1) / 4));
        continue;
      }
      const { events, end } = found.value;
      const agreed = witness === undefined ? ok(undefined) : await compare(connection.name, witness, next, found.value);
      if (!agreed.ok) return agreed;
      for (const part of parts(events, end.number)) {
        const block = part.through === end.number ? end : await blockOf(connection, part.through);
        if ('type' in block) return err(block);
        const applied = await inOurs(async (queries) => {
          const done = await applyEvents(queries, key, part.events);
          await advance(queries, key, block, head.value);
          return done;
        });
        counts.events += applied.events;
        counts.strangers += applied.strangers;
        tell(applied.changed);
      }
      counts.blocks += to - next + 1;
      next = to + 1;
      if (events.length < eventsPerTransactionMax) range = Math.min(rangeMax, range * 2);
    }
    return ok({ ...counts, through: next - 1 });
  };

  const tell = (events: ReadonlySet<number>): void => {
    for (const event of events) changed(event);
  };

  /** Whether the last block that was read is still there, and else the last one that is. */
  const findFork = async (
    connection: Connection,
    { next_block: next }: Pick<ChainRow, 'next_block'>,
  ): Promise<Result<Fork, ChainError>> => {
    for (let below = next; ;) {
      const known = await readKnownBlocks(database, key, below, blocksPerLook);
      // Nothing was read yet, or nothing of it is left.
      if (known.length === 0) return ok(below === next ? { type: 'none' } : { type: 'rewind', to: undefined });
      for (const { number, hash } of known) {
        const block = await connection.block(number);
        if (!block.ok) return block;
        if (block.value?.hash === hash)
          return ok(number === next - 1 ? { type: 'none' } : { type: 'rewind', to: block.value });
        // A node that has fallen behind is not another history.
        if (block.value === undefined) return lies(`${connection.name} does not have block ${number}, which was read.`);
        below = number;
      }
    }
  };

  return {
    read: async (reading) => {
      await openChainRow(database, key, startBlock);
      const connected = await chain.connect(reading.signal);
      const done = connected.ok ? await read(connected.value, reading) : connected;
      if (!done.ok && connected.ok) connected.value.fail(done.error);
      const problem = done.ok || done.error.type === 'stopped' ? undefined : done.error;
      if (done.ok || problem !== undefined) await noteReading(database, key, problem, clock.wallMs());
      return done;
    },
  };
}

const lies = (detail: string): Result<never, ChainError> => err({ type: 'rpc-lies', detail });

/** Nodes refuse by number of blocks, of logs, of bytes or by time, each in its own words. */
const isTooMuch = ({ type }: ChainError): boolean =>
  type === 'rpc-refused' || type === 'rpc-answer-too-large' || type === 'rpc-unreachable';

async function blockOf(connection: Connection, number: number): Promise<Block | ChainError> {
  const found = await connection.block(number);
  if (!found.ok) return found.error;
  return (
    found.value ?? {
      type: 'rpc-lies',
      detail: `${connection.name} does not have block ${number}, of which it has logs.`,
    }
  );
}

interface Range {
  readonly events: readonly TokenEvent[];
  readonly end: Block;
}

/** Whether another node has the same; one that cannot say is no contradiction. */
async function compare(
  name: string,
  witness: Connection,
  from: number,
  { events, end }: Range,
): Promise<Result<void, ChainError>> {
  const block = await witness.block(end.number);
  if (!block.ok || block.value === undefined) return ok(undefined);
  const found = await witness.events(from, end.number);
  if (!found.ok && found.error.type !== 'rpc-lies') return ok(undefined);
  if (block.value.hash === end.hash && found.ok && JSON.stringify(found.value) === JSON.stringify(events))
    return ok(undefined);
  return lies(`${name} and ${witness.name} contradict each other about blocks ${from} to ${end.number}.`);
}

/** The events of a range with its last block; hashes of logs have to be those of the blocks. */
async function readRange(connection: Connection, from: number, to: number): Promise<Result<Range, ChainError>> {
  const end = await blockOf(connection, to);
  if ('type' in end) return err(end);
  const found = await connection.events(from, to);
  if (!found.ok) return found;
  const events = found.value;
  // The first and the last block with logs stand for those between: a whole range of hashes would cost a request each.
  const looked = new Map(
    [events[0], events.at(-1)].flatMap((event) => (event === undefined ? [] : [[event.block, event]])),
  );
  for (const [number, { blockHash }] of looked) {
    const block = number === to ? end : await blockOf(connection, number);
    if ('type' in block) return err(block);
    if (block.hash !== blockHash)
      return lies(`${connection.name} has logs of block ${number} with another hash than the block's.`);
  }
  return ok({ events, end });
}

/** Whole blocks, of about so many events as one transaction takes; the last part reaches to the end of the range. */
function parts(
  events: readonly TokenEvent[],
  end: number,
): readonly { readonly events: readonly TokenEvent[]; readonly through: number }[] {
  const found: { readonly events: readonly TokenEvent[]; readonly through: number }[] = [];
  let start = 0;
  for (let index = eventsPerTransactionMax; index < events.length; index++) {
    const block = events[index - 1]?.block;
    if (index - start < eventsPerTransactionMax || block === undefined || events[index]?.block === block) continue;
    found.push({ events: events.slice(start, index), through: block });
    start = index;
  }
  return [...found, { events: events.slice(start), through: end }];
}

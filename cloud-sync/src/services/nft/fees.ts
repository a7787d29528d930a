// What a transaction offers (EIP-1559): enough for a base fee that doubles until it is mined, never more than the settings allow.
import { err, ok, type Result } from '@postern/shared';
import type { ChainError } from './rpc.ts';
import type { Fees } from './transaction-rows.ts';

/** Nodes take a replacement only if it offers a tenth more; by how much ours offers more, in percent. */
const bumpPercent = 25n;
const gwei = 1_000_000_000n;

/** Wei for a unit of gas, as the chain has them now. */
export interface Prices {
  readonly baseFee: bigint;
  readonly priorityFee: bigint;
}

/** `fee-too-high`: it waits until the chain is cheaper. */
export function chooseFees({ baseFee, priorityFee }: Prices, feeMax: bigint): Result<Fees, ChainError> {
  if (baseFee + priorityFee > feeMax)
    return err({
      type: 'fee-too-high',
      detail: `A unit of gas costs ${(baseFee + priorityFee) / gwei} gwei now, and the settings allow ${feeMax / gwei}.`,
    });
  return ok({ maxFee: least(2n * baseFee + priorityFee, feeMax), priorityFee });
}

/** To replace `last`; undefined where that would cost more than is allowed. */
export function bumpFees(last: Fees, prices: Prices, feeMax: bigint): Fees | undefined {
  const bumped = (fee: bigint): bigint => (fee * (100n + bumpPercent)) / 100n + 1n;
  const maxFee = greatest(bumped(last.maxFee), 2n * prices.baseFee + prices.priorityFee);
  if (maxFee > feeMax) return undefined;
  return { maxFee, priorityFee: least(greatest(bumped(last.priorityFee), prices.priorityFee), maxFee) };
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const greatest = (a: bigint, b: bigint): bigint => (a > b ? a : b);

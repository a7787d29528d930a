// Numbers and bytes as Ethereum's JSON-RPC writes them. Read exactly, into lower case, and never further than what we can count.
import { z } from 'zod';

export type Hex = `0x${string}`;

const isHex = (text: string): text is Hex => /^0x(?:[0-9a-f]{2})*$/.test(text);
/** Bytes. */
export const hexSchema = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine(isHex);

const bytesSchema = (bytes: number) => hexSchema.refine((text) => text.length === 2 + 2 * bytes);
/** Hashes, topics and words. */
export const wordSchema = bytesSchema(32);
export const addressHexSchema = bytesSchema(20);

/** A quantity, without leading zeros. */
export const bigQuantitySchema = z
  .string()
  .regex(/^0x(?:0|[1-9a-f][0-9a-f]{0,63})$/i)
  .transform(BigInt);
/** One that fits a number. */
export const quantitySchema = bigQuantitySchema
  .refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER))
  .transform(Number);

export const toQuantity = (value: number | bigint): Hex => `0x${value.toString(16)}`;

/** An address as a topic or word has it; undefined for what is none. */
export const addressOfWord = (word: string): Hex | undefined =>
  /^0x0{24}[0-9a-f]{40}$/.test(word) ? `0x${word.slice(26)}` : undefined;

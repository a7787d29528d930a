// Which proofs admit with a type of ticket, alone or together: an event names combinations, and one presentation may be proved in several
// ways. A pure count; decide.ts acts on it, and marks name every method that was counted.
import { z } from 'zod';
import type { Assurance, Claim } from './decision.ts';

/** Of one presentation. */
export const proofsMax = 3;
const combinationsMax = 16;

/**
 * Combinations of proofs, each of which admits: every member is the id of a method, or the least assurance of any method. Two members of
 * one combination are proofs by two methods. `[["signed"], ["looked-up", "looked-up"]]`: one that is signed, or two others that were looked up.
 */
export const proofRulesSchema = z
  .array(
    z
      .array(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/))
      .min(1)
      .max(proofsMax),
  )
  .max(combinationsMax);
export type ProofRules = z.infer<typeof proofRulesSchema>;

/** The one proof that is not the holder's to bring along: gates ask for it by themselves. */
export const faceMethodId = 'face';

/** Without an assurance it counts only where its method is named. */
export type Proof = Pick<Claim, 'method'> & { readonly assurance?: Assurance };

const assurances: Readonly<Record<Assurance, number>> = { 'looked-up': 0, signed: 1, challenged: 2 };
const isAssurance = (word: string): word is Assurance => Object.hasOwn(assurances, word);

/** Whether one proof is worth at least as much as another. */
export const isAtLeast = (assurance: Assurance, least: Assurance): boolean =>
  assurances[assurance] >= assurances[least];

/** `more`: something of a combination is there and something is missing. No combinations: any proof is enough. */
export function weighProofs(rules: ProofRules, proofs: readonly Proof[]): 'enough' | 'more' | 'never' {
  if (rules.length === 0) return 'enough';
  // The same code shown twice is one proof.
  const ofMethods = [...new Map(proofs.map((proof) => [proof.method, proof])).values()];
  const met = rules.map((combination) => countMet(combination, ofMethods));
  if (met.some((count, index) => count === rules[index]?.length)) return 'enough';
  return met.some((count) => count > 0) ? 'more' : 'never';
}

/** How many members of a combination the proofs meet, each proof one of them: the most that any division gives. */
function countMet([first, ...rest]: readonly string[], proofs: readonly Proof[]): number {
  if (first === undefined) return 0;
  const without = countMet(rest, proofs);
  const withEach = proofs.flatMap((proof, index) =>
    meets(proof, first) ? [1 + countMet(rest, proofs.toSpliced(index, 1))] : [],
  );
  return Math.max(without, ...withEach);
}

const meets = ({ method, assurance }: Proof, member: string): boolean =>
  isAssurance(member) ? assurance !== undefined && isAtLeast(assurance, member) : method === member;

/** Of every method that is named nowhere, misspelt ones among them. */
export const unknownMembers = (rules: ProofRules, methods: readonly string[]): readonly string[] =>
  rules.flat().filter((member) => !isAssurance(member) && !methods.includes(member));

const joint = '+';
/** How a mark names the methods that have proved its ticket: the one that was presented first leads. */
export const joinMethods = (proofs: readonly Pick<Claim, 'method'>[]): string =>
  proofs.map(({ method }) => method).join(joint);
export const methodsOf = (method: string): readonly string[] => method.split(joint);

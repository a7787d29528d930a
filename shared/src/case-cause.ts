// The likely cause of a case, from what the marks say alone: the same person scanned again, a clock that cannot be relied on, or a code
// that somebody else has too. A hint for the person who works it off, never a verdict.
import type { ClockSource } from './clock.ts';

export const caseCauses = ['re-scanned', 'clock', 'copied-code'] as const;
export type CaseCause = (typeof caseCauses)[number];

/** Nobody hands a copy on, and its owner walks back to the same turnstile, within this time. */
export const rescanSameGateMsMax = 30_000;
/** The same for another gate of the same zone, which is at most some steps away. */
export const rescanSameZoneMsMax = 15_000;
/** A clock that is less sure than this cannot say who was first among people who queue. */
export const doubtfulUncertaintyMsMin = 30_000;

/** What is looked at of one entry. */
export interface CauseEntry {
  readonly gate: string;
  readonly zone: string;
  readonly atMs: number;
  readonly uncertaintyMs: number;
  readonly clockSource: ClockSource;
  /** By how much a correction has moved it. */
  readonly correctedByMs: number;
}

export function likelyCause(
  fitting: readonly CauseEntry[],
  misfits: readonly CauseEntry[],
  orderUncertain: boolean,
): CaseCause {
  const all = [...fitting, ...misfits];
  const isRescan = (misfit: CauseEntry, isNear: (other: CauseEntry) => boolean, withinMs: number): boolean =>
    all.some((other) => other !== misfit && isNear(other) && Math.abs(other.atMs - misfit.atMs) <= withinMs);
  const atSameGate = (misfit: CauseEntry): boolean =>
    isRescan(misfit, ({ gate }) => gate === misfit.gate, rescanSameGateMsMax);
  // One gate's clock need not be right to tell seconds apart.
  if (misfits.every(atSameGate)) return 're-scanned';
  if (orderUncertain || all.some(isDoubtful)) return 'clock';
  const inSameZone = (misfit: CauseEntry): boolean =>
    isRescan(misfit, ({ zone }) => zone === misfit.zone, rescanSameZoneMsMax);
  return misfits.every((misfit) => atSameGate(misfit) || inSameZone(misfit)) ? 're-scanned' : 'copied-code';
}

const isDoubtful = ({ clockSource, uncertaintyMs, correctedByMs }: CauseEntry): boolean =>
  clockSource === 'none' || uncertaintyMs >= doubtfulUncertaintyMsMin || correctedByMs !== 0;

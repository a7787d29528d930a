// What the doctor needs to look, and the form of what it finds.
import type { Clock, Logger, Random } from '@postern/shared';
import type { ProbeNfc } from './doctor-nfc.ts';
import type { GateFolder } from './gate-folder.ts';

export interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  /** What was looked at: one or two words. */
  readonly about: string;
  readonly text: string;
  /** What to do; absent when all is well. */
  readonly next?: string;
}

export interface DoctorDeps {
  readonly folder: GateFolder;
  readonly clock: Clock;
  readonly random: Random;
  readonly machineBoot: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly nodeVersion: string;
  /** Effective user id; undefined where there is no such thing. */
  readonly userId: number | undefined;
  readonly freeBytes: (folder: string) => Promise<number>;
  readonly hasProgram: (program: string) => boolean;
  readonly probeNfc: ProbeNfc;
  /** Whether an optional package of Node is installed. */
  readonly hasPackage: (name: string) => boolean;
  /** Whether what looks at faces has been put together. */
  readonly hasFaceModels: () => boolean;
  /** `/dev` and `/sys/class/hidraw`, when absent. */
  readonly deviceFolder?: string;
  readonly hidrawFolder?: string;
  readonly fetch?: typeof fetch;
}

export const well = (about: string, text: string): Finding => ({ level: 'ok', about, text });
export const warn = (about: string, text: string, next: string): Finding => ({ level: 'warn', about, text, next });
export const fail = (about: string, text: string, next: string): Finding => ({ level: 'fail', about, text, next });

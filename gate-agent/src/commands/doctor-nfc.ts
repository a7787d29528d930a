// The doctor's look at NFC: whether the PC/SC service runs and has the reader that a lane names, and the keys of tags that prove
// themselves. Asking for readers' names disturbs no agent that uses them.
import { stat } from 'node:fs/promises';
import type { Result } from '@postern/shared';
import type { GateConfig } from '../config.ts';
import type { NfcFault } from '../readers/nfc-service.ts';
import { readerNameOf } from '../readers/open.ts';
import { readSunKeys } from '../sun-keys.ts';
import { fail, warn, well, type Finding } from './doctor-finding.ts';

/** The full name of the reader that has this in its name, or why there is none. */
export type ProbeNfc = (wanted: string) => Promise<Result<string, NfcFault>>;

export const isNfc = (uri: string): boolean => uri.startsWith('pcsc://');

export async function checkNfcReader(lane: string, uri: string, probe: ProbeNfc): Promise<Finding> {
  const about = `lane ${lane}`;
  const wanted = readerNameOf(uri);
  if (wanted === undefined)
    return fail(
      about,
      `reader ${uri}: what follows pcsc:// is part of a reader’s name`,
      'correct readers in gate.toml',
    );
  const found = await probe(wanted);
  if (found.ok) return well(about, `reader ${uri}: ${found.value}`);
  return fail(about, `reader ${uri}: ${found.error.cause}`, found.error.remedy);
}

export async function checkSunKeys({ nfc: { sunKeyFile } }: GateConfig): Promise<readonly Finding[]> {
  if (sunKeyFile === undefined) return [];
  const keys = await readSunKeys(sunKeyFile);
  if (!keys.ok) return [fail('NFC keys', keys.error.cause, 'the README shows what is in it, under "NFC"')];
  const { mode } = await stat(sunKeyFile);
  return (mode & 0o007) === 0
    ? [well('NFC keys', sunKeyFile)]
    : [warn('NFC keys', `everybody on this machine can read ${sunKeyFile}`, `sudo chmod 600 ${sunKeyFile}`)];
}

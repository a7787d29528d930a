// `gate-agent test-reader URI`: opens one reader by itself and prints what arrives, one line each, until it is interrupted; for a
// technician who has just plugged something in. Codes are shown by their beginning only: what a line of a ticket says opens gates.
import {
  createSupervisor,
  err,
  ok,
  type Clock,
  type Logger,
  type Presentation,
  type Random,
  type Result,
  type Timer,
} from '@postern/shared';
import type { Readable } from 'node:stream';
import { pcscSocketPath } from '../config.ts';
import { createDecoder, type Decoder } from '../readers/decoder.ts';
import { createNfcService, type NfcService } from '../readers/nfc-service.ts';
import { openReader } from '../readers/open.ts';
import type { CommandError } from './gate-folder.ts';

export interface TestReaderDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
  readonly logger: Logger;
  readonly stdin: Readable;
  readonly signal: AbortSignal;
  readonly writeLine: (line: string) => void;
}

/** Characters of a code that are shown. */
const shownCharsMax = 12;
const healthEveryMs = 1_000;

/** Resolves when the reader has come to its end or `signal` aborts, with how much has arrived. */
export async function testReader(
  { uri, whole }: { readonly uri: string; readonly whole: boolean },
  deps: TestReaderDeps,
): Promise<Result<number, CommandError>> {
  const { clock, timer, signal, writeLine } = deps;
  let decoder: Decoder | undefined;
  let nfc: NfcService | undefined;
  const reader = openReader(uri, {
    ...deps,
    id: 'test',
    gate: 'test',
    decoder: () => (decoder ??= createDecoder()),
    nfc: () => (nfc ??= createNfcService({ socketPath: pcscSocketPath(), timer })),
  });
  if (!reader.ok) return err({ type: reader.error.type, message: reader.error.message });
  let arrived = 0;
  const startedMs = clock.monotonicMs();
  const supervisor = createSupervisor({
    ...deps,
    reader: reader.value,
    deliver: (presentation) => {
      arrived++;
      writeLine(`${((clock.monotonicMs() - startedMs) / 1_000).toFixed(2)} s  ${describe(presentation, whole)}`);
    },
  });
  let said = '';
  let cancel = (): void => undefined;
  const watch = (): void => {
    const { state, lastError } = supervisor.health();
    // While it runs, the last error is of an earlier start.
    const line = lastError === undefined || state === 'running' ? state : `${state}: ${lastError}`;
    if (line !== said) writeLine(`reader ${line}`);
    said = line;
    cancel = timer.after(healthEveryMs, watch);
  };
  watch();
  await supervisor.run(signal);
  cancel();
  await decoder?.close();
  nfc?.close();
  return ok(arrived);
}

function describe(presentation: Presentation, whole: boolean): string {
  const { medium, text } = presentation;
  const took = presentation.decodeMs === undefined ? '' : `, read in ${presentation.decodeMs.toFixed(1)} ms`;
  const printable = text.replaceAll(/[^\x20-\x7e]/g, '.');
  const shown = whole || text.length <= shownCharsMax ? printable : `${printable.slice(0, shownCharsMax)}…`;
  const more =
    'format' in presentation && presentation.format !== undefined
      ? ` ${presentation.format}`
      : 'ndef' in presentation && presentation.ndef !== undefined
        ? ` with ${presentation.ndef.length} bytes of NDEF`
        : 'proof' in presentation && presentation.proof !== undefined
          ? ` with a signature of its own and a pass of ${presentation.proof.credential.length} bytes`
          : '';
  return `${medium}${more}, ${text.length} characters: ${JSON.stringify(shown)}${took}`;
}

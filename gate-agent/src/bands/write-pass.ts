// Writes a ticket's pass onto the band that it has been given, reads it back, and says so, or why there is none: the binding was recorded
// before and holds in any case, so whatever goes wrong here can be tried again with the same ticket and band.
import {
  bytesToHex,
  err,
  ok,
  type BandDeskError,
  type ForeseenBinding,
  type Logger,
  type Operator,
  type Result,
  type TagMedium,
} from '@postern/shared';
import type { BandAtDesk, CloudDesk, CloudDeskError } from './cloud-desk.ts';
import type { BandsInHand } from './next-band.ts';
import type { NoPass, NotWritten, PassPort } from './pass-port.ts';

export interface BandToWrite {
  readonly ticketId: string;
  readonly medium: TagMedium;
  readonly id: Uint8Array;
  readonly by: Operator;
  /** Whether what somebody else has written there may go. */
  readonly overwrite: boolean;
}

/** Never rejects; asked again while it is at work it is the same piece of work. */
export type WritePass = (band: BandToWrite) => Promise<Result<void, NoPass>>;

export interface BoundBand {
  /** As marks know it. */
  readonly tagHash: string;
  /** Whether its ticket is let in on what is proved only. */
  readonly needsPass: boolean;
}

export interface WritePassDeps {
  readonly port: BandsInHand['port'];
  /** Absent where the gate has none. */
  readonly cloud: CloudDesk | undefined;
  /** Of a band and its ticket; undefined where it is not bound to that one. */
  readonly about: (medium: TagMedium, id: Uint8Array, ticketId: string) => BoundBand | undefined;
  /** False where bands are somebody else's to write on. */
  readonly mayWrite: boolean;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export function createWritePass(deps: WritePassDeps): WritePass {
  const { cloud, logger, signal } = deps;
  const underWay = new Map<string, Promise<Result<void, NoPass>>>();

  const write = async (
    { ticketId, medium, id, by, overwrite }: BandToWrite,
    tag: string | undefined,
  ): Promise<Result<void, NoPass>> => {
    if (!deps.mayWrite) return stop('band-by-number');
    const port = deps.port(medium, id);
    if (port === undefined) return stop('band-gone');
    const looked = await port.look(overwrite);
    if (!looked.ok) return looked;
    if (cloud === undefined || tag === undefined) return stop('cloud-unreachable');
    const band = { ticketId, medium, id: bytesToHex(id), operator: by.operator };
    const pass = await askForPass(cloud, band, { tag, ...looked.value }, signal);
    if (!pass.ok) return pass;
    const read = await writeAndRead(port, pass.value);
    if (!read.ok) return read;
    const told = await cloud.written(band, { tag, read: bytesToHex(read.value) }, signal);
    // The band says it all the same; it is kept for some minutes then.
    if (!told.ok) logger.info({ error: told.error }, 'The cloud was not told that a wristband has been written');
    return ok(undefined);
  };

  return (band) => {
    const name = `${band.medium} ${bytesToHex(band.id)} ${band.ticketId} ${band.overwrite}`;
    const before = underWay.get(name);
    if (before !== undefined) return before;
    const bound = deps.about(band.medium, band.id, band.ticketId);
    const work = write(band, bound?.tagHash)
      .then((written) => {
        const outcome = written.ok ? written : err({ ...written.error, isNeeded: bound?.needsPass === true });
        logger.info(
          { operator: band.by.operator, result: outcome.ok ? 'written' : outcome.error },
          'A wristband was to get its pass',
        );
        return outcome;
      })
      .finally(() => underWay.delete(name));
    underWay.set(name, work);
    return work;
  };
}

const stop = (type: NotWritten): Result<never, NoPass> => err({ type });

/** The cloud keeps the band since it was bound, or from now on, where it was bound without it. */
async function askForPass(
  cloud: CloudDesk,
  band: BandAtDesk,
  step: { readonly tag: string; readonly key?: string },
  signal: AbortSignal,
): Promise<Result<Uint8Array, NoPass>> {
  const made = await cloud.write(band, step, signal);
  if (made.ok || made.error.type !== 'cloud-refused' || made.error.problem !== 'reservation-gone')
    return made.ok ? made : stopFor(made.error);
  const kept = await cloud.reserve(band, {}, signal);
  if (!kept.ok) return stopFor(kept.error);
  const again = await cloud.write(band, step, signal);
  return again.ok ? again : stopFor(again.error);
}

const reasonsByProblem: Readonly<Record<string, NotWritten>> = {
  'band-not-writable': 'band-by-number',
  'nothing-to-generate': 'band-takes-no-pass',
  'band-bound': 'band-elsewhere',
  'band-reserved': 'band-elsewhere',
};

function stopFor(error: CloudDeskError): Result<never, NoPass> {
  if (error.type === 'cloud-unreachable') return stop('cloud-unreachable');
  const known = Object.hasOwn(reasonsByProblem, error.problem) ? reasonsByProblem[error.problem] : undefined;
  return known === undefined ? err({ type: 'cloud-refused', cause: error.cause }) : stop(known);
}

async function writeAndRead(port: PassPort, pass: Uint8Array): Promise<Result<Uint8Array, NoPass>> {
  const written = await port.write(pass);
  if (!written.ok) return written;
  const read = await port.readBack();
  if (!read.ok) return read;
  return bytesToHex(read.value) === bytesToHex(pass) ? ok(read.value) : stop('band-differs');
}

const answersByProblem: Readonly<Record<string, Exclude<BandDeskError['type'], 'refused' | 'store-failed'>>> = {
  'band-bound': 'band-of-another-ticket',
  'band-reserved': 'band-reserved',
  'bands-too-many': 'ticket-has-its-bands',
  'role-too-low': 'role-too-low',
};

/** Before a band is bound: what the cloud knows of other desks. It keeps the band from then on; whatever else it says stops nobody. */
export const foreseeByCloud =
  (cloud: CloudDesk, mayWrite: boolean) =>
  async (
    { ticket, medium, id, by, lost, takesOver }: ForeseenBinding,
    signal: AbortSignal,
  ): Promise<BandDeskError | undefined> => {
    const band = { ticketId: ticket.id, medium, id: bytesToHex(id), operator: by.operator };
    const asked = { replace: takesOver, writable: mayWrite, ...(lost === undefined ? {} : { instead: lost }) };
    const kept = await cloud.reserve(band, asked, signal);
    if (kept.ok || kept.error.type !== 'cloud-refused') return undefined;
    const { problem } = kept.error;
    const type = Object.hasOwn(answersByProblem, problem) ? answersByProblem[problem] : undefined;
    if (type === undefined) return undefined;
    return type === 'ticket-has-its-bands' ? { type, bands: ticket.party } : { type };
  };

// The verification methods of a gate in their order of precedence: the first that accepts a presentation verifies it, and its
// word is final. Where a gate has several events, each is asked until one knows the ticket. Guessing at looked-up codes (foreign
// codes, short typed forms) is limited per reader.
import type { Clock } from '../clock.ts';
import type { Claim, Refusal } from '../decision.ts';
import type { Presentation } from '../presentation.ts';
import { err, type Result } from '../result.ts';
import { createAttemptLimit, type AttemptRules } from './attempts.ts';
import type { Logger, Lookups, VerificationMethod } from './ports.ts';

/**
 * Codes that were looked up and not found, per reader. A camera sees posters and other people's codes all day, a keyboard
 * sees only what somebody typed: the short typed form allows few attempts.
 */
export const lookupMissRules: Readonly<Record<Presentation['medium'], AttemptRules>> = {
  optical: { missesMax: 30, windowMs: 60_000 },
  typed: { missesMax: 5, windowMs: 60_000 },
  // Whatever card or band somebody carries is seen there, too.
  nfc: { missesMax: 30, windowMs: 60_000 },
  ble: { missesMax: 30, windowMs: 60_000 },
  face: { missesMax: 30, windowMs: 60_000 },
};

export interface MethodRegistryDeps {
  /** In order of precedence; a method that recognises its own prefix goes before one that takes any text. */
  readonly methods: readonly VerificationMethod[];
  readonly lookups: Lookups;
  /** Of further events; a code that several know is a ticket of the first of them. */
  readonly furtherLookups?: readonly Lookups[];
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface MethodRegistry {
  /** Never rejects: a fault inside a method refuses this one presentation as `malformed` and is logged. */
  readonly verify: (presentation: Presentation, signal: AbortSignal) => Promise<Result<Claim, Refusal>>;
}

export function createMethodRegistry({
  methods,
  lookups,
  furtherLookups = [],
  clock,
  logger,
}: MethodRegistryDeps): MethodRegistry {
  const limits = {
    optical: createAttemptLimit(lookupMissRules.optical),
    typed: createAttemptLimit(lookupMissRules.typed),
    nfc: createAttemptLimit(lookupMissRules.nfc),
    ble: createAttemptLimit(lookupMissRules.ble),
    face: createAttemptLimit(lookupMissRules.face),
  };

  const ask = async (
    method: VerificationMethod,
    presentation: Presentation,
    signal: AbortSignal,
  ): Promise<Result<Claim, Refusal>> => {
    const own = await askEvent(method, presentation, lookups, signal);
    if (isOfEvent(own, lookups)) return own;
    for (const further of furtherLookups) {
      const answer = await askEvent(method, presentation, further, signal);
      if (isOfEvent(answer, further)) return answer;
    }
    return own;
  };

  const askEvent = async (
    method: VerificationMethod,
    presentation: Presentation,
    eventLookups: Lookups,
    signal: AbortSignal,
  ): Promise<Result<Claim, Refusal>> => {
    try {
      return await method.verify(presentation, eventLookups, signal);
    } catch (cause) {
      // One strange input must not stop the gate for everybody behind it.
      logger.error(
        { method: method.id, reader: presentation.readerId, cause: String(cause) },
        'A verification method failed',
      );
      return err({ type: 'malformed' });
    }
  };

  const accepts = (method: VerificationMethod, presentation: Presentation): boolean => {
    try {
      return method.accepts(presentation);
    } catch (cause) {
      // As above: the next method may know what this is.
      logger.error(
        { method: method.id, reader: presentation.readerId, cause: String(cause) },
        'A verification method failed',
      );
      return false;
    }
  };

  return {
    verify: async (presentation, signal) => {
      const method = methods.find((candidate) => accepts(candidate, presentation));
      if (method === undefined) return err({ type: 'not-a-ticket' });
      const answer = await ask(method, presentation, signal);
      // A tag's UID was looked up, whatever else is wrong with what is written on it.
      const isMiss = !answer.ok && (answer.error.type === 'code-unknown' || presentation.medium === 'nfc');
      const isLookup = isMiss || (answer.ok && answer.value.assurance === 'looked-up');
      if (!isLookup) return answer;
      const limit = limits[presentation.medium];
      const nowMs = clock.monotonicMs();
      // A hit is hidden too: otherwise the limit would slow nobody down who keeps guessing.
      if (limit.blockedUntilMs(presentation.readerId, nowMs) !== undefined) return err({ type: 'too-many-attempts' });
      if (isMiss) limit.miss(presentation.readerId, nowMs);
      return answer;
    },
  };
}

/** Whether the answer is about a ticket of the event that was asked, or about one that nobody could know. */
const isOfEvent = (answer: Result<Claim, Refusal>, { event }: Lookups): boolean =>
  answer.ok ? answer.value.event === event : !eventRefusals.has(answer.error.type);

/** Refusals that another event, with codes and a list of its own, may not share. */
const eventRefusals: ReadonlySet<Refusal['type']> = new Set(['code-unknown', 'key-unknown', 'other-event']);

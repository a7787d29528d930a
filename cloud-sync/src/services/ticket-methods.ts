// What a route about a ticket's methods asks for, put together: the ticket as it is now, its event with what is switched off, who asks,
// and the services that generate and verify.
import {
  err,
  isEnough,
  knownMethods,
  ok,
  weighProofs,
  type AdmissionPolicy,
  type CredentialView,
  type OverrideRequest,
  type OverrideResponse,
  type Result,
  type StaffRole,
  type Ticket,
  type TicketMethods,
  type VerificationMethod,
  type VerifyRequest,
  type VerifyResponse,
} from '@postern/shared';
import type { Database } from '../store/database.ts';
import { shareReads } from '../store/shared-reads.ts';
import type { Actor } from './actor.ts';
import type { EntryOf } from './audit.ts';
import type { Credentials, GeneratedCredential } from './credentials.ts';
import { readEvent, type EventRecord } from './events.ts';
import type { Keys } from './keys.ts';
import { operatorOf } from './operators.ts';
import type { Failure } from './problems.ts';
import type { FindTicket } from './ticket-of-event.ts';
import type { Verifications, Verifier } from './verification.ts';

export interface TicketMethodsService {
  readonly list: (ticketId: string) => Promise<Result<TicketMethods, Failure>>;
  readonly generate: (
    ticketId: string,
    method: string,
    options: unknown,
    by: Actor,
    entry?: EntryOf,
  ) => Promise<
    Result<
      {
        readonly method: string;
        readonly credential: CredentialView;
        readonly payload: Readonly<Record<string, string | number>>;
      },
      Failure
    >
  >;
  readonly verify: (
    ticketId: string,
    method: string,
    request: VerifyRequest,
    by: Actor,
    entry?: EntryOf,
  ) => Promise<Result<VerifyResponse, Failure>>;
  readonly override: (
    event: number,
    request: OverrideRequest,
    by: Actor,
    entry?: EntryOf,
  ) => Promise<Result<OverrideResponse, Failure>>;
}

/** Makes what a method alone cannot: `credential` and `payload`, as it does. */
export type Generate = (
  ticketId: string,
  options: unknown,
  by: Actor,
  entry?: EntryOf,
) => Promise<Result<GeneratedCredential, Failure>>;

export interface TicketMethodsDeps {
  /** By method, where generating is more than the method's own work. */
  readonly generators: ReadonlyMap<string, Generate>;
  readonly findTicket: FindTicket;
  readonly keys: Keys;
  readonly credentials: Credentials;
  readonly verifications: Verifications;
}

export function createTicketMethods(deps: TicketMethodsDeps): TicketMethodsService {
  const { findTicket, keys, generators, credentials, verifications } = deps;

  const verifierOf = (actor: Actor, event: number): Verifier =>
    actor.kind === 'user'
      ? { operator: operatorOf(keys, actor, event), role: staffRoleOf(actor, event) }
      : { program: actor.id };

  return {
    list: async (ticketId) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const { ticket, event } = found.value;
      const methods = knownMethods.map((method) => {
        const why = whyNotMethod(method, ticket, event);
        const available = why === undefined;
        return {
          method: method.id,
          available,
          canGenerate: available && (method.generates || generators.has(method.id)),
          ...(available ? {} : { why }),
        };
      });
      return ok({
        ticket: ticketId,
        event: event.id,
        methods,
        credentials: [...(await credentials.list(event, ticketId))],
      });
    },
    generate: async (ticketId, method, options, by, entry) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const { ticket, event } = found.value;
      if (ticket.status !== 'valid') return err({ type: 'ticket-not-valid' });
      const generate = generators.get(method);
      const made =
        generate === undefined
          ? await credentials.generate(event, ticket, method, options, by, entry)
          : await generate(ticketId, options, by, entry);
      return made.ok ? ok({ method, ...made.value }) : made;
    },
    verify: async (ticketId, method, request, by, entry) => {
      const found = await findTicket(ticketId);
      if (!found.ok) return found;
      const { ticket, event } = found.value;
      const verified = await verifications.verify({ ticket, event, method }, request, verifierOf(by, event.id), entry);
      return verified.ok ? ok(verified.value.response) : verified;
    },
    override: async (event, request, by, entry) => {
      let ticket: Ticket | undefined;
      if (request.ticket !== undefined) {
        const found = await findTicket(request.ticket);
        if (!found.ok || found.value.event.id !== event) return err({ type: 'ticket-unknown' });
        ticket = found.value.ticket;
      }
      const operator = { operator: operatorOf(keys, by, event), role: staffRoleOf(by, event) };
      return verifications.override(event, ticket, request, operator, entry);
    },
  };
}

/** An event with everything that is switched off for it in its policy. */
export type EffectiveEvents = (event: number) => Promise<EventRecord | undefined>;

/** Events whose switches are remembered. */
const effectiveKeptMax = 100;

/** Requests that ask at the same time share the reading. */
export function createEffectiveEvents(
  database: Database,
  effectivePolicy: (policy: AdmissionPolicy) => Promise<AdmissionPolicy>,
): EffectiveEvents {
  /** As last read, by event. Whoever switches a method, or says something of faces, raises the revision of the rules with it. */
  const kept = new Map<number, EventRecord>();
  return shareReads(async (events: readonly number[]) => {
    const found = new Map<number, EventRecord>();
    for (const event of events) {
      const record = await readEvent(database, event);
      if (record === undefined) continue;
      const last = kept.get(event);
      const policy = last?.rulesRevision === record.rulesRevision ? last.policy : await effectivePolicy(record.policy);
      const effective = { ...record, policy };
      if (kept.size >= effectiveKeptMax) kept.clear();
      kept.set(event, effective);
      found.set(event, effective);
    }
    return found;
  });
}

/** Why a method cannot prove this ticket; undefined where it can. */
export function whyNotMethod(
  { id, assurance, onlyBeside }: VerificationMethod,
  ticket: Ticket,
  { policy }: EventRecord,
): TicketMethods['methods'][number]['why'] {
  if (policy.methodsOff.includes(id)) return 'off';
  const type = policy.types.find((candidate) => candidate.id === ticket.type);
  if (type === undefined) return undefined;
  const proof = onlyBeside === true ? { method: id } : { method: id, assurance };
  return isEnough(assurance, type) && weighProofs(type.proofs, [proof]) !== 'never' ? undefined : 'not-for-ticket';
}

/** A steward may say yes to what a steward may at a gate; everybody above to all. */
const staffRoleOf = (actor: Actor, event: number): StaffRole =>
  actor.memberships.get(event) === 'steward' && !actor.admin ? 'steward' : 'supervisor';

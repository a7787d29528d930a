// The demo as a customer of the cloud: everything it sets up goes through the same HTTP interface that anybody would use, with
// the administrator's token that the cloud prints on its first run.
import {
  caseListSchema,
  eventResponseSchema,
  gateResponseSchema,
  publishResponseSchema,
  staffResponseSchema,
  summarySchema,
  ticketBatchResponseSchema,
  type CaseView,
  type Summary,
  type TicketRequest,
  type TicketResponse,
} from '@postern/shared';
import type { z } from 'zod';

export interface GateInvitation {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly reader: string;
  readonly actuator: string;
  /** `host:port` at which the other gate reaches it. */
  readonly address: string;
}

export interface Cloud {
  readonly createEvent: (name: string, zone: { readonly id: string; readonly name: string }) => Promise<number>;
  readonly issue: (event: number, tickets: readonly TicketRequest[]) => Promise<readonly TicketResponse[]>;
  /** A supervisor's pseudonym. */
  readonly addSupervisor: (event: number, pin: string) => Promise<string>;
  /** The one-time code for `gate-agent enrol`. */
  readonly inviteGate: (event: number, gate: GateInvitation) => Promise<string>;
  readonly publish: (event: number) => Promise<number>;
  readonly summary: (event: number) => Promise<Summary>;
  readonly cases: (event: number) => Promise<readonly CaseView[]>;
  /** The ticket's code as the cloud draws it. */
  readonly qrSvg: (ticketId: string) => Promise<string>;
}

const timeoutMs = 10_000;

export function createCloudClient(url: string, token: string): Cloud {
  const request = async (method: 'GET' | 'POST', path: string, body?: unknown): Promise<Response> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok)
      throw new Error(
        `the cloud answers ${response.status} to ${method} ${path}: ${(await response.text()).slice(0, 500)}`,
      );
    return response;
  };
  const call = async <T>(method: 'GET' | 'POST', path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> =>
    schema.parse(await (await request(method, path, body)).json());

  return {
    createEvent: async (name, zone) => {
      const types = [{ id: 1, name: 'Standard' }];
      const { event } = await call('POST', '/api/events', eventResponseSchema, {
        name,
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        types,
        zones: [zone],
      });
      return event;
    },
    issue: async (event, tickets) =>
      (await call('POST', '/api/tickets/batch', ticketBatchResponseSchema, { event, tickets })).tickets,
    addSupervisor: async (event, pin) =>
      (await call('POST', `/admin/events/${event}/staff`, staffResponseSchema, { role: 'supervisor', pin })).operator,
    inviteGate: async (event, { reader, actuator, ...gate }) => {
      const lanes = [{ id: 'main', direction: 'entry', readers: [reader], actuator }];
      return (await call('POST', `/admin/events/${event}/gates`, gateResponseSchema, { ...gate, lanes })).code;
    },
    publish: async (event) => (await call('POST', `/admin/events/${event}/publish`, publishResponseSchema, {})).version,
    summary: (event) => call('GET', `/api/events/${event}/summary`, summarySchema),
    cases: async (event) => (await call('GET', `/api/events/${event}/cases`, caseListSchema)).cases,
    qrSvg: async (ticketId) => (await request('GET', `/api/tickets/${ticketId}/qr.svg`)).text(),
  };
}

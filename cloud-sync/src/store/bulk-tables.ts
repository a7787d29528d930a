// The tables whose rows are inserted in numbers (insert-rows.ts), with the types that their columns travel as.
import type { Schema } from './schema.ts';

export type ColumnType = 'bigint' | 'text' | 'bytes';
interface Table<T extends keyof Schema> {
  readonly columns: Readonly<Record<keyof Schema[T] & string, ColumnType>>;
  readonly key: readonly (keyof Schema[T] & string)[];
}

export const bulkTables = {
  mark: {
    columns: {
      event: 'bigint',
      gate: 'text',
      boot: 'text',
      sequence: 'bigint',
      ticket: 'text',
      kind: 'text',
      at_ms: 'bigint',
      at_counter: 'bigint',
      count: 'bigint',
      bytes: 'bytes',
      received_at_ms: 'bigint',
    },
    key: ['event', 'gate', 'boot', 'sequence'],
  } satisfies Table<'mark'>,
  story: {
    columns: { event: 'bigint', ticket: 'text', uses_spent: 'bigint', inside: 'bigint', epoch_seen: 'bigint' },
    key: ['event', 'ticket'],
  } satisfies Table<'story'>,
  entry: {
    columns: {
      event: 'bigint',
      gate: 'text',
      boot: 'text',
      sequence: 'bigint',
      ticket: 'text',
      lane: 'text',
      kind: 'text',
      at_ms: 'bigint',
      uncertainty_ms: 'bigint',
      persons: 'bigint',
      zone: 'text',
      out_of_touch: 'bigint',
      peers_reachable: 'bigint',
      feed_age_s: 'bigint',
    },
    key: ['event', 'gate', 'boot', 'sequence'],
  } satisfies Table<'entry'>,
  departure: {
    columns: {
      event: 'bigint',
      gate: 'text',
      boot: 'text',
      sequence: 'bigint',
      ticket: 'text',
      zone: 'text',
      at_ms: 'bigint',
    },
    key: ['event', 'gate', 'boot', 'sequence'],
  } satisfies Table<'departure'>,
  presence: {
    columns: { event: 'bigint', ticket: 'text', zone: 'text', persons: 'bigint' },
    key: ['event', 'ticket', 'zone'],
  } satisfies Table<'presence'>,
  usage: {
    columns: {
      event: 'bigint',
      gate: 'text',
      boot: 'text',
      sequence: 'bigint',
      at_ms: 'bigint',
      kind: 'text',
      lane: 'text',
      ticket: 'text',
      method: 'text',
      person: 'text',
      reason: 'text',
      count: 'bigint',
    },
    key: ['event', 'gate', 'boot', 'sequence'],
  } satisfies Table<'usage'>,
  credential: {
    columns: {
      event: 'bigint',
      ticket: 'text',
      method: 'text',
      credential: 'text',
      epoch: 'bigint',
      generated_at_ms: 'bigint',
    },
    key: ['event', 'ticket', 'method', 'credential'],
  } satisfies Table<'credential'>,
  audit_entry: {
    columns: {
      chain: 'text',
      sequence: 'bigint',
      event: 'bigint',
      at_ms: 'bigint',
      action: 'text',
      actor_kind: 'text',
      actor: 'text',
      gate: 'text',
      method: 'text',
      ticket: 'text',
      subject: 'text',
      reason: 'text',
      request: 'text',
      mark: 'text',
      details: 'text',
      fields: 'text',
      hash: 'text',
    },
    key: ['chain', 'sequence'],
  } satisfies Table<'audit_entry'>,
  audit_field: {
    columns: {
      chain: 'text',
      sequence: 'bigint',
      field: 'text',
      value: 'text',
      salt: 'text',
      erasure: 'text',
    },
    key: ['chain', 'sequence', 'field'],
  } satisfies Table<'audit_field'>,
  ticket: {
    columns: {
      event: 'bigint',
      id: 'text',
      type: 'bigint',
      epoch: 'bigint',
      status: 'text',
      party: 'bigint',
      hold: 'text',
      valid_from_s: 'bigint',
      valid_until_s: 'bigint',
      revision: 'bigint',
      created_at_ms: 'bigint',
      version: 'bigint',
      transferred_at_ms: 'bigint',
    },
    key: ['event', 'id'],
  } satisfies Table<'ticket'>,
  ticket_code: {
    columns: { event: 'bigint', hash: 'text', ticket: 'text', epoch: 'bigint', revision: 'bigint' },
    key: ['event', 'hash'],
  } satisfies Table<'ticket_code'>,
  ticket_holder: {
    columns: {
      event: 'bigint',
      ticket: 'text',
      name: 'text',
      email: 'text',
      order_reference: 'text',
      account: 'text',
      name_key: 'text',
      email_key: 'text',
      order_key: 'text',
    },
    key: ['event', 'ticket'],
  } satisfies Table<'ticket_holder'>,
};
export type BulkTable = keyof typeof bulkTables;

// The tables of webhooks as kysely sees them; see schema.ts.
import type { Fixed } from './column-types.ts';

export interface WebhooksSchema {
  readonly webhook_endpoint: WebhookEndpointTable;
  readonly webhook_delivery: WebhookDeliveryTable;
}

interface WebhookEndpointTable {
  readonly id: Fixed<string>;
  readonly event: Fixed<number>;
  readonly url: string;
  /** WebhookType[], JSON. */
  readonly types: string;
  /** Sealed by the vault: the key of its signatures. */
  readonly sealed_secret: string;
  /** Why nothing is sent; null while it is enabled. */
  readonly disabled: string | null;
  readonly failing_since_ms: number | null;
  readonly created_at_ms: Fixed<number>;
}

/** One message for one endpoint, written in the transaction of what it tells. */
export interface WebhookDeliveryTable {
  readonly endpoint: Fixed<string>;
  /** `webhook-id`. */
  readonly message: Fixed<string>;
  readonly type: Fixed<string>;
  /** The body to the byte. Names nobody: tickets, marks and cases by their ids. */
  readonly body: Fixed<string>;
  readonly created_at_ms: Fixed<number>;
  /** WebhookDeliveryState. */
  readonly state: string;
  readonly attempts: number;
  /** Of one that waits: not before. While an attempt is under way: until it counts as lost with its process. */
  readonly next_at_ms: number;
  readonly ended_at_ms: number | null;
  readonly last_status: number | null;
  readonly last_failure: string | null;
}

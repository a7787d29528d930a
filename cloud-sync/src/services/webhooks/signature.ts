// Signatures of Standard Webhooks (standardwebhooks.com): HMAC-SHA256 over id, time and body, so that a receiver knows who speaks, that
// nothing was changed and that nothing old comes again.
import { createHmac } from 'node:crypto';

const secretPrefix = 'whsec_';
export const secretBytes = 32;

/** As a receiver's library takes it. */
export const secretToText = (secret: Uint8Array): string => secretPrefix + Buffer.from(secret).toString('base64');

export interface SignedHeaders extends Readonly<Record<string, string>> {
  readonly 'webhook-id': string;
  /** Seconds, of this attempt. */
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

export function signMessage(secret: Uint8Array, message: string, atMs: number, body: string): SignedHeaders {
  const timestamp = `${Math.floor(atMs / 1_000)}`;
  const signature = createHmac('sha256', secret).update(`${message}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': message, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

// The public surface of @postern/shared: everything the gate, the cloud, the pages and other people's test vectors use.
export * from './base45.ts';
export * from './bytes.ts';
export * from './cbor.ts';
export * from './clock.ts';
export * from './cose.ts';
export * from './crypto.ts';
export * from './decision.ts';
export * from './feed.ts';
export * from './history.ts';
export * from './mark-codec.ts';
export * from './mark.ts';
export * from './pass.ts';
export * from './presentation.ts';
export * from './result.ts';
export * from './ticket.ts';
export * from './gate/ports.ts';

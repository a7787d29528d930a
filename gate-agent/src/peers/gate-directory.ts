// Whose signatures count at this gate: those of the gates in the ticket list's manifest, of revoked ones what stays accepted; before the
// first list only its own.
import { hexToBytes, type GateDirectory, type Manifest } from '@postern/shared';
import type { ListedGate } from './replication-status.ts';

export const listedGates = ({ gates, revokedGates = [] }: Manifest): readonly ListedGate[] => [
  ...gates.map(({ id, publicKey }) => ({ id, publicKey })),
  ...revokedGates.map(({ id, publicKey, heads }) => ({ id, publicKey, accepted: heads })),
];

export interface GateDirectoryDeps {
  readonly event: number;
  readonly self: { readonly id: string; readonly publicKey: Uint8Array };
  readonly listed: (id: string) => ListedGate | undefined;
}

export const createGateDirectory = ({ event, self, listed }: GateDirectoryDeps): GateDirectory => ({
  gateKey: async (ofEvent, id) => {
    if (ofEvent !== event) return undefined;
    const known = listed(id);
    const publicKey = known === undefined ? (id === self.id ? self.publicKey : undefined) : hexToBytes(known.publicKey);
    if (publicKey === undefined) return undefined;
    return known?.accepted === undefined
      ? { publicKey, state: 'active' }
      : { publicKey, state: 'revoked', accepted: known.accepted };
  },
});

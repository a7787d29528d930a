// How a token's owner lets a phone show the ticket: the wallet signs (EIP-712) which event, ticket, token and holder key it is about, the nonce
// that the cloud has given out for just that, and until when. A contract's wallet, which has no key, is asked on the chain (ERC-1271).
import { hashTypedData, type TypedData } from './eip712.ts';
import { walletDomain, walletDomainType, type WalletSaying } from './wallet-code.ts';

export interface WalletBindingSaying extends Pick<WalletSaying, 'event' | 'chainId' | 'contract' | 'tokenId'> {
  /** What the contract knows of the ticket, 64 hexadecimal digits. */
  readonly ticketReference: string;
  /** Ed25519 public key of the phone, 64 hexadecimal digits. */
  readonly holderKey: string;
  /** 64 hexadecimal digits. */
  readonly nonce: string;
  /** Unix seconds. */
  readonly deadlineS: number;
}

/** For `eth_signTypedData_v4`. */
export const walletBindingTypedData = (saying: WalletBindingSaying): TypedData => ({
  types: {
    EIP712Domain: walletDomainType,
    HolderKey: [
      { name: 'purpose', type: 'string' },
      { name: 'event', type: 'uint32' },
      { name: 'ticket', type: 'bytes32' },
      { name: 'token', type: 'uint256' },
      { name: 'holderKey', type: 'bytes32' },
      { name: 'nonce', type: 'bytes32' },
      { name: 'deadline', type: 'uint64' },
    ],
  },
  primaryType: 'HolderKey',
  domain: walletDomain(saying),
  message: {
    purpose: 'Let this phone show my ticket for as long as I hold the token.',
    event: saying.event,
    ticket: `0x${saying.ticketReference}`,
    token: saying.tokenId.toString(),
    holderKey: `0x${saying.holderKey}`,
    nonce: `0x${saying.nonce}`,
    deadline: saying.deadlineS,
  },
});

/** The 32 bytes that the wallet signs. */
export const walletBindingDigest = (saying: WalletBindingSaying): Uint8Array =>
  hashTypedData(walletBindingTypedData(saying));

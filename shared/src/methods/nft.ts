// Method `nft`: a ticket that is a token of a contract, shown by its owner's wallet, which has signed the time step (PW1). Checked offline: who
// has signed is recovered and compared with the owner as the ticket list has it. Assurance `signed`. Freshness, replay, how old the list's
// picture of the chain may be, and a use that only the chain knows of are `decide`'s. A contract's wallet has no key and cannot sign this: it
// is bound to a holder's key beforehand (wallet-binding.ts). `generate` says for which wallet; the cloud has the chain make the token.
import { z } from 'zod';
import { bytesToHex } from '../bytes.ts';
import { addressTextSchema, zeroAddress } from '../ethereum.ts';
import { tokenKey } from '../feed-token.ts';
import type { VerificationMethod } from '../gate/ports.ts';
import { isText } from '../presentation.ts';
import { err, ok } from '../result.ts';
import { decodeWalletCode, walletCodePrefix, walletCodeSigner, type WalletSaying } from '../wallet-code.ts';
import { cleanText } from './clean-text.ts';

const methodId = 'nft';
const optionsSchema = z.strictObject({
  wallet: addressTextSchema.refine((wallet) => wallet !== zeroAddress, 'the address of nobody'),
});

/** Tells the tokens of a ticket apart: 16 hexadecimal digits, by which gates find it too. */
export const tokenCredentialId = ({ contract, tokenId }: Pick<WalletSaying, 'contract' | 'tokenId'>): string =>
  bytesToHex(tokenKey(contract, tokenId));

export const nftMethod: VerificationMethod = {
  id: methodId,
  assurance: 'signed',
  generates: true,
  mints: true,
  looksUpTokens: true,
  accepts: (presentation) => isText(presentation) && cleanText(presentation.text).startsWith(walletCodePrefix),
  verify: async ({ text }, lookups) => {
    const code = decodeWalletCode(cleanText(text));
    if (!code.ok) return err({ type: code.error.type });
    const nft = lookups.nft?.();
    const { event, chainId, contract, tokenId, issuedAtS } = code.value;
    // Another event of this gate may know the contract, or be the one that was meant.
    if (nft === undefined || chainId !== nft.rules.chainId || contract !== nft.rules.contract)
      return err({ type: 'key-unknown' });
    if (event !== lookups.event) return err({ type: 'other-event' });
    const token = nft.token(tokenId);
    if (token === undefined || nft.head === undefined) return err({ type: 'ticket-unknown' });
    const signer = walletCodeSigner(code.value);
    if (signer === undefined) return err({ type: 'signature-invalid' });
    if (signer !== token.owner) return err({ type: 'not-owner', detail: { atMs: nft.head.atMs } });
    return ok({
      method: methodId,
      assurance: 'signed',
      event,
      ticketId: token.ticket.id,
      type: token.ticket.type,
      epoch: token.ticket.epoch,
      credentialId: tokenCredentialId(code.value),
      issuedAtS,
      token: { asOfMs: nft.head.atMs, consumed: token.consumed },
    });
  },
  generate: async ({ options }) => {
    const checked = optionsSchema.safeParse(options);
    if (!checked.success) return err({ type: 'options-invalid', cause: z.prettifyError(checked.error) });
    return ok({ payload: { wallet: checked.data.wallet } });
  },
};

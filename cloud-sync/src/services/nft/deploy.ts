// Puts the contract onto a chain, once: the account that signs pays, and gets every role.
import { err, ok, sleep, type Result, type Timer } from '@postern/shared';
import { connectToChain } from './chain.ts';
import { createSigner, encodeDeployment } from './contract.ts';
import { chooseFees } from './fees.ts';
import type { Hex } from './hex.ts';
import { createRpc, type ChainError } from './rpc.ts';
import { sendRaw } from './sender.ts';

const lookEveryMs = 2_000;
const waitMsMax = 600_000;
const gasMarginPercent = 20;

export interface Deployment {
  readonly rpc: string;
  readonly chainId: number;
  /** 64 hexadecimal digits. */
  readonly secretKey: string;
  /** Of the tokens, as wallets show them. */
  readonly name: string;
  readonly symbol: string;
  readonly feeMax: bigint;
}

export interface Deployed {
  readonly contract: Hex;
  readonly block: number;
  readonly account: Hex;
  readonly transaction: Hex;
}

/** `sent` hears of the transaction before it is in a block: whoever breaks off can look for it. */
export async function deployContract(
  { rpc: url, chainId, secretKey, name, symbol, feeMax }: Deployment,
  { timer, signal, sent }: { readonly timer: Timer; readonly signal: AbortSignal; readonly sent: (hash: Hex) => void },
): Promise<Result<Deployed, ChainError>> {
  const signer = createSigner(secretKey);
  const connected = await connectToChain(createRpc({ url, timer }), chainId, signal);
  if (!connected.ok) return connected;
  const connection = connected.value;
  const data = encodeDeployment(name, symbol, signer.address);
  const head = await connection.block('latest');
  if (!head.ok) return head;
  const gas = await connection.estimateGas({ from: signer.address, data });
  if (!gas.ok) return gas;
  const priorityFee = await connection.priorityFee();
  if (!priorityFee.ok) return priorityFee;
  const fees = chooseFees({ baseFee: head.value?.baseFee ?? 0n, priorityFee: priorityFee.value }, feeMax);
  if (!fees.ok) return fees;
  const nonce = await connection.transactionCount(signer.address, 'pending');
  if (!nonce.ok) return nonce;
  const signed = await signer.sign({
    chainId,
    nonce: nonce.value,
    data,
    gas: Math.ceil((gas.value * (100 + gasMarginPercent)) / 100),
    ...fees.value,
  });
  const accepted = await sendRaw(connection, signer, { attempts: [signed] });
  if (!accepted.ok) return accepted;
  sent(signed.hash);
  for (let waitedMs = 0; waitedMs < waitMsMax && !signal.aborted; waitedMs += lookEveryMs) {
    const found = await connection.receipt(signed.hash);
    if (!found.ok) return found;
    const receipt = found.value;
    if (receipt?.succeeded === true && receipt.contract !== undefined)
      return ok({
        contract: receipt.contract,
        block: receipt.block,
        account: signer.address,
        transaction: signed.hash,
      });
    if (receipt !== undefined) return err({ type: 'contract-refuses', detail: 'The chain did not take the contract.' });
    await sleep(timer, lookEveryMs, signal);
  }
  return err({
    type: 'stopped',
    detail: `Transaction ${signed.hash} is in no block yet: look for it before you try again.`,
  });
}

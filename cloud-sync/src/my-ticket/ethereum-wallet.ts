// The wallet that holds a ticket as a token, where the browser has one (EIP-1193): those that wallets bring along have.
import type { WalletProvider } from '../sdk/wallet.ts';

export const findWallet = (): WalletProvider | undefined =>
  (globalThis as { readonly ethereum?: WalletProvider }).ethereum;

/** What the wallet's first account has signed (EIP-712); undefined where somebody has said no, or the wallet cannot. */
export async function signByWallet(
  wallet: WalletProvider,
  typedData: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  try {
    const accounts = await wallet.request({ method: 'eth_requestAccounts', params: [] });
    const account = Array.isArray(accounts) ? accounts[0] : undefined;
    await chooseChain(wallet, typedData['domain']);
    const params = [account, JSON.stringify(typedData)];
    return String(await wallet.request({ method: 'eth_signTypedData_v4', params }));
  } catch {
    // Wallets' errors are as many as wallets; what to do is the same.
    return undefined;
  }
}

/** Many wallets sign only for the chain that they are set to. One that does not know the chain may sign all the same. */
async function chooseChain(wallet: WalletProvider, domain: unknown): Promise<void> {
  const chainId = `0x${Number((domain as { readonly chainId?: unknown }).chainId).toString(16)}`;
  if ((await wallet.request({ method: 'eth_chainId', params: [] })) === chainId) return;
  try {
    await wallet.request({ method: 'wallet_switchEthereumChain', params: [{ chainId }] });
  } catch {
    // Whether it matters the signature will show.
  }
}

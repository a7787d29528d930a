// A wallet as its own browser brings it along (EIP-1193, `window.ethereum`): asked by the page, it signs with a known key, or its holder says no.
import type { Page } from 'playwright-core';
import { signTyped, type TestWallet } from './tokens.ts';

const saysNo = 'says no';

/** From now on, until told otherwise. */
export const sayNo = (page: Page, no: boolean): Promise<void> =>
  page.evaluate(
    ([name, value]) => (value === '' ? sessionStorage.removeItem(name) : sessionStorage.setItem(name, value)),
    [saysNo, no ? 'no' : ''] as const,
  );

/** Set to another chain first, and signing for none but the one that it is set to, as most do. */
export const injectWallet =
  (wallet: TestWallet) =>
  async (page: Page): Promise<void> => {
    await page.exposeFunction('signTyped', (asked: string) => signTyped(wallet, JSON.parse(asked)));
    await page.addInitScript(
      ({ address, saysNo }) => {
        const { signTyped: sign } = globalThis as unknown as { signTyped: (asked: string) => Promise<string> };
        let chainId = '0x1';
        let isConnected = false;
        const calls: Readonly<Record<string, (params: readonly never[]) => unknown>> = {
          eth_requestAccounts: () => {
            isConnected = true;
            return [address];
          },
          eth_chainId: () => chainId,
          wallet_switchEthereumChain: ([to]: readonly { chainId: string }[]) => {
            chainId = to?.chainId ?? chainId;
            return null;
          },
          eth_signTypedData_v4: ([account, asked]: readonly string[]) => {
            const { domain } = JSON.parse(asked ?? '') as { domain: { chainId: number } };
            if (!isConnected || account !== address || `0x${domain.chainId.toString(16)}` !== chainId)
              throw new Error('Unauthorized');
            if (sessionStorage.getItem(saysNo) === null) return sign(asked ?? '');
            throw Object.assign(new Error('User rejected the request.'), { code: 4001 });
          },
        };
        const request = async (call: { method: string; params: readonly never[] }) => calls[call.method]?.(call.params);
        Object.assign(globalThis, { ethereum: { request } });
      },
      { address: wallet.address, saysNo },
    );
  };

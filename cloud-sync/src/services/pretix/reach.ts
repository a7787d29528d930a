// Which pretix servers may be asked: whoever may connect an event could else make this machine speak to its own neighbours. An organiser
// names a public one, by https, or one in a network that the settings name; who runs the service names what they like, by its address.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { err, ok, type Result } from '@postern/shared';
import type { Addresses } from '../network-addresses.ts';
import type { PretixError } from './http.ts';

export interface Reach {
  /** Whether an organiser may name it: `pretix-url-forbidden`. */
  readonly mayName: (server: string) => Promise<Result<void, PretixError>>;
  /** Before each request: a name must not lead into a private network meanwhile. */
  readonly mayAsk: (server: string) => Promise<Result<void, PretixError>>;
}

/** As `dns.lookup` with `all`. */
type ResolveName = (name: string) => Promise<readonly { readonly address: string }[]>;

export function createReach(
  { isAllowed, isOwnNetwork }: Addresses,
  resolveName: ResolveName = (name) => lookup(name, { all: true }),
): Reach {
  const check = async (host: string, isGood: (address: string) => boolean): Promise<Result<void, PretixError>> => {
    if (isIP(host) !== 0) return isGood(host) ? ok(undefined) : forbidden;
    try {
      const found = await resolveName(host);
      return found.length > 0 && found.every(({ address }) => isGood(address)) ? ok(undefined) : forbidden;
    } catch {
      return err({ type: 'pretix-unreachable', detail: 'Its name is not known.' });
    }
  };
  return {
    mayName: async (server) => {
      const { protocol, hostname } = new URL(server);
      const isGood = (address: string): boolean =>
        isOwnNetwork(address) || (protocol === 'https:' && isAllowed(address));
      return check(bare(hostname), isGood);
    },
    mayAsk: async (server) => {
      const host = bare(new URL(server).hostname);
      return isIP(host) !== 0 || host === 'localhost' ? ok(undefined) : check(host, isAllowed);
    },
  };
}

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

const forbidden: Result<never, PretixError> = err({
  type: 'pretix-url-forbidden',
  detail: 'A private network is asked only if the settings name it (POSTERN_CLOUD_WEBHOOK_NETWORKS).',
});

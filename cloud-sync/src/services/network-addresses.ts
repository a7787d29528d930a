// Which network addresses webhooks and connections to pretix may reach: public ones, and private networks only where the settings name them.
// Else whoever may add one could make this machine speak to its own neighbours.
import { BlockList, isIP, isIPv6 } from 'node:net';

/** Special-purpose networks of IANA's registries (RFC 6890 and after), and multicast. */
const special = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  // IPv6 without global unicast, and in there what embeds an IPv4 address or is none.
  '::/3',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '4000::/2',
  '8000::/1',
] as const;

export interface Addresses {
  readonly isAllowed: (address: string) => boolean;
  /** One of the private networks that the settings name: may be spoken to without TLS. */
  readonly isOwnNetwork: (address: string) => boolean;
}

/** `networks`: `ADDRESS/BITS`, checked by `isNetwork`. */
export function createAddresses(networks: readonly string[]): Addresses {
  const [isSpecial, isOwnNetwork] = [createMatcher(special), createMatcher(networks)];
  return {
    isAllowed: (address) => isIP(address) !== 0 && (isOwnNetwork(address) || !isSpecial(address)),
    isOwnNetwork,
  };
}

/** A list each: in one, Node would look for IPv4 addresses among IPv6 networks too, as the mapped ones that they are not here. */
function createMatcher(networks: readonly string[]): (address: string) => boolean {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    lists[familyOf(address)].addSubnet(address, Number(bits), familyOf(address));
  }
  return (address) => isIP(address) !== 0 && lists[familyOf(address)].check(address, familyOf(address));
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');

/** `10.1.0.0/16`, `fd00::/8`. */
export function isNetwork(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/');
  const version = isIP(address);
  return version !== 0 && more.length === 0 && /^[0-9]{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
}

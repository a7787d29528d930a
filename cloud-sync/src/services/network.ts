// Network addresses as limits count them: an IPv4 address, or the /64 that one subscriber of IPv6 has.
import { isIPv4, isIPv6 } from 'node:net';

/** An address in its plain form: without port, brackets or zone, IPv4 as such; undefined for what is none. */
export function readAddress(text: string): string | undefined {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text.trim())?.[1] ?? text.trim();
  const address = bare.replace(/%.*$/, '');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/.exec(address)?.[1] ?? address;
  return isIPv4(plain) || isIPv6(plain) ? plain.toLowerCase() : undefined;
}

/** What a limit counts an address as; behind the first space may follow what else it counts. */
export function networkOf(key: string): string {
  const [address = '', ...rest] = key.split(' ');
  return [isIPv6(address) ? `${prefixOf(address)}::/64` : address, ...rest].join(' ');
}

function prefixOf(address: string): string {
  const [head = '', tail] = address.replace(/:\d+\.\d+\.\d+\.\d+$/, ':0:0').split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0');
  return [...groups, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

import ipaddr from 'ipaddr.js';

/** An address with its port, as some proxies write it. */
const WITH_PORT = /^(?:\[(.+)\]|(\d+(?:\.\d+){3}))(?::\d+)?$/;

/**
 * The group of addresses that share a rate limit: an IPv4 address alone, an IPv6 address with its /64, since one client
 * usually owns all addresses of a /64. Invalid addresses are returned unchanged.
 */
export function addressGroup(ip: string): string {
  const [, inBrackets, beforePort] = WITH_PORT.exec(ip) ?? [];
  const bare = inBrackets ?? beforePort ?? ip;
  if (!ipaddr.isValid(bare)) return bare;
  const address = ipaddr.process(bare);
  if (address instanceof ipaddr.IPv4) return address.toString();
  const network = address.parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}

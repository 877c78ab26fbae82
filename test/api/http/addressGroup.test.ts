import { expect, it } from 'vitest';
import { addressGroup } from '../../../src/api/http/addressGroup.js';

it.each([
  ['203.0.113.7', '203.0.113.7', 'an IPv4 address'],
  ['203.0.113.7:50123', '203.0.113.7', 'with the port that some proxies add'],
  ['::ffff:203.0.113.7', '203.0.113.7', 'as a socket for both families has it'],
  ['2001:db8:1:2::7', '2001:db8:1:2::/64', 'an IPv6 address'],
  ['2001:DB8:1:2:ffff:0:0:8', '2001:db8:1:2::/64', 'another one of the same network'],
  ['[2001:db8:1:2::7]:50123', '2001:db8:1:2::/64', 'with its port'],
  ['2001:db8:1:3::7', '2001:db8:1:3::/64', 'one of the next network'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64', 'of this link'],
  ['unknown', 'unknown', 'no address'],
])('%s is counted as %s: %s', (ip, counted) => {
  expect(addressGroup(ip)).toBe(counted);
});

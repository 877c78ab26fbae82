import { describe, expect, it } from 'vitest';
import { readOutboundRules, urlRefusal, type OutboundSettings } from '../../src/buyers/outboundRules.js';

const rules = (OUTBOUND_ALLOW = '', OUTBOUND_HTTP = false) =>
  readOutboundRules({ OUTBOUND_ALLOW, OUTBOUND_HTTP });

describe('only public addresses may be reached', () => {
  it.each([
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['10.0.0.1', 'private'],
    ['10.255.255.255', 'private'],
    ['100.64.0.1', 'carrierGradeNat'],
    ['100.100.100.200', 'carrierGradeNat'],
    ['100.127.255.255', 'carrierGradeNat'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['168.63.129.16', 'metadata'],
    ['169.254.169.254', 'linkLocal'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.0.0.192', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['192.88.99.1', 'reserved'],
    ['192.168.1.1', 'private'],
    ['198.18.0.1', 'reserved'],
    ['198.51.100.7', 'reserved'],
    ['203.0.113.7', 'reserved'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.250', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::7f00:1', 'reserved'],
    ['::ffff:127.0.0.1', 'ipv4Mapped'],
    ['::ffff:a00:1', 'ipv4Mapped'],
    ['::ffff:8.8.8.8', 'ipv4Mapped'],
    ['::ffff:0:7f00:1', 'rfc6145'],
    ['64:ff9b::7f00:1', 'rfc6052'],
    ['64:ff9b:1::a00:1', 'rfc6052'],
    ['64:ff9b:1:7f00:1::', 'rfc6052'],
    ['64:ff9b:2::1', 'reserved'],
    ['100::1', 'discard'],
    ['2001::1', 'teredo'],
    ['2001:db8::1', 'reserved'],
    ['2002:7f00:1::', '6to4'],
    ['3fff::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['5f00::1', 'segmentRouting'],
    ['fc00::1', 'uniqueLocal'],
    ['fd00:ec2::254', 'uniqueLocal'],
    ['2606:4700::5efe:7f00:1', 'isatap'],
    ['2606:4700::200:5efe:a00:1', 'isatap'],
    ['2a00:1450:4001:81b:0:5efe:a9fe:a9fe', 'isatap'],
    ['2a00:1450:4001:81b:200:5efe:808:808', 'isatap'],
    ['fe80::5efe:a00:1', 'linkLocal'],
    ['fe80::1', 'linkLocal'],
    ['fe80::1%eth0', 'linkLocal'],
    ['fec0::1', 'deprecatedSiteLocal'],
    ['ff02::1', 'multicast'],
  ])('%s (%s) may not', (address, kind) => {
    expect(rules().addressRefusal(address)).toBe(
      `address not allowed: ${address} (${kind}); see OUTBOUND_ALLOW`,
    );
  });

  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '172.15.0.1',
    '172.32.0.1',
    '192.167.0.1',
    '223.255.255.1',
  ])('%s may', (address) => {
    expect(rules().addressRefusal(address)).toBeUndefined();
  });

  it.each(['2606:4700:4700::1111', '2a00:1450:4001::200e', '2606:4700:0:5efe::1', '2606:4700::5efe'])(
    '%s may',
    (address) => {
      expect(rules().addressRefusal(address)).toBeUndefined();
    },
  );
});

describe('the settings allow further addresses', () => {
  it('a network, an address, a host, and nothing else', () => {
    const named = rules(' 10.1.0.0/16, 192.168.7.9,fd00::/8 ,Buyer.Internal');
    const refused = (address: string): boolean => named.addressRefusal(address) !== undefined;
    expect(['10.1.0.1', '10.1.255.255', '192.168.7.9', 'fd12::1'].filter(refused)).toEqual([]);
    const others = ['10.0.255.255', '10.2.0.0', '192.168.7.8', 'fc00::1', '127.0.0.1', '169.254.169.254'];
    expect(others.filter(refused)).toEqual(others);
    const hosts = ['buyer.internal', 'BUYER.internal', 'internal', 'x.buyer.internal'];
    expect(hosts.filter((host) => named.isNamed(host))).toEqual(['buyer.internal', 'BUYER.internal']);
  });

  it('https is always allowed, http by setting, nothing else ever', () => {
    const [strict, lax] = [rules(), rules('', true)];
    expect(strict.hostRefusal('https:', 'buyer.example')).toBeUndefined();
    expect(strict.hostRefusal('http:', 'buyer.example')).toBe('not https; see OUTBOUND_HTTP');
    expect(lax.hostRefusal('http:', 'buyer.example')).toBeUndefined();
    expect(lax.hostRefusal('ftp:', 'buyer.example')).toBe('not https; see OUTBOUND_HTTP');
  });

  it.each([
    ['https://10.0.0.5/', '10.0.0.5 (private)'],
    ['https://0x7f.1:8443/', '127.0.0.1 (loopback)'],
    ['https://2130706433/', '127.0.0.1 (loopback)'],
    ['https://localhost./', '127.0.0.1 (loopback)'],
    ['https://x.localhost/', '127.0.0.1 (loopback)'],
    ['https://[::1]/', '::1 (loopback)'],
    ['https://169.254.169.254/latest/meta-data', '169.254.169.254 (linkLocal)'],
    ['https://168.63.129.16/', '168.63.129.16 (metadata)'],
  ])('%s is rejected before name resolution', (url, address) => {
    expect(urlRefusal(rules(), url)).toBe(`address not allowed: ${address}; see OUTBOUND_ALLOW`);
    expect(urlRefusal(rules('0.0.0.0/0,::/0'), url)).toBeUndefined();
  });

  it('a name is resolved first', () => {
    expect(urlRefusal(rules(), 'https://buyer.example:8443/leads')).toBeUndefined();
    expect(urlRefusal(rules(), 'https://localhost.example/')).toBeUndefined();
  });

  it.each(['10.0.0.0/33', '10/8', '10.0.0/8', '10.0.0.0/8/8', '10.0.0.0/', 'fd00::/129', '0x7f.1', '127.1'])(
    '%s is not a valid entry',
    (entry) => {
      expect(() => rules(`127.0.0.1,${entry}`)).toThrow(`OUTBOUND_ALLOW names "${entry}", which is neither`);
    },
  );

  it.each(['https://buyer.example', '*', '*.example', 'a b', '[::1]', 'buyer.example:8080'])(
    '%s is not a valid entry',
    (entry) => {
      expect(() => rules(entry)).toThrow(`OUTBOUND_ALLOW names "${entry}", which is neither`);
    },
  );
});

describe('the settings forbid public addresses', () => {
  const denying = (OUTBOUND_DENY: string, more: Partial<OutboundSettings> = {}) =>
    readOutboundRules({ OUTBOUND_ALLOW: '', OUTBOUND_HTTP: true, OUTBOUND_DENY, ...more });

  it('networks and hosts, in every DNS spelling', () => {
    const named = denying('8.8.8.0/24, Partner.example,2a00:1450::/32');
    expect(named.addressRefusal('8.8.8.8')).toBe('address not allowed: 8.8.8.8; see OUTBOUND_DENY');
    expect(named.addressRefusal('::ffff:8.8.8.8')).toContain('OUTBOUND_DENY');
    expect(named.addressRefusal('2a00:1450:4001::200e')).toContain('OUTBOUND_DENY');
    expect(named.addressRefusal('8.8.9.8')).toBeUndefined();
    for (const host of ['partner.example', 'PARTNER.example', 'partner.example.'])
      expect(named.hostRefusal('https:', host)).toBe(`host not allowed: ${host}; see OUTBOUND_DENY`);
    expect(named.hostRefusal('https:', 'x.partner.example')).toBeUndefined();
    expect(named.hostRefusal('https:', '8.8.8.8')).toContain('OUTBOUND_DENY');
  });

  it('overriding the allowed ones', () => {
    const both = denying('10.1.2.3,buyer.internal', {
      OUTBOUND_ALLOW: '10.1.0.0/16,buyer.internal,other.internal',
    });
    expect(both.addressRefusal('10.1.2.3')).toContain('OUTBOUND_DENY');
    expect(both.addressRefusal('10.1.2.3', 'other.internal')).toContain('OUTBOUND_DENY');
    expect(both.addressRefusal('10.9.9.9', 'other.internal')).toBeUndefined();
    expect(both.hostRefusal('https:', 'buyer.internal')).toContain('OUTBOUND_DENY');
    expect(both.addressRefusal('10.1.2.4')).toBeUndefined();
  });

  it('the exchange itself, by the name of its public address', () => {
    const own = denying('', { PUBLIC_URL: 'https://Leads.example:8443/in' });
    for (const url of ['https://leads.example/', 'https://LEADS.example.:8443/x', 'http://leads.example/'])
      expect(urlRefusal(own, url)).toBe("the exchange's own address; see PUBLIC_URL");
    expect(urlRefusal(own, 'https://buyer.leads.example/')).toBeUndefined();
    const byAddress = denying('', { PUBLIC_URL: 'https://8.8.8.8' });
    expect(byAddress.addressRefusal('8.8.8.8', 'buyer.example')).toContain('PUBLIC_URL');
    expect(
      urlRefusal(denying('', { PUBLIC_URL: 'https://[2a00:1450::1]' }), 'https://[2a00:1450::1]/'),
    ).toContain('PUBLIC_URL');
  });

  it.each(['http://::', 'https://x:99999'])('%s is not such an address', (url) => {
    expect(() => denying('', { PUBLIC_URL: url })).toThrow('PUBLIC_URL is');
  });

  it('unless the operator allows it', () => {
    const local = denying('', { PUBLIC_URL: 'http://localhost:3000', OUTBOUND_ALLOW: 'localhost' });
    expect(urlRefusal(local, 'http://localhost:4000/')).toBeUndefined();
  });

  it.each(['10.0.0.0/33', '127.1', '*', 'https://x'])('%s is not a valid entry', (entry) => {
    expect(() => denying(entry)).toThrow(`OUTBOUND_DENY names "${entry}", which is neither`);
  });
});

describe('ports', () => {
  const refusal = (url: string, OUTBOUND_PORTS?: string): string | undefined =>
    urlRefusal(readOutboundRules({ OUTBOUND_ALLOW: '10.0.0.0/8', OUTBOUND_HTTP: true, OUTBOUND_PORTS }), url);

  it.each([1, 7, 21, 22, 23, 25, 53, 81, 110, 111, 135, 139, 389, 445, 465, 587, 636, 993, 1023])(
    '%i is one of another service',
    (port) => {
      expect(refusal(`https://buyer.example:${port}/`)).toBe(`port not allowed: ${port}; see OUTBOUND_PORTS`);
    },
  );

  it.each([
    ...[1433, 1521, 1719, 2049, 2181, 2375, 2376, 2379, 3306, 3389, 4045, 5060, 5432, 5672, 5900, 5984, 6000],
    ...[6379, 6443, 6667, 7233, 8200, 8500, 9042, 9092, 9200, 10_080, 10_250, 11_211, 27_017],
  ])('%i is one too, also in a network that is allowed', (port) => {
    expect(refusal(`https://buyer.example:${port}/`)).toContain('OUTBOUND_PORTS');
    expect(refusal(`https://10.1.2.3:${port}/`)).toContain('OUTBOUND_PORTS');
  });

  it.each([
    '',
    ':443',
    ':80',
    ':1024',
    ':3000',
    ':4443',
    ':8000',
    ':8080',
    ':8443',
    ':9443',
    ':10443',
    ':65535',
  ])('“%s” is an allowed port', (port) => {
    expect(refusal(`https://buyer.example${port}/`)).toBeUndefined();
    expect(refusal(`http://buyer.example${port}/`)).toBeUndefined();
  });

  it('in a list are allowed, besides the protocol’s default', () => {
    const only = ' 8443, 9000-9002 ,25';
    for (const port of [8443, 9000, 9001, 9002, 25])
      expect(refusal(`https://buyer.example:${port}/`, only)).toBeUndefined();
    for (const port of [8080, 8444, 8999, 9003])
      expect(refusal(`https://buyer.example:${port}/`, only)).toContain('OUTBOUND_PORTS');
    expect(refusal('https://buyer.example/', only)).toBeUndefined();
  });

  it.each(['https', '0', '65536', '9000-8000', '1-2-3', '-1', '80 443', '8443/tcp'])(
    '%s is not a valid entry',
    (entry) => {
      expect(() => refusal('https://buyer.example/', `443,${entry}`)).toThrow(
        `OUTBOUND_PORTS names "${entry}", which is neither`,
      );
    },
  );
});

import { expect, test } from 'vitest';
import { readScenario } from './runner/readScenario.js';
import { runPurely } from './runner/runPurely.js';

test('A scenario with unknown keys reports all of them, each with its line', () => {
  const text = [
    'name: A lead that no buyer takes',
    'contracts: { northwind: {} }',
    'answers:',
    '  northwind:',
    '    ping: [{ status: 204 }, { bids: 40.00 }]',
    '  fabrikam: { post: { status: 12 } }',
    'expect:',
    '  round: { 1: { northwind: no_bid } }',
    '  rounds: { one: { northwind: bought } }',
    'befor: 3h',
  ].join('\n');
  expect(() => readScenario('x.yaml', text)).toThrow(
    [
      'x.yaml:5:31  answers.northwind.ping[1].bids: an answer to a ping has no key "bids"; did you mean bid?',
      'x.yaml:6:31  answers.fabrikam.post.status: 12 is not an HTTP status; write it like 503',
      'x.yaml:8:3  expect.round: the expectation has no key "round"; did you mean rounds?',
      'x.yaml:9:13  expect.rounds.one: "one" is no key of the rounds, keyed like "1", "2 after 1m", "3 to 5"',
      'x.yaml:9:31  expect.rounds.one.northwind: "bought" is not an outcome; write it like "refused at 45.00 (duplicate)"',
      'x.yaml:10:1  befor: a scenario has no key "befor"; the keys are name, starts, seller, campaign, contracts, campaigns, buyers, answers, services, lead, leads, then, expect',
    ].join('\n'),
  );
});

test('A scenario whose terms are no valid market reports each fault with its line on the page', async () => {
  const text = [
    'name: A market with faults in all of its parts',
    'seller: { slug: Not A Slug }',
    'campaign: { sale: { mode: none } }',
    'contracts:',
    '  northwind: { prise: 20.00 }',
    'campaigns:',
    '  Boats: { contracts: { fabrikam: { price: -1 } } }',
    'buyers: { fabrikam: { ping: { timeoutMs: 1 } } }',
    'answers: { northwind: { ping: { bid: 40.00 } }, fabrikam: { ping: { bid: 40.00 } } }',
    'lead: {}',
    'expect: {}',
  ].join('\n');
  await expect(runPurely(readScenario('x.yaml', text))).rejects.toThrow(
    [
      'The scenario’s terms are not a valid market:',
      'x.yaml:2:17  seller.slug: "Not A Slug" is not a slug (a-z, 0-9 and single hyphens, at most 64); did you mean not-a-slug?',
      'x.yaml:3:27  campaign.sale.mode: "none" is not a sale mode (exclusive, shared, hybrid); write it like exclusive',
      'x.yaml:5:16  contracts.northwind.prise: a contract has no key "prise"; did you mean price?',
      'x.yaml:7:44  campaigns.Boats.contracts.fabrikam.price: -1 is not a price (a number above 0, at most 1000000000); write it like 12.50',
      'x.yaml:8:42  buyers.fabrikam.ping.timeoutMs: 1 is not a timeout in milliseconds (a whole number from 50 to 10000); write it like 800',
    ].join('\n'),
  );
});

test('A fault in terms that a step changes is reported with the line of the step', async () => {
  const text = [
    'name: A market that a step breaks',
    'contracts: { northwind: { price: 20.00 }, fabrikam: { price: 10.00 } }',
    'lead: {}',
    'then:',
    '  - { after: 1h, market: { contracts: { northwind: null } } }',
    '  - after: 2h',
    '    market: { contracts: { fabrikam: { price: 10.00, delay: soon } } }',
    'expect: {}',
  ].join('\n');
  await expect(runPurely(readScenario('x.yaml', text))).rejects.toThrow(
    'x.yaml:7:61  then[1].market.contracts.fabrikam.delay: "soon" is not a duration from 1s to 365d; write it like "15m"',
  );
});

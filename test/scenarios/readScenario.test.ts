import { expect, test } from 'vitest';
import { readScenario } from './runner/readScenario.js';

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

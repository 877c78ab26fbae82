import { nothingElse, live, marketOf, MINUTE, START, type LiveLead } from './live.js';
import { whatIf } from '../../../src/market/simulate/whatIf.js';

/*
 * Measures the number of simulated leads per second and core:
 * `npx tsx test/market/simulate/speed.ts [leads] [contracts]`. Reading them from the database is not included. Each lead is
 * decided twice, with and without the change.
 */
const [leads = 10_000, contracts = 20] = process.argv.slice(2).map(Number);
const buyers = Array.from({ length: contracts }, (_, i) => `buyer-${i}`);
const market = marketOf(
  {},
  Object.fromEntries(buyers.map((buyer, i) => [buyer, i % 3 === 0 ? { caps: { day: 50 } } : {}])),
);
const given = Array.from({ length: leads }, (_, i): LiveLead => ({
  id: `lead-${i}`,
  at: START + i * MINUTE,
  buyers: Object.fromEntries(
    buyers.map((buyer, b) => [
      buyer,
      { bid: 500 + ((i * 7919 + b * 104_729) % 3000), accepts: (i + b) % 9 > 0 },
    ]),
  ),
}));
const past = await live(market, given);
const after = {
  ...market,
  campaigns: market.campaigns.map((campaign) => ({ ...campaign, sale: { ...campaign.sale, floor: 3000 } })),
};
const began = process.cpuUsage();
const proposal = { before: market, after, models: new Map() };
const result = await whatIf(past, nothingElse(market), proposal, { until: START + leads * 2 * MINUTE });
const { user, system } = process.cpuUsage(began);
const seconds = (user + system) / 1_000_000;
console.log(
  `${leads} leads among ${contracts} contracts in ${seconds.toFixed(1)} s of CPU: ${Math.round(leads / seconds)} leads a second; ` +
    `${result.asBooked} come out as booked without the change`,
);

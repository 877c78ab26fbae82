import { formatMoney, toMinor } from '../../market/money.js';
import { CURRENCY, newPing, pinged, type World } from './exchange.js';
import { refusalOf, usablePing, type Check } from './findings.js';
import { altered, FORGERIES, rotated } from './forgeries.js';
import { withUnknownKeys } from './unknownKeys.js';

/** Pings that are sent at once. */
const AT_ONCE = 20;

/** Above the bids of almost every buyer. */
const HIGH_FLOOR = toMinor(100_000, CURRENCY) ?? 0;

/** Requirements of a ping, in the order in which they are checked. */
export const PING_CHECKS: Check[] = [
  {
    check: 'ping: answered',
    run: async (world) => usablePing(await pinged(world, newPing(world)), 'a signed ping'),
  },
  ...FORGERIES.map(({ what, remedy, alter }) => ({
    check: `ping: refused ${what}`,
    run: async (world: World) =>
      refusalOf(await pinged(world, newPing(world), altered(alter(world.secret))), `a ping ${what}`, remedy),
  })),
  {
    check: 'ping: signed by two secrets',
    run: async (world) => {
      const finding = usablePing(
        await pinged(world, newPing(world), rotated(world.secret)),
        'a ping with two signatures, of which the second is by your secret, as during a rotation',
      );
      return finding.result === 'passed'
        ? finding
        : {
            ...finding,
            remedy: 'webhook-signature may hold several signatures, separated by spaces; one is enough',
          };
    },
  },
  {
    check: 'ping: unknown keys ignored',
    run: async (world) =>
      usablePing(
        await pinged(world, newPing(world), withUnknownKeys),
        'a ping with keys that this version does not have',
      ),
  },
  {
    check: 'ping: optional keys absent',
    run: async (world) =>
      usablePing(
        await pinged(world, { ...newPing(world), state: undefined, zip: undefined, city: undefined }),
        'a ping without state, zip and city',
      ),
  },
  {
    check: 'ping: high floor',
    run: async (world) => {
      const sent = `a ping with a floor of ${formatMoney(HIGH_FLOOR, CURRENCY)}`;
      const found = await pinged(world, { ...newPing(world), floor: HIGH_FLOOR });
      if (
        'bid' in found.answer &&
        Math.max(found.answer.bid.price ?? 0, found.answer.bid.shared ?? 0) < HIGH_FLOOR
      )
        return {
          result: 'failed',
          sent,
          came: found.came,
          remedy: 'a bid below floor can’t win: answer {"bid": 0}, or bid at least the floor',
        };
      return usablePing(found, sent);
    },
  },
  {
    check: 'ping: sent again',
    run: async (world) => {
      const ping = newPing(world);
      await pinged(world, ping);
      return usablePing(await pinged(world, ping), 'a ping for the second time, with the same ping_id');
    },
  },
  {
    check: `ping: ${AT_ONCE} at once`,
    run: async (world) => {
      const pings = Array.from({ length: AT_ONCE }, () => pinged(world, newPing(world)));
      const all = await Promise.all(pings);
      const slowest = all.toSorted((a, b) => b.reply.ms - a.reply.ms)[0];
      const sent = `${AT_ONCE} pings at the same time`;
      const bad = all.find((one) => usablePing(one, sent).result === 'failed');
      if (bad !== undefined) return usablePing(bad, sent);
      return { result: 'passed', sent, came: `all answered, the slowest: ${slowest?.came ?? ''}` };
    },
  },
];

import { formatMoney, toMinor } from '../../market/money.js';
import type { Reply } from '../send.js';
import { CURRENCY, newPing, pinged, type World } from './exchange.js';
import { refusalOf, usablePing, type Check, type Finding } from './findings.js';
import { altered, FORGERIES, rotated } from './forgeries.js';
import { IGNORE, withUnknownKeys } from './unknownKeys.js';

/** Pings that are sent at once. */
const AT_ONCE = 20;

/** Above the bids of almost every buyer. */
const HIGH_FLOOR = toMinor(100_000, CURRENCY) ?? 0;

/** Requirements of a ping, in the order in which they are checked; the first is what the others build on. */
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
    run: async (world) =>
      usablePing(
        await pinged(world, newPing(world), rotated(world.secret)),
        'a ping with two signatures, of which the second is by your secret, as during a rotation',
        { unsigned: 'webhook-signature may hold several signatures, separated by spaces; one is enough' },
      ),
  },
  {
    check: 'ping: unknown keys ignored',
    run: async (world) =>
      usablePing(
        await pinged(world, newPing(world), withUnknownKeys),
        'a ping with keys that this version does not have',
        { crash: IGNORE },
      ),
  },
  {
    check: 'ping: optional keys absent',
    run: async (world) =>
      usablePing(
        await pinged(world, { ...newPing(world), state: undefined, zip: undefined, city: undefined }),
        'a ping without state, zip and city',
        { crash: 'state, zip and city are absent if the source did not send them: answer {"bid": 0}' },
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
  { check: `ping: ${AT_ONCE} at once`, run: manyPings },
];

async function manyPings(world: World): Promise<Finding> {
  const sent = `${AT_ONCE} pings at the same time`;
  const all = await Promise.all(Array.from({ length: AT_ONCE }, () => pinged(world, newPing(world))));
  const unusable = all.filter((one) => usablePing(one, sent).result === 'failed');
  const answered = all.filter(({ reply }) => reply.kind === 'answer');
  const slowest = Math.max(0, ...answered.map(({ reply }) => reply.ms));
  const [first] = unusable;
  if (first === undefined)
    return { result: 'passed', sent, came: `all were answered, the last after ${slowest} ms` };
  const others = answered.length === 0 ? '' : `; the last answer came after ${slowest} ms`;
  const failure = {
    ...usablePing(first, sent),
    came: `${unusable.length} of ${AT_ONCE} failed: ${first.came}${others}`,
  };
  if (!unusable.every(({ reply }) => isAbsent(reply))) return failure;
  // A connection that waits to be accepted is tried again after a second; the accepted ones are answered at once.
  const isBacklog = answered.length > 0 && slowest < world.timeoutMs.ping / 2;
  return { ...failure, remedy: isBacklog ? ACCEPT_MORE : 'answer pings side by side, not one by one' };
}

const isAbsent = (reply: Reply): boolean =>
  reply.kind === 'timeout' || (reply.kind === 'unreachable' && reply.isBroken !== true);

const ACCEPT_MORE =
  'your server is fast but accepts too few connections: raise its listen backlog (in Python’s http.server: request_queue_size)';

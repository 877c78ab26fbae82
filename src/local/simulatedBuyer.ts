import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import { startSignedServer, type ServerAnswer, type SignedRequest } from './signedServer.js';

/*
 * A buyer's server whose faults are known, to see how an exchange and its operators deal with them. Its answers depend
 * only on the order of its requests, so a run can be repeated.
 */

/** What a profile uses of a message (docs/buyer.md). */
const Request = Type.Object({
  type: Type.String(),
  floor: Type.Optional(Type.Number()),
  post_id: Type.Optional(Type.String()),
});

/** A message with its place among the messages of its type, from 1, and what was answered to the same post before. */
interface Asked {
  type: string;
  floor: number;
  count: number;
  before?: ServerAnswer;
}

interface Profile {
  /** For the help of the command. */
  about: string;
  /** Answers requests with a wrong signature as well. */
  isCareless?: boolean;
  /** How long it takes to answer, ms. */
  delayMs?(asked: Asked): number;
  answer(asked: Asked): ServerAnswer;
}

const ok = (body: object): ServerAnswer => ({ status: 200, body });
const unavailable: ServerAnswer = { status: 503, body: { error: 'try again later' } };

/** What the buyer protocol asks for: a bid, a remembered answer to each post, a confirmation of each notice. */
function steady({ type, floor, count, before }: Asked): ServerAnswer {
  switch (type) {
    case 'ping':
      return ok({ bid: Math.max(floor, 30) });
    case 'post':
      return before ?? ok({ accepted: true, buyer_lead_id: String(count) });
    case 'post_status':
      return before ?? ok({ accepted: null });
    default:
      return ok({});
  }
}

export const PROFILES = {
  steady: { about: 'bids 30.00 or the floor, and accepts every post', answer: steady },
  slow: {
    about: 'bids after 2 s, accepts posts after 8 s',
    delayMs: ({ type }) => ({ ping: 2000, post: 8000 })[type] ?? 0,
    answer: steady,
  },
  flaky: {
    about: 'answers every second ping and post with 503 or closes the connection',
    answer: (asked) => {
      const isHit = asked.count % 2 === 1 && ['ping', 'post'].includes(asked.type);
      if (!isHit) return steady(asked);
      return asked.count % 4 === 1 ? unavailable : 'hang up';
    },
  },
  greedy: {
    about: 'bids ten times the floor, then refuses every second post',
    answer: (asked) => {
      if (asked.type === 'ping') return ok({ bid: asked.floor * 10 });
      if (asked.type !== 'post' || asked.count % 2 === 1) return steady(asked);
      return asked.before ?? ok({ accepted: false, reason: 'low_quality' });
    },
  },
  picky: {
    about: 'bids for every third ping, and refuses every post as a duplicate',
    answer: (asked) => {
      if (asked.type === 'ping' && asked.count % 3 !== 0) return ok({ bid: 0, reason: 'not_wanted' });
      return asked.type === 'post' ? ok({ accepted: false, reason: 'duplicate' }) : steady(asked);
    },
  },
  forgetful: {
    about: 'does not remember posts: a post that is sent again is another sale',
    answer: (asked) => steady({ ...asked, before: undefined }),
  },
  unclear: {
    about: 'bids, and answers every post with 503',
    answer: (asked) => (asked.type === 'post' ? unavailable : steady(asked)),
  },
  garbled: {
    about: 'answers everything with 200 and a page instead of JSON',
    answer: () => ({ status: 200, text: '<html><body>OK</body></html>' }),
  },
  careless: {
    about: 'does not check signatures',
    isCareless: true,
    answer: steady,
  },
  down: { about: 'answers everything with 503', answer: () => unavailable },
} satisfies Record<string, Profile>;

export type ProfileName = keyof typeof PROFILES;
export const PROFILE_NAMES = Object.keys(PROFILES) as ProfileName[];

/** A request to a simulated buyer, and its answer; for the person at the terminal. */
export interface Seen {
  /** UTC. */
  at: Date;
  isSigned: boolean;
  request: unknown;
  answer: ServerAnswer;
}

interface Simulated {
  host: string;
  port: number;
  secret: string;
  profile: ProfileName;
}

/** Starts the server of a buyer that behaves as its profile says. */
export function startSimulatedBuyer(
  { profile: name, ...where }: Simulated,
  tell: (seen: Seen) => void,
): Promise<Server> {
  const profile: Profile = PROFILES[name];
  const counts = new Map<string, number>();
  const posts = new Map<string, ServerAnswer>();

  async function answer(request: SignedRequest): Promise<ServerAnswer> {
    if (!request.isSigned && profile.isCareless !== true)
      return { status: 401, body: { error: 'the signature is wrong' } };
    if (!Value.Check(Request, request.body))
      return { status: 400, body: { error: 'this is not a message of the exchange' } };
    const { type, floor = 0, post_id: post = '' } = request.body;
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    const asked: Asked = { type, floor, count, before: posts.get(post) };
    const given = profile.answer(asked);
    if (type === 'post' && isDecided(given) && !posts.has(post)) posts.set(post, given);
    if (type === 'post_cancelled') posts.set(post, ok({ accepted: false, reason: 'cancelled' }));
    await sleep(profile.delayMs?.(asked) ?? 0);
    return given;
  }

  return startSignedServer(where, async (request) => {
    const given = await answer(request);
    tell({ at: new Date(), isSigned: request.isSigned, request: request.body, answer: given });
    return given;
  });
}

const isDecided = (answer: ServerAnswer): boolean => answer !== 'hang up' && answer.status === 200;

import type { Behaviour } from '../../support/buyer.js';
import { between } from './draw.js';

/** What is known when a buyer answers a ping: its time limit, its bid in decimals, and a number of its own. */
interface PingMoment {
  timeoutMs: number;
  bid: number;
  drawn: number;
}

interface Habit<Moment> {
  does: string;
  expected: string;
  answer: (moment: Moment) => Behaviour;
}

/** Around a limit, so that some come in time and some do not. */
const aroundMs = (limit: number, drawn: number): number => limit - 40 + between(drawn, 0, 80);

/** What buyers do with pings. */
export const PING_HABITS = {
  bids: {
    does: 'bids',
    expected: 'the bid takes part in the round',
    answer: ({ bid, drawn }) => ({ after: between(drawn, 0, 60), body: { bid, shared_bid: bid / 2 } }),
  },
  bidsSlowly: {
    does: 'bids after up to 0.6 s, within its time',
    expected: 'the bid takes part; the round waits no longer than its slowest buyer may take',
    answer: ({ bid, drawn }) => ({ after: between(drawn, 100, 600), body: { bid, shared_bid: bid / 2 } }),
  },
  bidsForAMoment: {
    does: 'bids, and the bid is good for 0.2 s',
    expected: 'it is used in time, or the buyer is asked once more',
    answer: ({ bid }) => ({ body: { bid, shared_bid: bid / 2, expires_in_ms: 200 } }),
  },
  bidsAtTheLimit: {
    does: 'bids within 40 ms of the end of its time, before or after it',
    expected: 'the bid takes part or is a `timeout`; never anything between',
    answer: ({ bid, timeoutMs, drawn }) => ({ after: aroundMs(timeoutMs, drawn), body: { bid } }),
  },
  bidsTooLate: {
    does: 'bids the highest price after its time',
    expected: '`timeout`; the bid is not used',
    answer: ({ timeoutMs }) => ({ after: timeoutMs + 300, body: { bid: 999 } }),
  },
  wantsNone: {
    does: 'wants none',
    expected: '`no_bid`',
    answer: () => ({ body: { bid: null, reason: 'enough' } }),
  },
  cuts: {
    does: 'cuts the connection',
    expected: '`unreachable`',
    answer: () => ({ hangUp: true }),
  },
  cutsHalfWay: {
    does: 'cuts the connection in the middle of its bid',
    expected: '`unreachable`; half a bid is none',
    answer: ({ bid }) => ({ breaks: 'half way', body: { bid } }),
  },
  talksNonsense: {
    does: 'answers a page',
    expected: '`invalid_response`',
    answer: () => ({ raw: '<html><body>Welcome</body></html>' }),
  },
  fails: {
    does: 'answers 500',
    expected: '`http_error`; after ten in a row nobody is asked for a while (`circuit_open`)',
    answer: () => ({ status: 500, body: { bid: 99 } }),
  },
  sendsElsewhere: {
    does: 'sends the reader elsewhere (302)',
    expected: '`http_error`; redirects are not followed',
    answer: () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } }),
  },
} satisfies Record<string, Habit<PingMoment>>;

export type PingHabit = keyof typeof PING_HABITS;

/** What is known when a buyer answers a post: its time limit, what it decided when it first saw it, how often it has seen it. */
interface PostMoment {
  timeoutMs: number;
  accepted: boolean;
  seen: number;
  drawn: number;
}

interface PostBehaviour extends Habit<PostMoment> {
  /** Whether it has taken note of the lead before its answer goes wrong: it may have taken it. */
  decides: boolean;
}

const said = (accepted: boolean) => (accepted ? { accepted } : { accepted, reason: 'duplicate' });

/** What buyers do with posts. Except where it says so, a buyer that sees a post again answers as it first decided. */
export const POST_HABITS = {
  answers: {
    does: 'answers',
    expected: 'yes is booked once, no gives the lead to the next bidder',
    decides: true,
    answer: ({ accepted, drawn }) => ({ after: between(drawn, 0, 60), body: said(accepted) }),
  },
  answersSlowly: {
    does: 'answers after up to 1.5 s, within its time',
    expected: 'the same',
    decides: true,
    answer: ({ accepted, drawn }) => ({ after: between(drawn, 200, 1500), body: said(accepted) }),
  },
  answersAtTheLimit: {
    does: 'answers within 40 ms of the end of its time, before or after it',
    expected: 'the answer counts, or the post is sent again under its `post_id`',
    decides: true,
    answer: ({ accepted, timeoutMs, drawn }) => ({ after: aroundMs(timeoutMs, drawn), body: said(accepted) }),
  },
  answersTooLate: {
    does: 'takes the lead and says so after its time',
    expected: 'the post is sent again; in the end its yes is booked once, or it is told that the post is off',
    decides: true,
    answer: ({ accepted, timeoutMs }) => ({ after: timeoutMs + 400, body: said(accepted) }),
  },
  cutsAndForgets: {
    does: 'cuts the connection and takes no note of the lead',
    expected: 'the post is sent again',
    decides: false,
    answer: () => ({ hangUp: true }),
  },
  decidesAndCuts: {
    does: 'decides and cuts the connection without a word',
    expected: 'the lead goes to nobody else while it may have been taken; the post is sent again',
    decides: true,
    answer: () => ({ hangUp: true }),
  },
  decidesAndCutsHalfWay: {
    does: 'decides and cuts the connection in the middle of its answer',
    expected: 'the same: half an answer is none',
    decides: true,
    answer: ({ accepted }) => ({ breaks: 'half way', body: said(accepted) }),
  },
  saysItTwice: {
    does: 'sends its answer twice',
    expected: 'it counts once; the second one answers nothing',
    decides: true,
    answer: ({ accepted }) => ({ breaks: 'after saying it twice', body: said(accepted) }),
  },
  isBusy: {
    does: 'answers 503 with `Retry-After: 1` and takes no note of the lead',
    expected: 'the post is sent again no sooner than that',
    decides: false,
    answer: () => ({ status: 503, headers: { 'retry-after': '1' } }),
  },
  decidesAndFails: {
    does: 'decides and answers 500',
    expected: 'the post is sent again: a 500 is no no',
    decides: true,
    answer: () => ({ status: 500 }),
  },
  decidesAndTalksNonsense: {
    does: 'decides and answers a page',
    expected: 'the post is sent again: a 200 that says neither is no answer',
    decides: true,
    answer: () => ({ raw: '<html><body>Thank you</body></html>' }),
  },
  contradictsItself: {
    does: 'says yes at first and cuts the connection, and says no when it is asked again',
    expected: 'the answer that came through counts',
    decides: true,
    answer: ({ seen }) => (seen === 1 ? { hangUp: true } : { body: { accepted: false } }),
  },
} satisfies Record<string, PostBehaviour>;

export type PostHabit = keyof typeof POST_HABITS;

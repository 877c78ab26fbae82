import type { Behaviour } from '../../support/buyer.js';
import { between } from './draw.js';

/** The input for an answer to a ping: the time limit, the bid in decimals, and a random number. */
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

/** A delay around a limit, so that some answers are in time and some are not. */
const aroundMs = (limit: number, drawn: number): number => limit - 40 + between(drawn, 0, 80);

/** How buyers answer pings. */
export const PING_HABITS = {
  bids: {
    does: 'bids',
    expected: 'the bid competes in the round',
    answer: ({ bid, drawn }) => ({ after: between(drawn, 0, 60), body: { bid, shared_bid: bid / 2 } }),
  },
  bidsSlowly: {
    does: 'bids after up to 0.6 s, within its timeout',
    expected: 'the bid competes; the round waits no longer than its longest timeout',
    answer: ({ bid, drawn }) => ({ after: between(drawn, 100, 600), body: { bid, shared_bid: bid / 2 } }),
  },
  bidsForAMoment: {
    does: 'bids; the bid expires after 0.2 s',
    expected: 'the bid is used in time, or the buyer is asked again',
    answer: ({ bid }) => ({ body: { bid, shared_bid: bid / 2, expires_in_ms: 200 } }),
  },
  bidsAtTheLimit: {
    does: 'bids within 40 ms before or after its timeout',
    expected: 'the bid competes or is a `timeout`, nothing in between',
    answer: ({ bid, timeoutMs, drawn }) => ({ after: aroundMs(timeoutMs, drawn), body: { bid } }),
  },
  bidsTooLate: {
    does: 'bids the highest price after its timeout',
    expected: '`timeout`; the bid is not used',
    answer: ({ timeoutMs }) => ({ after: timeoutMs + 300, body: { bid: 999 } }),
  },
  wantsNone: {
    does: 'does not bid',
    expected: '`no_bid`',
    answer: () => ({ body: { bid: null, reason: 'enough' } }),
  },
  cuts: {
    does: 'closes the connection',
    expected: '`unreachable`',
    answer: () => ({ hangUp: true }),
  },
  cutsHalfWay: {
    does: 'closes the connection in the middle of its bid',
    expected: '`unreachable`; a partial bid does not count',
    answer: ({ bid }) => ({ breaks: 'half way', body: { bid } }),
  },
  talksNonsense: {
    does: 'answers with an HTML page',
    expected: '`invalid_response`',
    answer: () => ({ raw: '<html><body>Welcome</body></html>' }),
  },
  fails: {
    does: 'answers 500',
    expected: '`http_error`; after ten in a row the buyer is left out for a while (`circuit_open`)',
    answer: () => ({ status: 500, body: { bid: 99 } }),
  },
  sendsElsewhere: {
    does: 'redirects (302)',
    expected: '`http_error`; redirects are not followed',
    answer: () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } }),
  },
} satisfies Record<string, Habit<PingMoment>>;

export type PingHabit = keyof typeof PING_HABITS;

/** The input for an answer to a post: the time limit, the buyer's first decision, how often it has seen the post, and a random number. */
interface PostMoment {
  timeoutMs: number;
  accepted: boolean;
  seen: number;
  drawn: number;
}

interface PostBehaviour extends Habit<PostMoment> {
  /** Whether it records the lead before its answer fails, so that it may have taken the lead. */
  decides: boolean;
}

const said = (accepted: boolean) => (accepted ? { accepted } : { accepted, reason: 'duplicate' });

/** How buyers answer posts. Unless stated otherwise, a buyer answers a repeated post as it first decided. */
export const POST_HABITS = {
  answers: {
    does: 'answers',
    expected: 'an acceptance is booked once, a refusal passes the lead to the next bidder',
    decides: true,
    answer: ({ accepted, drawn }) => ({ after: between(drawn, 0, 60), body: said(accepted) }),
  },
  answersSlowly: {
    does: 'answers after up to 1.5 s, within its timeout',
    expected: 'the same',
    decides: true,
    answer: ({ accepted, drawn }) => ({ after: between(drawn, 200, 1500), body: said(accepted) }),
  },
  answersAtTheLimit: {
    does: 'answers within 40 ms before or after its timeout',
    expected: 'the answer counts, or the post is retried under its `post_id`',
    decides: true,
    answer: ({ accepted, timeoutMs, drawn }) => ({ after: aroundMs(timeoutMs, drawn), body: said(accepted) }),
  },
  answersTooLate: {
    does: 'accepts the lead, but after its timeout',
    expected: 'the post is retried; in the end its acceptance is booked once, or it gets a cancel notice',
    decides: true,
    answer: ({ accepted, timeoutMs }) => ({ after: timeoutMs + 400, body: said(accepted) }),
  },
  cutsAndForgets: {
    does: 'closes the connection and does not record the lead',
    expected: 'the post is retried',
    decides: false,
    answer: () => ({ hangUp: true }),
  },
  decidesAndCuts: {
    does: 'decides and closes the connection without an answer',
    expected: 'the lead goes to no other buyer while this one may have it; the post is retried',
    decides: true,
    answer: () => ({ hangUp: true }),
  },
  decidesAndCutsHalfWay: {
    does: 'decides and closes the connection in the middle of its answer',
    expected: 'the same: a partial answer does not count',
    decides: true,
    answer: ({ accepted }) => ({ breaks: 'half way', body: said(accepted) }),
  },
  saysItTwice: {
    does: 'sends its answer twice',
    expected: 'it counts once; the second one is ignored',
    decides: true,
    answer: ({ accepted }) => ({ breaks: 'after saying it twice', body: said(accepted) }),
  },
  isBusy: {
    does: 'answers 503 with `Retry-After: 1` and does not record the lead',
    expected: 'the post is retried no sooner than that',
    decides: false,
    answer: () => ({ status: 503, headers: { 'retry-after': '1' } }),
  },
  decidesAndFails: {
    does: 'decides and answers 500',
    expected: 'the post is retried: a 500 is not a refusal',
    decides: true,
    answer: () => ({ status: 500 }),
  },
  decidesAndTalksNonsense: {
    does: 'decides and answers with an HTML page',
    expected: 'the post is retried: a 200 without a decision is not an answer',
    decides: true,
    answer: () => ({ raw: '<html><body>Thank you</body></html>' }),
  },
  contradictsItself: {
    does: 'accepts, but closes the connection, and refuses the retry',
    expected: 'the answer that arrives counts',
    decides: true,
    answer: ({ seen }) => (seen === 1 ? { hangUp: true } : { body: { accepted: false } }),
  },
} satisfies Record<string, PostBehaviour>;

export type PostHabit = keyof typeof POST_HABITS;

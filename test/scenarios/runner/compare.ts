import Type from 'typebox';
import Value from 'typebox/value';
import { minorDigits } from '../../../src/market/money.js';
import { SELLER } from './composeMarket.js';
import { expectedOf } from './runScenario.js';
import type { LeadExpectation, Scenario } from './schema.js';
import { SELLERS } from './servers.js';
import { momentMs, spanMs, spanText } from './time.js';

/** The results of a scenario that are compared, from the whole engine or from the rules alone. */
export interface Comparable {
  leads: ReadonlyMap<
    string,
    {
      answer: object;
      story: {
        status: string;
        reason?: string | undefined;
        currency: string;
        received_at: string;
        rounds: {
          round: number;
          at: string;
          contracts: {
            contract: string;
            outcome: string;
            bid: number | undefined;
            detail?: string | undefined;
          }[];
        }[];
      };
      result: { received: string; ended: string } | undefined;
    }
  >;
  /** The requests to each buyer and to the seller. */
  received: ReadonlyMap<string, { type: string; body: Record<string, unknown> }[]>;
  books: { account: string; amount: number }[];
}

/** Expected and actual results, in the notation of the scenario and with its precision. */
export interface Comparison {
  expected: Record<string, unknown>;
  actual: Record<string, unknown>;
}

const Returns = Type.Array(Type.Object({ buyer_id: Type.String(), reason: Type.String() }));

/** Tolerance for late events, ms: servers take real time. */
const LATE_MS = 45_000;
/** Tolerance for early events, ms: steps count from the scenario's start, and a lead is received a little later. */
const EARLY_MS = 5000;

const isAbout = (late: number): boolean => late > -EARLY_MS && late < LATE_MS;

export function compare(scenario: Scenario, results: Comparable): Comparison {
  const leads = [...results.leads].map(([name, lead]) => {
    const expected = expectedOf(scenario, name);
    return { name, expected: leadExpected(expected), actual: leadActual(expected, lead) };
  });
  const { expect } = scenario;
  return {
    expected: {
      leads: Object.fromEntries(leads.map(({ name, expected }) => [name, expected])),
      pings: expect.pings,
      posts: expect.posts ?? postsIn(scenario),
      notices: expect.notices ?? {},
      postbacks: expect.postbacks ?? [],
      books: expect.books ?? {},
    },
    actual: {
      leads: Object.fromEntries(leads.map(({ name, actual }) => [name, actual])),
      pings: expect.pings && countOf(results, 'ping'),
      posts: countOf(results, 'post'),
      notices: noticesIn(results, expect.notices ?? {}),
      postbacks: postbacksIn(results, expect.postbacks ?? []),
      books: booksIn(results),
    },
  };
}

function leadExpected({ answer, rounds, ends, took }: LeadExpectation): object {
  return {
    answer,
    ends,
    took,
    rounds: rounds && Object.fromEntries(Object.entries(rounds).flatMap(oneByOne)),
  };
}

type Outcomes = Record<string, string>;

/** Expands "3 to 5" into three rounds. */
function oneByOne([key, outcomes]: [string, Outcomes]): [string, Outcomes][] {
  const [, first, last] = /^(\d+) to (\d+)$/.exec(key) ?? [];
  if (last === undefined) return [[key, outcomes]];
  const count = Number(last) - Number(first) + 1;
  return Array.from({ length: count }, (_, i) => [`${Number(first) + i}`, outcomes]);
}

type LeadResults = Comparable['leads'] extends ReadonlyMap<string, infer Lead> ? Lead : never;

function leadActual(expected: LeadExpectation, { answer, story, result }: LeadResults): object {
  const shown = Object.entries(answer).filter(([key]) => !['success', 'lead_id'].includes(key));
  const took = result && Date.parse(result.ended) - Date.parse(result.received);
  const reason =
    expected.ends?.includes('(') === true && story.reason !== undefined ? ` (${story.reason})` : '';
  return {
    answer: expected.answer && Object.fromEntries(shown),
    rounds: expected.rounds && roundsActual(expected.rounds, story),
    ends: expected.ends && `${story.status}${reason}`,
    took: expected.took && (took === undefined ? 'not ended' : about(expected.took, took)),
  };
}

/** The expected span if the actual span is within tolerance. */
function about(expected: string, ms: number): string {
  return isAbout(ms - spanMs(expected)) ? expected : spanText(ms);
}

function roundsActual(
  expected: NonNullable<LeadExpectation['rounds']>,
  { rounds, received_at, currency }: LeadResults['story'],
): object {
  const words = new Map(
    Object.entries(expected)
      .flatMap(oneByOne)
      .map(([key, outcomes]) => [numberOf(key), { key, outcomes }]),
  );
  return Object.fromEntries(
    rounds.map(({ round, at, contracts }) => {
      const { key = `${round}`, outcomes = {} } = words.get(round) ?? {};
      const entries = contracts.map(({ contract, outcome, bid, detail }): [string, string] => {
        const id = contract.split('/').at(-1) ?? contract;
        return [
          id,
          inWords(outcomes[id] ?? UNEXPECTED, {
            outcome,
            price: bid?.toFixed(minorDigits(currency)),
            detail,
          }),
        ];
      });
      return [roundKey(key, round, Date.parse(at), Date.parse(received_at)), Object.fromEntries(entries)];
    }),
  );
}

const numberOf = (key: string): number => Number.parseInt(key, 10);

/** The expected key if the round was run at the expected time. */
function roundKey(expected: string, round: number, at: number, receivedAt: number): string {
  const [, how, when = ''] = /^\d+ (after|at) (.+)$/.exec(expected) ?? [];
  if (how === 'after') return `${round} after ${about(when, at - receivedAt)}`;
  if (how === 'at') return `${round} at ${isAbout(at - momentMs(when)) ? when : new Date(at).toISOString()}`;
  return `${round}`;
}

/** Shows every part of an outcome that is not expected. */
const UNEXPECTED = 'not expected at (all)';

interface Outcome {
  outcome: string;
  price: string | undefined;
  detail: string | undefined;
}

/**
 * Formats "refused at 45.00 (duplicate)". Price and detail are left out if the expected text has none. An expected detail
 * that ends with … is a prefix: `capped (5 leads a day…)`.
 */
function inWords(expected: string, { outcome, price, detail }: Outcome): string {
  const at = price !== undefined && expected.includes(' at ') ? ` at ${price}` : '';
  const [, prefix] = /\((.*)…\)$/.exec(expected) ?? [];
  const hasPrefix = prefix !== undefined && detail?.startsWith(prefix);
  const shown = hasPrefix ? `${prefix}…` : detail;
  const why = shown !== undefined && expected.includes('(') ? ` (${shown})` : '';
  return `${outcome}${at}${why}`;
}

/**
 * Counts the posts that follow from the rounds: one for each sale and each refusal. If a post gets no clear answer, the
 * scenario must state the number of posts.
 */
function postsIn(scenario: Scenario): Record<string, number> {
  const posted = [...namesOf(scenario)].flatMap((lead) => {
    const outcomes = Object.values(expectedOf(scenario, lead).rounds ?? {}).flatMap((round) =>
      Object.entries(round),
    );
    if (outcomes.some(([, outcome]) => /^(uncertain|posting)/.test(outcome)))
      throw new Error('A post has no clear answer: add the number of posts by buyer under "posts".');
    return outcomes.flatMap(([id, outcome]) => (/^(sold|refused)/.test(outcome) ? `${lead}/${id}` : []));
  });
  const counts = new Map<string, number>();
  for (const one of new Set(posted)) {
    const buyer = one.split('/').at(-1) ?? one;
    counts.set(buyer, (counts.get(buyer) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}

const namesOf = ({ leads }: Scenario): string[] => Object.keys(leads ?? { lead: {} });

/** Number of requests of a type by buyer, without buyers that got none. */
function countOf({ received }: Comparable, type: string): Record<string, number> {
  const counts = [...received].map(([buyer, requests]): [string, number] => [
    buyer,
    requests.filter((request) => request.type === type).length,
  ]);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/** The postbacks in order: a status, with its price or reason if expected. */
function postbacksIn({ received }: Comparable, expected: string[]): string[] {
  return (received.get(SELLERS) ?? []).map(({ body: { status, price, reason, returns } }, i) =>
    inWords(expected[i] ?? UNEXPECTED, {
      outcome: String(status),
      price: typeof price === 'number' ? price.toFixed(2) : undefined,
      detail: [typeof reason === 'string' ? reason : [], returnsIn(returns)].flat().join('; ') || undefined,
    }),
  );
}

/** Formats "northwind duplicate, fabrikam duplicate". */
function returnsIn(returns: unknown): string | [] {
  if (!Value.Check(Returns, returns)) return [];
  return returns.map(({ buyer_id, reason }) => `${buyer_id} ${reason}`).join(', ');
}

/** The notices by buyer, in alphabetical order because they are sent concurrently. */
function noticesIn({ received }: Comparable, expected: Record<string, string[]>): Record<string, string[]> {
  const buyers = [...received].filter(([id]) => id !== SELLERS);
  const notices = buyers.map(([buyer, requests]): [string, string[]] => [
    buyer,
    requests
      .filter(({ type }) => type !== 'ping' && type !== 'post')
      .sort((a, b) => (a.type < b.type ? -1 : 1))
      .map(({ type, body }, i) => noticeInWords(expected[buyer]?.[i] ?? UNEXPECTED, type, body)),
  ]);
  return Object.fromEntries(notices.filter(([, types]) => types.length > 0));
}

/** Formats "billed at 40.00 (60.00 left)" or "lost (outbid 40-50)". */
function noticeInWords(expected: string, type: string, body: Record<string, unknown>): string {
  const { price, reason, cleared, balance } = body;
  const left = typeof balance === 'number' ? `${balance.toFixed(2)} left` : undefined;
  const details = [reason, cleared, left].filter((word) => typeof word === 'string');
  return inWords(expected, {
    outcome: type,
    price: typeof price === 'number' ? price.toFixed(2) : undefined,
    detail: details.length > 0 ? details.join(' ') : undefined,
  });
}

function booksIn({ books }: Comparable): Record<string, number> {
  const sums = new Map<string, number>();
  for (const { account, amount } of books) {
    const name = account === `seller:${SELLER}` ? 'seller' : account.replace(/^buyer:/, '');
    sums.set(name, Math.round(((sums.get(name) ?? 0) + amount) * 100) / 100);
  }
  return Object.fromEntries(sums);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../../src/store/db.js';
import { startBuyer, type Behaviour, type FakeBuyer, type Received } from '../../support/buyer.js';
import { secretOf } from '../../support/secretOf.js';
import { between, weighted, type Draw } from './draw.js';
import { PING_HABITS, POST_HABITS, type PingHabit, type PostHabit } from './habits.js';
import { openLink, type Link } from './link.js';
import {
  BUYER_IDS,
  characterOf,
  NUMBER,
  PING_TIMEOUT_MS,
  POST_TIMEOUT_MS,
  SELLERS,
  type BuyerId,
  type SellerCode,
} from './market.js';

/** A buyer's own record of a post. */
export interface Decision {
  postId: string;
  leadId: string;
  /** The lead's number in the plan. */
  number: string;
  accepted: boolean;
  price: number;
  exclusive: boolean;
  /** It has received the cancel notice. */
  calledOff: boolean;
}

/** A buyer with its own records, which are compared with the product's ledger. */
export interface TorturedBuyer {
  id: BuyerId;
  server: FakeBuyer;
  /** The connection to it, which can be cut. */
  link: Link;
  /** By post id. */
  decisions: Map<string, Decision>;
  /** The posts that it has accepted in a readable answer. */
  saidYes: Set<string>;
}

/** A seller's postback server, behind a connection that can be cut. */
export interface ToldSeller {
  server: FakeBuyer;
  link: Link;
}

export interface Crowd {
  buyers: TorturedBuyer[];
  sellers: Record<SellerCode, ToldSeller>;
  /** From now on all buyers answer immediately, as they decided. */
  calmDown(): void;
  /** Gives each the signing secret from the market. */
  learnSecrets(database: Database): Promise<void>;
  close(): Promise<void>;
}

/** @param onBilled called for each billed sale, the first time */
export async function gatherCrowd(
  draw: Draw,
  onBilled: (buyer: BuyerId, postId: string) => void,
): Promise<Crowd> {
  let isCalm = false;
  const habits: Habits = {
    ping: (id, ...words) => (isCalm ? 'bids' : weighted(draw('ping', id, ...words), characterOf(id).pings)),
    post: (id, ...words) =>
      isCalm ? 'answers' : weighted(draw('post', id, ...words), characterOf(id).posts),
  };
  const buyers = await Promise.all(BUYER_IDS.map((id) => comeToMarket(id, draw, habits, onBilled)));
  const told = await Promise.all(
    Object.keys(SELLERS).map(async (code) => {
      const server = await startBuyer();
      return [code, { server, link: await openLink(() => server.url) }] as const;
    }),
  );
  const sellers = Object.fromEntries(told) as Record<SellerCode, ToldSeller>;
  return {
    buyers,
    sellers,
    calmDown: () => void (isCalm = true),
    learnSecrets: async (database) => {
      for (const { id, server } of buyers) server.secret = await secretOf(database, 'buyer', id);
      for (const [code, { server }] of Object.entries(sellers))
        server.secret = await secretOf(database, 'seller', code);
    },
    close: async () => {
      const all = [...buyers, ...Object.values(sellers)];
      await Promise.all(all.flatMap(({ server, link }) => [link.close(), server.close()]));
    },
  };
}

interface Habits {
  ping: (id: BuyerId, ...words: (string | number)[]) => PingHabit;
  post: (id: BuyerId, ...words: (string | number)[]) => PostHabit;
}

async function comeToMarket(
  id: BuyerId,
  draw: Draw,
  habits: Habits,
  onBilled: (buyer: BuyerId, postId: string) => void,
): Promise<TorturedBuyer> {
  const decisions = new Map<string, Decision>();
  const seen = new Map<string, number>();
  const saidYes = new Set<string>();
  const billed = new Set<string>();

  const onPing = ({ body }: Received): Behaviour => {
    const { fields, round } = body as { fields: Record<string, string>; round: number };
    const words = [fields[NUMBER] ?? '', round] as const;
    // Half of the bid, for a shared place, must be whole cents too: a finer bid is invalid.
    const bid = between(draw('bid', id, ...words), 200, 3000) / 50;
    const habit = PING_HABITS[habits.ping(id, ...words)];
    return habit.answer({ timeoutMs: PING_TIMEOUT_MS, bid, drawn: draw('when', id, ...words) });
  };

  const onPost = ({ body }: Received): Behaviour => {
    const post = body as { post_id: string; lead_id: string; price: number; exclusive: boolean } & {
      lead: Record<string, string>;
    };
    const times = (seen.get(post.post_id) ?? 0) + 1;
    seen.set(post.post_id, times);
    const number = post.lead[NUMBER] ?? '';
    const habit = POST_HABITS[habits.post(id, number, times)];
    const before = decisions.get(post.post_id);
    const accepted = before?.accepted ?? draw('takes', id, number) < characterOf(id).takes;
    if (habit.decides && before === undefined) {
      const { post_id: postId, lead_id: leadId, price, exclusive } = post;
      decisions.set(postId, { postId, leadId, number, accepted, price, exclusive, calledOff: false });
    }
    const answer: Behaviour = habit.answer({
      timeoutMs: POST_TIMEOUT_MS,
      accepted,
      seen: times,
      drawn: draw('when', id, number, times),
    });
    if (JSON.stringify(answer.body ?? null).includes('"accepted":true')) saidYes.add(post.post_id);
    return answer;
  };

  const server = await startBuyer({
    ping: onPing,
    post: onPost,
    post_status: ({ body }) => ({
      body: { accepted: decisions.get(String(body.post_id))?.accepted ?? null },
    }),
    post_cancelled: ({ body }) => {
      const decision = decisions.get(String(body.post_id));
      if (decision) decision.calledOff = true;
      return { body: {} };
    },
    billed: ({ body }) => {
      const sale = String(body.sale_id);
      if (!billed.has(sale)) onBilled(id, sale);
      billed.add(sale);
      return { body: {} };
    },
  });
  return { id, server, link: await openLink(() => server.url), decisions, saidYes };
}

/** The answer to a buyer's return. */
export interface KeptReturn {
  buyer: BuyerId;
  postId: string;
  status: number;
  refund: number | undefined;
}

/** Returns a lead with three concurrent requests, and retries each until it gets an answer. */
export async function giveBack(
  address: string,
  key: string,
  { buyer, postId }: { buyer: BuyerId; postId: string },
  isOver: () => boolean,
): Promise<KeptReturn[]> {
  const ask = async (): Promise<KeptReturn | undefined> => {
    while (!isOver()) {
      const response = await fetch(`${address}/api/buyers/returns`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ post_id: postId, reason: 'duplicate' }),
        signal: AbortSignal.timeout(8000),
      }).catch(() => undefined);
      const answer = (await response?.json().catch(() => undefined)) as { refund?: number } | undefined;
      if (response && answer && response.status < 500)
        return { buyer, postId, status: response.status, refund: answer.refund };
      await sleep(1000);
    }
    return undefined;
  };
  const answers = await Promise.all([ask(), ask(), ask()]);
  return answers.filter((answer) => answer !== undefined);
}

import type { Weights } from './draw.js';
import type { PingHabit, PostHabit } from './habits.js';

/** A buyer in the torture test's market. */
export interface Character {
  about: string;
  /** Whether it behaves consistently, so that its own records must agree with the ledger. */
  honest: boolean;
  pings: Weights<PingHabit>;
  posts: Weights<PostHabit>;
  /** The share of posted leads that it accepts. */
  takes: number;
  /** Its prepaid balance. */
  balance?: number;
  /** Answers status requests for posts. */
  hasStatus?: true;
  /** The share of its leads that it returns. */
  returns?: number;
}

export const PING_TIMEOUT_MS = 800;
export const POST_TIMEOUT_MS = 2000;

const quick: Weights<PingHabit> = {
  bids: 6,
  bidsSlowly: 2,
  bidsForAMoment: 1,
  bidsAtTheLimit: 1,
  wantsNone: 2,
};
const clear: Weights<PostHabit> = { answers: 8, answersSlowly: 2, answersAtTheLimit: 1 };

export const CHARACTERS = {
  northwind: {
    about: 'reliable',
    honest: true,
    pings: { bids: 1 },
    posts: { answers: 1 },
    takes: 0.95,
    returns: 0.1,
  },
  fabrikam: {
    about: 'fast, sometimes late',
    honest: true,
    pings: quick,
    posts: { ...clear, answersTooLate: 1, isBusy: 1 },
    takes: 0.8,
  },
  contoso: {
    about: 'its connections break at critical moments',
    honest: true,
    pings: { bids: 6, cuts: 1, cutsHalfWay: 1 },
    posts: {
      answers: 4,
      cutsAndForgets: 1,
      decidesAndCuts: 2,
      decidesAndCutsHalfWay: 2,
      decidesAndFails: 1,
      decidesAndTalksNonsense: 1,
      saysItTwice: 1,
    },
    takes: 0.8,
  },
  tailspin: {
    about: 'lies, bids late and high, contradicts itself, and speaks a protocol of its own',
    honest: false,
    pings: { bids: 3, bidsTooLate: 2, talksNonsense: 1, fails: 1, sendsElsewhere: 1 },
    posts: { answers: 3, contradictsItself: 2, decidesAndTalksNonsense: 1, isBusy: 1 },
    takes: 0.5,
  },
  litware: {
    about: 'prepaid, with too small a balance for all its leads',
    honest: true,
    pings: { bids: 1 },
    posts: { ...clear, decidesAndCuts: 1 },
    takes: 0.9,
    balance: 400,
    returns: 0.1,
  },
  adatum: {
    about: 'has caps and a budget, and returns leads',
    honest: true,
    pings: quick,
    posts: { ...clear, decidesAndCuts: 1 },
    takes: 0.9,
    returns: 0.2,
  },
  proseware: {
    about: 'loses its answers, and reports its decisions when asked',
    honest: true,
    pings: { bids: 1 },
    posts: { answers: 3, decidesAndCuts: 2, cutsAndForgets: 1, answersTooLate: 1 },
    takes: 0.8,
    hasStatus: true,
  },
  wingtip: {
    about: 'always down',
    honest: false,
    pings: { cuts: 1 },
    posts: { cutsAndForgets: 1 },
    takes: 0,
  },
} satisfies Record<string, Character>;

export type BuyerId = keyof typeof CHARACTERS;
export const BUYER_IDS = Object.keys(CHARACTERS) as BuyerId[];
export const characterOf = (id: BuyerId): Character => CHARACTERS[id];

export const SELLERS = { ACME1234: 'acme-insurance', GLOBEX00: 'globex' } as const;
export type SellerCode = keyof typeof SELLERS;

/** Categories, with the seller of each and how often a lead is in it. */
export const CATEGORIES = {
  'Auto Insurance': { seller: 'ACME1234', weight: 4, places: 1 },
  'Home Insurance': { seller: 'ACME1234', weight: 3, places: 2 },
  'Pet Insurance': { seller: 'ACME1234', weight: 1, places: 1 },
  Solar: { seller: 'GLOBEX00', weight: 3, places: 1 },
  Roofing: { seller: 'GLOBEX00', weight: 2, places: 2 },
} as const satisfies Record<string, { seller: SellerCode; weight: number; places: number }>;
export type Category = keyof typeof CATEGORIES;

/** Short-lived leads: their campaign, and their time to live. */
export const FLEETING = { campaign: 'ACME1234/pet-insurance', expireAfterMs: 6000 } as const;

/** The custom field that identifies a lead in pings, posts and the plan. */
export const NUMBER = 'number';

export interface Addresses {
  buyers: Record<BuyerId, string>;
  sellers: Record<SellerCode, string>;
  /** An address without a listener. */
  nowhere: string;
}

/**
 * The market: every sale mode, limits that are reached during the run, and short-lived leads. Leads of Pet Insurance are
 * rarely bought and end after six seconds, in the middle of the current faults.
 */
export function marketText({ buyers, sellers, nowhere }: Addresses): string {
  const asked = `ping: { fields: [${NUMBER}] }`;
  const delivery = 'delivery: { attempts: 3, within: 15s }';
  return `
sellers:
${Object.entries(SELLERS)
  .map(
    ([code, slug]) =>
      `  - { code: ${code}, slug: ${slug}, name: ${slug}, postback: { url: '${sellers[code as SellerCode]}' } }`,
  )
  .join('\n')}
buyers:
${BUYER_IDS.map((id) => buyerText(id, id === 'wingtip' ? nowhere : buyers[id])).join('\n')}
campaigns:
  - seller: ACME1234
    category: Auto Insurance
    sale: { mode: exclusive, floor: 10.00 }
    margin: { percent: 10 }
    pending: { retryAfter: [2s, 5s, 10s], expireAfter: 45s }
    contracts:
      - { buyer: northwind, ${asked}, ${delivery}, returns: { within: 1h } }
      - { buyer: fabrikam, ${asked}, ${delivery} }
      - { buyer: contoso, ${asked}, ${delivery} }
      - { buyer: tailspin, ${asked}, ${delivery} }
      - { buyer: wingtip, ${asked}, ${delivery} }
      - { buyer: adatum, ${asked}, ${delivery}, caps: { hour: 15, total: 25 }, budget: { total: 500.00 }, returns: { within: 1h } }
  - seller: ACME1234
    category: Home Insurance
    sale: { mode: shared, maxBuyers: 2, floor: 5.00 }
    pending: { retryAfter: [2s, 5s], expireAfter: 30s }
    contracts:
      - { buyer: northwind, ${asked}, ${delivery}, returns: { within: 1h } }
      - { buyer: fabrikam, ${asked}, ${delivery}, duplicates: { by: [phone, email], withinDays: 30 } }
      - { buyer: contoso, ${asked}, ${delivery}, duplicates: { by: [phone], withinDays: 30, per: buyer } }
      - { buyer: litware, price: 30.00, ${delivery}, returns: { within: 1h } }
  - seller: ACME1234
    category: Pet Insurance
    sale: { mode: exclusive, floor: 55.00 }
    pending: { retryAfter: [1s], expireAfter: ${FLEETING.expireAfterMs / 1000}s }
    contracts:
      - { buyer: northwind, ${asked}, ${delivery}, returns: { within: 1h } }
      - { buyer: contoso, ${asked}, ${delivery} }
  - seller: GLOBEX00
    category: Solar
    sale: { mode: exclusive, floor: 8.00 }
    pending: { retryAfter: [1s, 3s], expireAfter: 30s }
    contracts:
      - { buyer: proseware, ${asked}, delivery: { attempts: 2, within: 15s, atEnd: ask } }
      - { buyer: litware, price: 12.50, delay: 5s, ${delivery}, returns: { within: 1h, resell: true } }
      - { buyer: adatum, price: 9.00, delay: 8s, ${delivery}, returns: { within: 1h, resell: true, refund: 50 } }
  - seller: GLOBEX00
    category: Roofing
    sale: { mode: hybrid, maxBuyers: 2, floor: 20.00, sharedFloor: 6.00 }
    margin: { percent: 12.5 }
    pending: { retryAfter: [2s, 5s], expireAfter: 30s }
    contracts:
      - { buyer: northwind, ${asked}, ${delivery}, returns: { within: 1h } }
      - { buyer: fabrikam, ${asked}, ${delivery} }
      - { buyer: contoso, ${asked}, ${delivery} }
      - { buyer: proseware, ${asked}, delivery: { attempts: 2, within: 15s, atEnd: ask } }
`;
}

/** The buyer that is asked by templates: unsigned, and without cancel notices. */
export const OWN_PROTOCOL: BuyerId = 'tailspin';

const TEMPLATES = `
    protocol:
      ping:
        request:
          json: { type: ping, ping_id: '{{ ping_id }}', round: '{{ round }}', fields: { ${NUMBER}: '{{ lead.${NUMBER} }}' } }
        answer:
          bid: { at: bid }
          bidWhen: { at: bid, is: number>0 }
          noBidWhen: { at: reason, is: any }
      post:
        request:
          json:
            type: post
            post_id: '{{ post_id }}'
            lead_id: '{{ lead_id }}'
            price: '{{ price }}'
            exclusive: '{{ exclusive }}'
            bid: '{{ ping.answer.bid }}'
            lead: { ${NUMBER}: '{{ lead.${NUMBER} }}', phone: '{{ lead.phone }}' }
        answer:
          acceptedWhen: { at: accepted, is: true }
          refusedWhen: { at: accepted, is: false }
          reason: { at: reason }`;

function buyerText(id: BuyerId, url: string): string {
  const { balance, hasStatus } = characterOf(id);
  return `  - id: ${id}
    name: ${id}${id === OWN_PROTOCOL ? TEMPLATES : ''}
    ping: { url: '${url}', timeoutMs: ${PING_TIMEOUT_MS} }
    post: { url: '${url}', timeoutMs: ${POST_TIMEOUT_MS} }
    notices: { url: '${url}', events: [won, lost, billed] }${
      balance === undefined ? '' : `\n    balance: ${balance.toFixed(2)}`
    }${hasStatus ? `\n    status: { url: '${url}', timeoutMs: ${POST_TIMEOUT_MS} }` : ''}`;
}

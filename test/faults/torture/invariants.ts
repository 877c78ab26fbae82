import { ENDED } from '../../../src/market/model/lead.js';
import { toDecimal } from '../../../src/market/money.js';
import type { Claim, LeadDocument, SaleDocument } from '../../../src/store/documents.js';
import { accountId } from '../../../src/store/sales/capacity.js';
import type { Received } from '../../support/buyer.js';
import type { TorturedBuyer } from './buyers.js';
import type { Evidence } from './evidence.js';
import { INSISTENT, PERSON_MARKERS, type Manner } from './leads.js';
import { CATEGORIES, characterOf, OWN_PROTOCOL, type Category } from './market.js';
import type { KeptAnswer } from './sources.js';

/** A promise that was broken, and where. */
export interface Violation {
  lead?: string | undefined;
  expected: string;
  found: string;
}

/** A promise that must hold under every fault, and its check from the outside. */
export interface Invariant {
  name: string;
  /** The promises of docs/design.md that it proves. */
  of: number[];
  check: (evidence: Evidence) => Violation[];
}

export const INVARIANTS: readonly Invariant[] = [
  {
    name: 'a lead that was answered 200 is stored and has ended',
    of: [1],
    check: ({ answers, leads }) => {
      const byId = new Map(leads.map((lead) => [lead._id, lead]));
      const taken = new Set(answers.filter(isTaken).map(({ body }) => String(body.lead_id)));
      const lost = [...taken].filter((id) => !byId.has(id));
      const open = leads.filter(({ status }) => !ENDED.includes(status));
      return [
        ...lost.map((lead) => ({ lead, expected: 'a stored lead', found: 'none' })),
        ...open.map(({ _id: lead, status }) => ({ lead, expected: 'an end', found: status })),
      ];
    },
  },
  {
    name: 'a source that retries until it gets an answer has one lead, and others have at most one',
    of: [1],
    check: ({ sent, answers, leads }) => {
      const stored = groupBy(leads, ({ fields }) => Number(fields.number));
      const heard = groupBy(answers.filter(isTaken), ({ number }) => number);
      return sent.flatMap(({ number, manner }) => {
        const ids = new Set((heard.get(number) ?? []).map(({ body }) => body.lead_id));
        const count = stored.get(number)?.length ?? 0;
        const [least, most] = leadsOf(manner);
        const isRight = count >= least && count <= most && ids.size <= count && ids.size >= least;
        const found = `${count} stored, ${ids.size} heard of`;
        return isRight
          ? []
          : [{ lead: [...ids].join(' '), expected: `${most} (lead ${number}, ${manner})`, found }];
      });
    },
  },
  {
    name: 'every answer has a status code that the situation allows',
    of: [1],
    check: ({ sent, answers }) => {
      const mannerOf = new Map(sent.map(({ number, manner }) => [number, manner]));
      return answers.flatMap(({ number, asked, status, body }) => {
        const allowed = codesOf(asked, mannerOf.get(number) ?? 'patiently');
        if (allowed.includes(status)) return [];
        const found = `${status} ${JSON.stringify(body)} to a ${asked} (lead ${number})`;
        return [{ expected: allowed.join(', '), found }];
      });
    },
  },
  {
    name: 'answers to sources agree with the ledger',
    of: [5],
    check: ({ answers, leads, returned }) => {
      const byId = new Map(leads.map((lead) => [lead._id, lead]));
      const givenBack = new Set(returned.map(({ lead }) => lead));
      return answers.flatMap(({ asked, replayed, body, status }) => {
        const lead = byId.get(String(body.lead_id));
        if (status !== 200 || body.status !== 'sold' || lead === undefined) return [];
        if (givenBack.has(lead._id)) return [];
        const price = lead.price === undefined ? 0 : toDecimal(lead.price, lead.currency);
        const buyers = lead.buyerIds ?? [];
        const heard = body.buyer_ids as string[];
        // Between two sales of a shared lead, a read returns only the first.
        const isFirst = asked === 'lead' && !replayed;
        const isRight = isFirst
          ? body.price === price && heard.toSorted().join() === buyers.toSorted().join()
          : Number(body.price) <= price && heard.every((buyer) => buyers.includes(buyer));
        const found = `${String(body.price)} from ${heard.join(', ')}`;
        return isRight ? [] : [{ lead: lead._id, expected: `${price} from ${buyers.join(', ')}`, found }];
      });
    },
  },
  {
    name: 'a lead reported as ended stays ended',
    of: [1],
    check: ({ answers, leads, returned }) => {
      const byId = new Map(leads.map((lead) => [lead._id, lead]));
      const resold = new Set(returned.filter((one) => one.resold).map(({ lead }) => lead));
      return answers.flatMap(({ status, body }) => {
        const lead = byId.get(String(body.lead_id));
        const said = String(body.status);
        if (status !== 200 || lead === undefined || said === 'pending' || resold.has(lead._id)) return [];
        const isSo = said === lead.status || (said === 'sold' && lead.status === 'returned');
        return isSo ? [] : [{ lead: lead._id, expected: said, found: lead.status }];
      });
    },
  },
  {
    name: 'a lead goes to no further buyer after its withdrawal was answered',
    of: [9],
    check: ({ answers, leads }) => {
      const byId = new Map(leads.map((lead) => [lead._id, lead]));
      const withdrawals = answers.filter(({ asked, status }) => asked === 'withdrawal' && status === 200);
      return withdrawals.flatMap(({ at, body }) => {
        const lead = byId.get(String(body.lead_id));
        const later = Object.values(lead?.claims ?? {}).filter((claim) => claim.at.getTime() > at);
        return later.map(({ buyer, at: claimedAt }) => ({
          lead: lead?._id,
          expected: `no claim after ${new Date(at).toISOString()}`,
          found: `${buyer} at ${claimedAt.toISOString()}`,
        }));
      });
    },
  },
  {
    name: 'a lead has no more buyers than its sale has places, and none twice',
    of: [3],
    check: ({ leads }) =>
      leads.flatMap((lead) => {
        const claims = claimsOf(lead);
        const alone = claims.some(({ exclusive }) => exclusive);
        const places = alone ? 1 : CATEGORIES[lead.category as Category].places;
        const found = claims.map(({ buyer, status }) => `${buyer} (${status})`).join(', ');
        const isRight =
          claims.length <= places &&
          lead.claimed === claims.length &&
          new Set(claims.map(({ buyer }) => buyer)).size === claims.length;
        return isRight
          ? []
          : [{ lead: lead._id, expected: `${places} places, claimed ${lead.claimed}`, found }];
      }),
  },
  {
    name: 'an honest buyer’s accepted and uncancelled posts are its sales, each once and at the notified price',
    of: [2, 3],
    check: ({ crowd, sales }) => crowd.buyers.flatMap((buyer) => compareBooks(buyer, sales)),
  },
  {
    name: 'a lead is posted to a buyer under one id',
    of: [2],
    check: ({ crowd }) =>
      crowd.buyers.flatMap(({ id, server }) =>
        [...groupBy(server.of('post'), ({ body }) => String(body.lead_id))].flatMap(([lead, posts]) => {
          const ids = new Set(posts.map(({ body }) => body.post_id));
          return ids.size === 1
            ? []
            : [{ lead, expected: `one post_id at ${id}`, found: [...ids].join(', ') }];
        }),
      ),
  },
  {
    name: 'caps, budgets and balances hold, and agree with the sales',
    of: [4],
    check: (evidence) => [...miscounted(evidence), ...exceeded(evidence), ...overdrawn(evidence)],
  },
  {
    name: 'sales, ledger, leads’ prices and balances agree, and the ledger sums to zero',
    of: [2, 5],
    check: ({ books, ledger }) => {
      const sum = ledger.reduce((total, { amount }) => total + amount, 0);
      return [
        ...books.differences.map(({ what, id, detail }) => ({ expected: `${what} ${id}`, found: detail })),
        ...(sum === 0 ? [] : [{ expected: 'a ledger of zero', found: String(sum) }]),
      ];
    },
  },
  {
    name: 'a lead that is returned three times concurrently is credited once',
    of: [2],
    check: ({ returns, returned }) => {
      const booked = new Map(returned.map((one) => [one._id, one]));
      return returns.flatMap(({ postId, status, refund }) => {
        const one = booked.get(postId);
        const expected = one === undefined ? 'a return' : String(toDecimal(one.refund, one.currency));
        const isRight = status === 200 && one !== undefined && String(refund) === expected;
        return isRight
          ? []
          : [{ lead: one?.lead, expected: `200, ${expected}`, found: `${status}, ${refund}` }];
      });
    },
  },
  {
    name: 'a person is not sold twice to a buyer with a duplicate rule',
    of: [4],
    check: ({ leads, sales, returned }) => {
      const person = new Map(leads.map((lead) => [lead._id, lead.match.phone ?? lead._id]));
      const gone = new Set(returned.map(({ _id }) => _id));
      const kept = sales.filter(
        ({ _id, contract }) => !gone.has(_id) && contract === 'ACME1234/home-insurance/fabrikam',
      );
      return [...groupBy(kept, ({ lead }) => person.get(lead) ?? '')].flatMap(([, same]) =>
        same.length === 1
          ? []
          : [{ lead: same.map(({ lead }) => lead).join(' '), expected: 'one sale', found: `${same.length}` }],
      );
    },
  },
  {
    name: 'each lead’s workflow has completed and reports the lead’s status',
    of: [1],
    check: ({ lives, leads }) => {
      const byLead = groupBy(lives, ({ leadId }) => leadId);
      return leads.flatMap(({ _id: lead, status }) => {
        const own = byLead.get(lead) ?? [];
        const found = own.map((life) => `${life.status} (${life.leadStatus})`).join(', ') || 'no life';
        const isRight =
          own.length > 0 &&
          own.every((life) => life.status === 'COMPLETED') &&
          own.some((life) => life.leadStatus === status);
        return isRight ? [] : [{ lead, expected: `COMPLETED (${status})`, found }];
      });
    },
  },
  {
    name: 'a seller gets a signed postback with the end of each of its leads',
    of: [1],
    check: ({ crowd, leads }) => {
      const told = new Map(
        Object.entries(crowd.sellers).map(([code, { server }]) => [
          code,
          new Set(
            server.received.map(({ type, body, signed }) => `${String(body.lead_id)} ${type} ${signed}`),
          ),
        ]),
      );
      return leads.flatMap(({ _id: lead, seller, status }) =>
        told.get(seller)?.has(`${lead} lead.${status} true`) === true
          ? []
          : [{ lead, expected: `a signed lead.${status}`, found: 'none' }],
      );
    },
  },
  {
    name: 'every request in Gavel’s protocol is signed under its own id, and no ping contains personal data',
    of: [2, 6],
    check: ({ crowd }) =>
      crowd.buyers.flatMap(({ id, server }) =>
        server.received.flatMap((request) => {
          const isOwn = id === OWN_PROTOCOL && ['ping', 'post'].includes(request.type);
          const wrong = isOwn ? personIn(request) : whatIsWrong(request);
          return wrong === undefined ? [] : [{ expected: `a right ${request.type} to ${id}`, found: wrong }];
        }),
      ),
  },
  {
    name: 'logs, histories and Redis contain no personal data',
    of: [6],
    check: ({ leaks }) => leaks.map((found) => ({ expected: 'nobody', found })),
  },
  {
    name: 'no running process exits by itself',
    of: [8],
    check: ({ deaths }) => deaths.sudden.map((found) => ({ expected: 'a process that runs', found })),
  },
];

const isTaken = ({ asked, status }: KeptAnswer): boolean => asked === 'lead' && status === 200;

/** The minimum and maximum number of leads that a manner of sending creates. */
function leadsOf(manner: Manner): [number, number] {
  if (INSISTENT.includes(manner)) return [1, 1];
  return manner === 'once' ? [0, 1] : [0, 0];
}

/** 0: no answer; 408: the process was suspended during the request; 503: retry later. */
function codesOf(asked: KeptAnswer['asked'], manner: Manner): number[] {
  const always = [0, 408, 503];
  if (asked === 'lead with other fields') return [...always, 409, 422];
  if (asked !== 'lead') return [...always, 200];
  if (manner === 'withoutPhone') return [...always, 400];
  if (manner === 'withAForeignKey') return [...always, 401];
  return manner === 'once' ? [...always, 200] : [...always, 200, 409];
}

const claimsOf = ({ claims }: LeadDocument): Claim[] =>
  Object.values(claims).filter(({ status }) => status === 'accepted' || status === 'posting');

/** Compares a buyer's records with the ledger. */
function compareBooks({ id, decisions, saidYes }: TorturedBuyer, sales: SaleDocument[]): Violation[] {
  const sold = new Map(sales.filter(({ buyer }) => buyer === id).map((sale) => [sale._id, sale]));
  if (!characterOf(id).honest)
    return [...sold.values()].flatMap(({ _id, lead }) =>
      saidYes.has(_id) ? [] : [{ lead, expected: `no sale to ${id}, which never accepted`, found: _id }],
    );
  const took = [...decisions.values()].filter(({ accepted, calledOff }) => accepted && !calledOff);
  const unsold = took.filter(({ postId }) => !sold.has(postId));
  const untaken = [...sold.values()].filter(({ _id }) => took.every(({ postId }) => postId !== _id));
  const other = took.filter(({ postId, price }) => {
    const sale = sold.get(postId);
    return sale !== undefined && toDecimal(sale.price, sale.currency) !== price;
  });
  const said = (postId: string): string => JSON.stringify(decisions.get(postId) ?? 'never saw it');
  return [
    ...unsold.map(({ leadId, postId }) => ({
      lead: leadId,
      expected: `${id} accepted it: a sale, or a cancel notice`,
      found: said(postId),
    })),
    ...untaken.map(({ lead, _id }) => ({ lead, expected: `no sale to ${id}`, found: said(_id) })),
    ...other.map(({ leadId, postId, price }) => ({
      lead: leadId,
      expected: `${id} was notified of ${price}`,
      found: `sold at ${sold.get(postId)?.price} cents`,
    })),
  ];
}

/** The counters of each contract against its sales and returns. */
function miscounted({ sales, returned, usage }: Evidence): Violation[] {
  const back = new Map(returned.map((one) => [one._id, one]));
  const right = new Map<string, number>();
  const add = (contract: string, path: string, amount: number): void =>
    void right.set(`${contract} ${path}`, (right.get(`${contract} ${path}`) ?? 0) + amount);
  for (const { _id, contract, counted = [] } of sales)
    for (const { path, adds } of counted) {
      add(contract, path, adds);
      const one = back.get(_id);
      if (one) add(contract, path, path.startsWith('spent.') ? -one.refund : -adds);
    }
  const kept = usage.flatMap(({ _id, sold = {}, spent = {} }) => [
    ...Object.entries(sold).map(([window, count]) => [`${_id} sold.${window}`, count] as const),
    ...Object.entries(spent).map(([window, amount]) => [`${_id} spent.${window}`, amount] as const),
  ]);
  const reserving = usage.filter((one) => Object.keys(one.reserved ?? {}).length > 0);
  return [
    ...kept.flatMap(([name, found]) =>
      found === (right.get(name) ?? 0)
        ? []
        : [{ expected: `${name}: ${right.get(name) ?? 0}`, found: String(found) }],
    ),
    ...reserving.map(({ _id, reserved: some }) => ({
      expected: `${_id} reserves nothing for a post`,
      found: JSON.stringify(some),
    })),
  ];
}

/** The limits of the contract that has some, as in market.ts; at every moment, by the times of sales and returns. */
function exceeded({ sales, returned }: Evidence): Violation[] {
  const contract = 'ACME1234/auto-insurance/adatum';
  const back = new Map(returned.map((one) => [one._id, one]));
  const limits = [
    { what: 'leads in all', most: 25, adds: () => 1, window: () => 'all' },
    { what: 'leads an hour', most: 15, adds: () => 1, window: (sale: SaleDocument) => hourOf(sale) },
    { what: 'cents in all', most: 50_000, adds: ({ price }: SaleDocument) => price, window: () => 'all' },
  ];
  const own = sales.filter((sale) => sale.contract === contract);
  return limits.flatMap(({ what, most, adds, window }) =>
    own.flatMap((sale) => {
      const before = own.filter(({ at }) => at <= sale.at);
      const same = before.filter((one) => window(one) === window(sale));
      const kept = same.filter(({ _id }) => (back.get(_id)?.at ?? new Date(8.64e15)) > sale.at);
      const count = kept.reduce((total, one) => total + adds(one), 0);
      return count <= most ? [] : [{ lead: sale.lead, expected: `${most} ${what}`, found: String(count) }];
    }),
  );
}

const hourOf = ({ counted = [] }: SaleDocument): string =>
  counted.find(({ path }) => path.startsWith('sold.hour'))?.path ?? '';

const overdrawn = ({ usage }: Evidence): Violation[] =>
  usage.flatMap(({ _id, balance = 0 }) =>
    balance >= 0 ? [] : [{ expected: `${accountId(_id)} not below zero`, found: String(balance) }],
  );

function personIn({ type, body }: Pick<Received, 'type' | 'body'>): string | undefined {
  const text = JSON.stringify(body).toLowerCase();
  const isNamed = type !== 'post' && PERSON_MARKERS.some((marker) => text.includes(marker));
  return isNamed ? `it names a person: ${text}` : undefined;
}

function whatIsWrong({ type, signed, body, headers }: Received): string | undefined {
  if (!signed) return 'its signature is not right';
  const named = personIn({ type, body });
  if (named !== undefined) return named;
  const id = { ping: body.ping_id, post: body.post_id, post_cancelled: `${String(body.post_id)}.cancelled` }[
    type
  ];
  return id === undefined || headers['webhook-id'] === id
    ? undefined
    : `its id is ${String(headers['webhook-id'])}`;
}

function groupBy<T, Key>(all: T[], keyOf: (one: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}

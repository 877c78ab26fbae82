import { personIds, type Purchase } from '../../market/limits/duplicates.js';
import type { Campaign, Market, Sale } from '../../market/model/market.js';
import { fieldsForRules } from '../../market/filters/comparisons.js';
import { fieldsIn } from '../../market/filters/filters.js';
import { addChanges, reverseChanges, type Credits } from '../../market/auction/turns.js';
import { turnsChanged } from '../../market/auction/turnsUsed.js';
import { buyerAccount, hasLimits, type Usage } from '../../market/limits/usage.js';
import type { Elsewhere } from '../../market/simulate/decideAgain.js';
import { pastRound, type PastLead, type PastPost, type PastSale } from '../../market/simulate/past.js';
import { factsOf } from '../leads/leads.js';
import { openLead } from '../leads/person.js';
import type { SaleDocument, StoredLead } from '../documents.js';
import type { ReadOnlyDatabase } from '../readOnly.js';
import { readRounds, type RoundWithAnswers } from '../leads/rounds.js';

/** Leads with their outcomes, and everything that deciding them again needs. */
export interface Past {
  leads: PastLead[];
  elsewhere: Elsewhere;
  leftOut: LeadsLeftOut;
}

/** The number of leads that can't be decided again. */
export interface LeadsLeftOut {
  /** Their persons were erased. */
  erased: number;
  /** They have had no round, such as suppressed leads. */
  withoutRound: number;
}

/** The leads to decide again: received in a period, of these campaigns. */
export interface PastSelection {
  since: Date;
  /** Exclusive end of the period. */
  until: Date;
  campaigns: readonly Pick<Campaign, 'id' | 'seller'>[];
}

/** Changes of the period's own rounds, which are undone to know the state before it. */
interface Undone {
  credits: Map<string, Credits>;
  offers: Map<string, { posted: number; accepted: number }>;
}

/**
 * Reads leads as they were sold, without test leads. Other sales, also in other campaigns, are read as far as they
 * count under limits, balances and duplicate rules. Personal data is dropped except for fields that some filter reads.
 * @param markets whose rules decide: data that they don't use is not read
 * @param onRead called with the number of leads read so far
 * @throws MasterKeyError if a lead can't be decrypted with the configured master keys
 */
export async function readPast(
  database: ReadOnlyDatabase,
  which: PastSelection,
  markets: readonly Market[],
  onRead: (leads: number) => void,
): Promise<Past> {
  const undone: Undone = { credits: new Map(), offers: new Map() };
  const { leads, leftOut } = await readLeads(database, which, { markets, undone, onRead });
  const ids = new Set(leads.map(({ facts }) => facts.leadId));
  const { own, sales } = await readSales(database, which, markets, ids);
  const [{ usage, payments }, purchases, credits] = await Promise.all([
    readAccounts(database, which, markets, {
      own: new Set([...own.values()].flatMap((some) => [...some.keys()])),
      undone,
    }),
    readPurchases(database, markets, leads, ids),
    readCredits(database, undone),
  ]);
  for (const lead of leads) lead.sales = [...(own.get(lead.facts.leadId)?.values() ?? [])];
  return { leads, elsewhere: { usage, credits, purchases, sales, payments }, leftOut };
}

/** Leads per read, so that other work of the process is not blocked for long. */
const STEP = 1000;

async function readLeads(
  { leads, rounds, vault }: ReadOnlyDatabase,
  { since, until, campaigns }: PastSelection,
  {
    markets,
    undone,
    onRead,
  }: { markets: readonly Market[]; undone: Undone; onRead: (leads: number) => void },
): Promise<Pick<Past, 'leads' | 'leftOut'>> {
  const fields = new Set(
    markets.flatMap(({ contracts }) => contracts.flatMap((each) => fieldsIn(each.filters))),
  );
  const found: PastLead[] = [];
  const leftOut: LeadsLeftOut = { erased: 0, withoutRound: 0 };
  const those = {
    // The seller makes it use an index.
    seller: { $in: [...new Set(campaigns.map(({ seller }) => seller))] },
    campaign: { $in: campaigns.map(({ id }) => id) },
    receivedAt: { $gte: since, $lt: until },
    test: false,
  };
  const cursor = leads.find(those, { projection: { key: 0, idempotency: 0, unsettled: 0 }, batchSize: STEP });
  for await (const stored of cursor) {
    if (stored.erased !== undefined) leftOut.erased += 1;
    else if (Object.keys(stored.rounds).length === 0) leftOut.withoutRound += 1;
    else {
      const lead = openLead(vault, stored);
      const asked = Object.entries(fieldsForRules(lead)).filter(([name]) => fields.has(name));
      const past = (await readRounds({ rounds }, stored)).rounds;
      found.push(pastLead(stored, past, Object.fromEntries(asked)));
      undo(undone, stored, past);
    }
    if (found.length % STEP === 0) onRead(found.length);
  }
  return { leads: found, leftOut };
}

function pastLead(
  stored: StoredLead,
  rounds: readonly RoundWithAnswers[],
  fields: PastLead['fields'],
): PastLead {
  const { campaign, currency, source, status, updatedAt, withdrawal } = stored;
  const notCompared = rounds.flatMap(({ round }) => round.notCompared ?? []);
  const match = { ...stored.match };
  for (const field of notCompared) Reflect.deleteProperty(match, field);
  const facts = factsOf(stored);
  return {
    facts,
    fields,
    source,
    match,
    campaign,
    currency,
    rounds: rounds.map(({ round, answers }) => pastRound(facts, round, answers)),
    posts: rounds.flatMap(({ round: { at }, answers }) =>
      answers.flatMap(({ contract, answer }): PastPost[] =>
        answer === 'accepted' || answer === 'refused' || answer === 'uncertain' || answer === 'timeout'
          ? [{ contract, at, answer }]
          : [],
      ),
    ),
    sales: [],
    withdrawnAt: (withdrawal?.at ?? (status === 'withdrawn' ? updatedAt : undefined))?.getTime(),
  };
}

/** Adds the changes of a lead's rounds to turns and to the acceptance counts of buyers. */
function undo({ credits, offers }: Undone, stored: StoredLead, rounds: readonly RoundWithAnswers[]): void {
  for (const { round, answers } of rounds) {
    const { award } = round.terms.sale;
    const changes = round.turns ? turnsChanged(round, answers) : {};
    credits.set(stored.campaign, addChanges(credits.get(stored.campaign) ?? {}, reverseChanges(changes)));
    if (award !== 'expectedValue') continue;
    for (const { contract, answer } of answers) {
      if (answer !== 'accepted' && answer !== 'refused' && answer !== 'uncertain') continue;
      const { posted, accepted } = offers.get(contract) ?? { posted: 0, accepted: 0 };
      offers.set(contract, { posted: posted + 1, accepted: accepted + (answer === 'accepted' ? 1 : 0) });
    }
  }
}

const DAY_MS = 86_400_000;
/** No window is longer, except `total`. */
const LONGEST_WINDOW_MS = 32 * DAY_MS;

/** The sales of these leads, by lead and sale id; of other leads, the sales that count under limits. */
async function readSales(
  { sales, returns }: ReadOnlyDatabase,
  { since }: PastSelection,
  markets: readonly Market[],
  leads: ReadonlySet<string>,
): Promise<{ own: Map<string, Map<string, PastSale>>; sales: Elsewhere['sales'] }> {
  const limited = markets.flatMap(({ contracts }) => contracts.filter(hasLimits));
  const always = limited.some(({ caps, postCaps, budget }) =>
    [caps, postCaps, budget].some((by) => by?.total),
  );
  const from = new Date(always ? 0 : since.getTime() - LONGEST_WINDOW_MS);
  const returned = new Map(
    (await returns.find({ at: { $gte: from } }).toArray()).map((each) => [each._id, each]),
  );
  const counted = new Set(limited.map(({ id }) => id));
  const freed = new Set(limited.flatMap(({ id, returns: policy }) => (policy?.freesCap ? id : [])));
  const own = new Map<string, Map<string, PastSale>>();
  const others: { contract: string; price: number; at: number }[] = [];
  for await (const sale of sales.find(
    { at: { $gte: from }, test: false },
    { sort: { at: 1 }, batchSize: STEP },
  )) {
    const { _id, lead, contract, price } = sale;
    const back = returned.get(_id);
    if (leads.has(lead)) {
      const known = own.get(lead) ?? new Map<string, PastSale>();
      own.set(lead, known.set(_id, pastSale(sale, back)));
    } else if (counted.has(contract) && !(back && freed.has(contract))) {
      others.push({ contract, price, at: sale.at.getTime() });
    }
  }
  return { own, sales: others };
}

const pastSale = (
  { contract, buyer, price, earns, at }: SaleDocument,
  back: { at: Date; reason: string; refund: number; sellerPays: number } | undefined,
): PastSale => ({
  contract,
  buyer,
  price,
  earns,
  at: at.getTime(),
  returned: back && {
    at: back.at.getTime(),
    reason: back.reason,
    buyerGets: back.refund,
    sellerPays: back.sellerPays,
  },
});

/**
 * The balances of prepaid buyers at the start of the period, their payments and debts since, and the acceptance counts
 * of buyers.
 */
async function readAccounts(
  { usage, ledger }: ReadOnlyDatabase,
  { since }: PastSelection,
  markets: readonly Market[],
  { own, undone: { offers } }: { own: ReadonlySet<string>; undone: Undone },
): Promise<Pick<Elsewhere, 'usage' | 'payments'>> {
  const prepaid = markets.flatMap(({ buyers }) => buyers.filter(({ balance }) => balance !== undefined));
  const buyers = new Map(prepaid.map(({ id }) => [buyerAccount(id), id]));
  const currencyOf = new Map(prepaid.map(({ id, currency }) => [buyerAccount(id), currency]));
  const measured = markets.flatMap(contractsByValue);
  const [used, entries] = await Promise.all([
    usage.find({ _id: { $in: [...buyers.keys(), ...new Set(measured)] } }).toArray(),
    ledger.find({ account: { $in: [...buyers.keys()] }, at: { $gte: since } }).toArray(),
  ]);
  const found = new Map<string, Usage>();
  const payments: { buyer: string; amount: number; at: number }[] = [];
  for (const { _id, balance, reserved = {}, offers: counted } of used) {
    const buyer = buyers.get(_id);
    if (buyer !== undefined && balance !== undefined) {
      const booked = entries.filter(
        ({ account, currency }) => account === _id && currency === currencyOf.get(_id),
      );
      const pending = Object.values(reserved).reduce((sum, { price = 0 }) => sum + price, 0);
      const since = booked.reduce((sum, { amount }) => sum + amount, 0);
      found.set(_id, { balance: balance + pending - since });
      payments.push(
        ...booked
          .filter(({ sale }) => !own.has(sale))
          .map(({ amount, at }) => ({ buyer, amount, at: at.getTime() })),
      );
    } else if (counted) {
      const { posted, accepted } = offers.get(_id) ?? { posted: 0, accepted: 0 };
      found.set(_id, {
        offers: { posted: counted.posted - posted, accepted: counted.accepted - accepted },
      });
    }
  }
  return { usage: found, payments };
}

/** Contracts of campaigns that award by acceptance rate. */
function contractsByValue({ campaigns, contracts }: Market): string[] {
  const isByValue = ({ award }: Sale): boolean => award === 'expectedValue';
  const those = new Set(
    campaigns.flatMap(({ id, sale, stages = [] }) => ([sale, ...stages].some(isByValue) ? id : [])),
  );
  return contracts.flatMap(({ id, campaign }) => (those.has(campaign) ? id : []));
}

const CHUNK = 1000;

/** The purchases of other leads of the same persons, if some rule needs it. */
async function readPurchases(
  { persons }: ReadOnlyDatabase,
  markets: readonly Market[],
  leads: readonly PastLead[],
  own: ReadonlySet<string>,
): Promise<Map<string, Purchase[]>> {
  const isAskedFor = markets.some(({ campaigns, contracts }) =>
    [...campaigns, ...contracts].some(({ duplicates }) => duplicates !== undefined),
  );
  const ids = isAskedFor ? [...new Set(leads.flatMap(({ match }) => personIds(match)))] : [];
  const found = new Map<string, Purchase[]>();
  for (let i = 0; i < ids.length; i += CHUNK) {
    const known = await persons.find({ _id: { $in: ids.slice(i, i + CHUNK) } }).toArray();
    for (const { _id, purchases } of known)
      found.set(
        _id,
        purchases.filter(({ lead }) => !own.has(lead)),
      );
  }
  return found;
}

async function readCredits({ turns }: ReadOnlyDatabase, { credits }: Undone): Promise<Map<string, Credits>> {
  const found = await turns.find({}).toArray();
  return new Map(found.map(({ _id, credits: now }) => [_id, addChanges(now, credits.get(_id) ?? {})]));
}

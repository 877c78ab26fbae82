import { returnRefusal, refundOf } from '../../../src/market/model/returnShares.js';
import { LEAD_API_ERRORS } from '../../../src/api/errorTable.js';
import { readCheckAnswer } from '../../../src/buyers/check.js';
import { readDelivery } from '../../../src/buyers/notice.js';
import { personScreen } from '../../../src/buyers/personScreen.js';
import { ownProtocol, stepOf, type OwnStep } from '../../../src/buyers/ownProtocol.js';
import { readOwnPingAnswer, readPingAnswer } from '../../../src/buyers/ping.js';
import { readOwnPostAnswer, readPostAnswer } from '../../../src/buyers/post.js';
import { readOwnStatusAnswer, readStatusAnswer } from '../../../src/buyers/status.js';
import {
  compileContracts,
  type CompiledContract,
  type CompiledCampaign,
} from '../../../src/market/eligibility/compileCampaign.js';
import { fieldsForRules } from '../../../src/market/filters/comparisons.js';
import { opsDetail } from '../../../src/market/auction/decide.js';
import { comparedBuyers } from '../../../src/market/limits/duplicates.js';
import { givenFrom } from '../../support/givenFrom.js';
import { readLead } from '../../../src/market/intake/readLead.js';
import { categoryKey, type Endpoint, type Market } from '../../../src/market/model/market.js';
import { toDecimal, toMinor } from '../../../src/market/money.js';
import { contactOf, personKeys } from '../../../src/market/fields/personKeys.js';
import { statusView, type LeadReturn } from '../../../src/market/model/statusView.js';
import { live } from '../../../src/market/life/life.js';
import { mergeWaitUpdates } from '../../../src/market/waiting/waiting.js';
import {
  contractsToReconsider,
  waitUpdateFor,
  campaignsWithNewPendingTerms,
} from '../../../src/market/waiting/waking.js';
import type { RequestType } from '../../support/buyer.js';
import { PERSON } from '../../support/source.js';
import type { Comparable } from './compare.js';
import { CATEGORY, composeMarket, SELLER, type MarketInScenario } from './composeMarket.js';
import { DataParty } from './dataParty.js';
import { PureLead, type Parties } from './pureLead.js';
import { ANSWER_WINDOW_MS, changed, expectedOf, LONGEST_LIFE_MS } from './runScenario.js';
import type { LeadInScenario, Scenario, Step } from './schema.js';
import { behavioursOf, partiesOf, placesOf, SELLERS, setAnswers } from './servers.js';
import { SimulatedClock } from './simulatedClock.js';
import { momentMs } from './time.js';
import { fieldsOf, timeline } from './timeline.js';
import { Trade } from './trade.js';

/** Start time of a scenario without `starts`: a Monday at noon. */
const DEFAULT_START = Date.UTC(2027, 0, 4, 12);

/** Maximum number of attempts to deliver a notice: three days, hourly in the end. */
const MAX_NOTICE_ATTEMPTS = 80;

/** Backoff of postbacks, ms: doubled after each attempt, up to one hour. */
const FIRST_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 3_600_000;

/** Retry period of postbacks, ms. */
const POSTBACK_PERIOD_MS = 26 * 3_600_000;

/** Timeout of a postback, ms. */
const POSTBACK_TIMEOUT_MS = 10_000;

/** Runs a scenario through the rules alone: without servers or a database, in simulated time. */
export async function runPurely(scenario: Scenario): Promise<Comparable> {
  const run = new PureRun(scenario);
  await run.play();
  return run.results();
}

class PureRun implements Parties {
  readonly trade = new Trade();
  private readonly parties: ReadonlyMap<string, DataParty>;
  private readonly services: ReadonlyMap<string, DataParty>;
  private readonly leads = new Map<string, PureLead>();
  private readonly returns = new Map<PureLead, LeadReturn[]>();
  private readonly books: { account: string; amount: number }[] = [];
  private readonly steps: Step[];
  private terms: MarketInScenario = {};
  private stored: Market | undefined;
  /** Compiled campaigns since the latest change of terms. */
  private readonly ready = new Map<string, CompiledCampaign>();
  /** The first error of a life or a postback. */
  private failure: Error | undefined;
  /** Number of postbacks in progress. */
  private openPostbacks = 0;
  readonly clock: SimulatedClock;

  constructor(private readonly scenario: Scenario) {
    this.clock = new SimulatedClock(
      scenario.starts === undefined ? DEFAULT_START : momentMs(scenario.starts),
    );
    this.steps = (scenario.then ?? []).filter(({ during }) => during !== undefined);
    this.parties = new Map(
      [...partiesOf(scenario)].map((id) => [
        id,
        new DataParty(`http://${id}.example/`, (type) => this.during(`${type} to ${id}`)),
      ]),
    );
    this.services = new Map(
      Object.entries(scenario.services ?? {}).map(([name, answers]) => {
        const service = new DataParty(`http://${name}.service.example/`);
        service.answer('check', behavioursOf(answers) ?? []);
        return [name, service];
      }),
    );
    setAnswers(this.parties, scenario.answers ?? {});
  }

  async play(): Promise<void> {
    this.change(this.scenario);
    for (const event of timeline(this.scenario, this.clock.now())) {
      await this.clock.passTo(event.at);
      if ('step' in event) this.take(event.step);
      else this.send(event.name, event.lead);
      await this.clock.settle();
    }
    const most = this.clock.now() + LONGEST_LIFE_MS;
    while (!this.isOver() && this.clock.nextAt() < most) await this.clock.passTo(this.clock.nextAt());
    if (this.failure !== undefined) throw this.failure;
  }

  /** Whether every lead that is expected to end has ended. */
  private isOver(): boolean {
    return (
      this.failure !== undefined ||
      (this.openPostbacks === 0 &&
        [...this.leads].every(
          ([name, lead]) =>
            lead.hasEnded || /^(pending|received)/.test(expectedOf(this.scenario, name).ends ?? ''),
        ))
    );
  }

  private send(name: string, lead: LeadInScenario): void {
    const { test = false, source = 'key_test', category = CATEGORY } = lead;
    const campaign = this.stored?.campaigns.find(
      (each) => categoryKey(each.category) === categoryKey(String(category)),
    );
    if (!campaign) throw new Error(`The scenario has no campaign for ${String(category)}.`);
    const given = givenFrom(fieldsOf(PERSON, lead));
    const read = readLead(given, { ...campaign, required: [], now: this.clock.now() }).lead;
    const [fields, state] = [fieldsForRules(read), read.state];
    const facts = {
      leadId: `lead-${name}`,
      seller: SELLER,
      category: campaign.category,
      ...(state !== undefined && { state }),
      receivedAt: this.clock.now(),
      test: test === true,
      answerBy: this.clock.now() + ANSWER_WINDOW_MS,
    };
    const match = personKeys(contactOf(read.fields));
    const received = { facts, fields, currency: campaign.currency, source: String(source), match };
    const pure = new PureLead(received, campaign.id, this);
    this.leads.set(name, pure);
    this.start(live(pure));
  }

  private start(course: Promise<void>): void {
    course.catch((error: unknown) => {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
    });
  }

  private during(request: string): void {
    const i = this.steps.findIndex(({ during }) => during === request);
    for (const step of i < 0 ? [] : this.steps.splice(i, 1)) this.take(step);
  }

  private lead(name = 'lead'): PureLead {
    const lead = this.leads.get(name);
    if (!lead) throw new Error(`The scenario has no lead ${name} yet.`);
    return lead;
  }

  private take(step: Step): void {
    if (step.answers) setAnswers(this.parties, step.answers);
    if (step.market) this.change(step.market);
    if (step.retryNow !== undefined) this.lead(step.retryNow).isWoken = true;
    if (step.withdraw !== undefined) this.lead(step.withdraw).isWithdrawn = true;
    if (step.resolvePost) {
      const { lead, buyer, accepted } = step.resolvePost;
      this.lead(lead).decisions.set(buyer, accepted);
    }
    if (step.return) this.returnLead(step.return);
    if (step.topUp) this.topUp(step.topUp);
  }

  /** Ops apply the market file. Payments of buyers are booked, and leads wake that a changed contract may buy. */
  private change(change: MarketInScenario): void {
    this.terms = changed(this.terms, change);
    const before = this.stored;
    const after = composeMarket(this.terms, placesOf(this.parties, this.services, this.scenario));
    this.stored = after;
    this.ready.clear();
    for (const buyer of after.buyers) {
      const was = before?.buyers.find(({ id }) => id === buyer.id);
      const paid = (buyer.balance ?? 0) - (was?.balance ?? 0);
      if (paid !== 0) this.enter({ [`buyer:${buyer.id}`]: paid, bank: -paid }, buyer.currency);
      if (paid !== 0) this.trade.topUp(buyer, paid);
      if (buyer.lowBalance !== was?.lowBalance) this.trade.hearsOfLowAgain(buyer.id);
    }
    const none = { sellers: [], buyers: [], campaigns: [], contracts: [] };
    const might = new Set(contractsToReconsider(before ?? none, after).map(({ id }) => id));
    this.wakeFor(
      ({ contract }) => might.has(contract.id),
      campaignsWithNewPendingTerms(before ?? none, after),
    );
  }

  /** Wakes waiting leads that the change may concern. */
  private wakeFor(
    mightTake: (ready: CompiledContract) => boolean,
    rescheduled: readonly string[] = [],
  ): void {
    for (const lead of this.leads.values()) {
      if (lead.status !== 'pending') continue;
      const market = this.market(lead.campaign);
      const changed = {
        contracts: market.contracts.filter(mightTake),
        pending: rescheduled.includes(lead.campaign),
      };
      const asked = { ...lead.lead, offered: lead.offered };
      const news = waitUpdateFor(market, changed, asked, {
        dueAt: lead.dueAt ?? Infinity,
        now: this.clock.now(),
      });
      if (news === 'now') lead.isWoken = true;
      else if (news !== undefined) lead.news = mergeWaitUpdates(lead.news, news);
    }
  }

  /** Ops book a payment of a prepaid buyer. */
  private topUp({ buyer: id, amount }: NonNullable<Step['topUp']>): void {
    const buyer = this.buyerOf(id);
    const { currency = 'USD' } = buyer;
    const minor = toMinor(amount, currency);
    if (minor === undefined) throw new Error(`${amount} is not a valid amount in ${currency}.`);
    this.enter({ [`buyer:${id}`]: minor, bank: -minor }, currency);
    this.trade.topUp(buyer, minor);
    if (minor > 0) this.wakeFor(({ contract }) => contract.buyer === id);
  }

  private returnLead({ lead: name, by, reason, atOnce = 1, error }: NonNullable<Step['return']>): void {
    const lead = this.lead(name);
    for (let time = 0; time < atOnce; time += 1) {
      const refusal = this.returnOnce(lead, by, reason);
      if (refusal !== error)
        throw new Error(`The return of ${name} by ${by} was answered with ${refusal ?? 'a yes'}.`);
    }
  }

  private returnOnce(lead: PureLead, by: string, reason: string): string | undefined {
    const [contract, claim] = [...lead.claims].find(([, { buyer }]) => buyer === by) ?? [];
    if (contract === undefined || claim === undefined) throw new Error(`No post was sent to ${by}.`);
    if (claim.status === 'returned') return undefined;
    const policy = this.stored?.contracts.find(({ id }) => id === contract)?.returns;
    const refused = returnRefusal(policy, reason, claim.at, this.clock.now());
    if (policy === undefined || refused === 'not_agreed') return LEAD_API_ERRORS.noReturns.error;
    if (refused !== undefined)
      return LEAD_API_ERRORS[refused === 'too_late' ? 'returnTooLate' : 'invalidField'].error;
    const { buyerGets, sellerPays, housePays } = refundOf(claim, policy.refund);
    const isOnlyBuyer = lead.status === 'sold' && lead.buyers.length === 1;
    claim.status = 'returned';
    lead.price -= sellerPays;
    lead.buyers = lead.buyers.filter((buyer) => buyer !== by);
    this.trade.giveBack(claim.sale, buyerGets, policy.freesCap);
    const { currency } = this.market(lead.campaign).campaign;
    this.enter(
      { [`buyer:${by}`]: buyerGets, [`seller:${SELLER}`]: -sellerPays, house: -housePays },
      currency,
    );
    const returned = { buyer: by, reason, at: new Date(this.clock.now()), amount: sellerPays };
    this.returns.set(lead, [...(this.returns.get(lead) ?? []), returned]);
    lead.notified = 'received';
    if (policy.resell && isOnlyBuyer && !lead.isWithdrawn) this.resell(lead);
    else {
      if (isOnlyBuyer) lead.status = 'returned';
      lead.notifySeller();
    }
    return undefined;
  }

  private resell(lead: PureLead): void {
    lead.status = 'pending';
    delete lead.endedAt;
    this.start(live(lead));
  }

  private enter(amounts: Record<string, number>, currency = 'USD'): void {
    const sides = Object.entries(amounts).filter(([, amount]) => amount !== 0);
    this.books.push(...sides.map(([account, amount]) => ({ account, amount: toDecimal(amount, currency) })));
  }

  // The implementation of `Parties`.

  market(id: string): CompiledCampaign {
    const known = this.ready.get(id) ?? this.readyMarket(id);
    this.ready.set(id, known);
    return known;
  }

  private readyMarket(id: string): CompiledCampaign {
    const { sellers = [], campaigns = [], contracts = [], buyers = [] } = this.stored ?? {};
    const [seller] = sellers;
    const campaign = campaigns.find((each) => each.id === id);
    if (!seller || !campaign) throw new Error(`The scenario has no campaign ${id}.`);
    const ready = compileContracts(
      campaign,
      contracts.filter((contract) => contract.campaign === id),
      new Map(buyers.map((buyer) => [buyer.id, buyer])),
    );
    return { seller, campaign, contracts: ready, compared: comparedBuyers(campaigns, contracts) };
  }

  check: Parties['check'] = (_, check) => {
    const service = [...this.services.values()].find(({ url }) => url === check.url);
    return readCheckAnswer(
      check,
      service?.ask('check', {}, check) ?? { ms: 0, kind: 'unreachable', detail: 'ECONNREFUSED' },
    );
  };

  ping: Parties['ping'] = ({ lead }, { round, candidate, pingId, limitMs }) => {
    const { url } = this.buyerOf(candidate.buyer).ping ?? { url: '' };
    const reply = this.ask(candidate.buyer, 'ping', { ping_id: pingId }, { url, timeoutMs: limitMs });
    const { currency } = round.terms;
    const at = this.clock.now() + reply.ms;
    const own = this.ownStep(candidate.buyer, candidate.contract, 'ping');
    const read = own
      ? readOwnPingAnswer(reply, own, { pingId, currency, now: at }, personScreen(lead))
      : readPingAnswer(reply, { pingId, currency }, at, personScreen(lead));
    return { ms: reply.ms, ...read };
  };

  post: Parties['post'] = ({ lead, campaign }, { buyer, contract }, { isAgain }) => {
    const body = { lead_id: lead.facts.leadId, contract };
    const reply = this.ask(buyer, 'post', body, this.postOf(buyer));
    const own = this.ownStep(buyer, contract, 'post');
    const namesPerson = personScreen(lead);
    if (own === undefined) return readPostAnswer(reply, namesPerson);
    const { currency, redirects } = this.market(campaign).campaign;
    const read = readOwnPostAnswer(reply, own, { currency, isAgain, namesPerson });
    return read.answer === 'accepted' && redirects !== true ? { ...read, redirectUrl: undefined } : read;
  };

  private ownStep(buyer: string, contract: string, step: OwnStep['step']): OwnStep | undefined {
    const terms = this.stored?.contracts.find(({ id }) => id === contract);
    return stepOf(ownProtocol(this.buyerOf(buyer), terms), step);
  }

  /** Buyers of scenarios have servers; outlets are tested with real ones (test/buyers/outlets). */
  private postOf(buyer: string): Endpoint {
    const { post } = this.buyerOf(buyer);
    if (post === undefined) throw new Error(`${buyer} has no address for posts`);
    return post;
  }

  postStatus: Parties['postStatus'] = ({ lead }, buyer) => {
    const { status } = this.buyerOf(buyer);
    if (!status) return 'unknown';
    const reply = this.ask(buyer, 'post_status', {}, status);
    const contract = this.stored?.contracts.find((one) => one.buyer === buyer)?.id ?? '';
    const own = this.ownStep(buyer, contract, 'status');
    if (own === undefined) return readStatusAnswer(reply, personScreen(lead)).status;
    return readOwnStatusAnswer(reply, own, lead.currency, personScreen(lead)).status;
  };

  notifyOfCancellation: Parties['notifyOfCancellation'] = (_, buyer) => {
    // Its own protocol has no such notice.
    if (this.buyerOf(buyer).protocol?.post !== undefined) return;
    this.sendUntilDelivered(buyer, 'post_cancelled', {}, this.postOf(buyer));
  };

  notifyBuyer: Parties['notifyBuyer'] = ({ campaign, claims }, notice) => {
    const { buyer, kind, contract } = notice;
    const { notices, balance } = this.buyerOf(buyer);
    const { currency } = this.market(campaign).campaign;
    const price = claims.get(contract)?.price;
    const left = this.trade.known().usage.get(`buyer:${buyer}`)?.balance;
    const isMoney =
      balance !== undefined && left !== undefined && (kind === 'billed' || kind === 'low_balance');
    if (!notices) return;
    const lost = {
      reason: 'reason' in notice ? notice.reason : undefined,
      cleared: notice.kind === 'lost' ? notice.band : undefined,
    };
    const body = {
      ...lost,
      ...((kind === 'won' || kind === 'billed') &&
        price !== undefined && { price: toDecimal(price, currency) }),
      ...(isMoney && { balance: toDecimal(left, currency) }),
    };
    this.sendUntilDelivered(buyer, kind, body, notices);
  };

  notifySeller: Parties['notifySeller'] = (lead) => {
    for (const url of this.market(lead.campaign).seller.postbacks) this.start(this.sendPostback(lead, url));
  };

  /** Sends the lead's status to one URL of the seller until it is delivered or superseded. */
  private async sendPostback(lead: PureLead, url: string): Promise<void> {
    const { status, campaign } = lead;
    if (status === 'received') return;
    const until = this.clock.now() + POSTBACK_PERIOD_MS;
    this.openPostbacks += 1;
    for (let wait = FIRST_WAIT_MS; this.clock.now() < until; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      if (lead.status !== status) break;
      const { price, buyers: buyerIds, reason } = lead;
      const { currency } = this.market(campaign).campaign;
      const returns = this.returns.get(lead);
      const standing = statusView({ status, currency, price, buyerIds, reason, returns });
      const delivery = readDelivery(
        this.ask(SELLERS, `lead.${status}`, standing, { url, timeoutMs: POSTBACK_TIMEOUT_MS }),
      );
      if (delivery.delivered || delivery.final) break;
      await this.clock.sleep(this.clock.now() + wait);
    }
    this.openPostbacks -= 1;
  }

  book: Parties['book'] = (lead, { buyer, price, earns }) => {
    if (lead.lead.facts.test) return;
    const { currency } = this.market(lead.campaign).campaign;
    this.enter({ [`buyer:${buyer}`]: -price, [`seller:${SELLER}`]: earns, house: price - earns }, currency);
  };

  private buyerOf(id: string): Market['buyers'][number] {
    const buyer = this.stored?.buyers.find((each) => each.id === id);
    if (!buyer) throw new Error(`The scenario has no buyer ${id}.`);
    return buyer;
  }

  private ask(
    id: string,
    type: RequestType,
    body: Record<string, unknown>,
    at: { url: string; timeoutMs: number },
  ) {
    const party = this.parties.get(id);
    if (!party) throw new Error(`The scenario has no server ${id}.`);
    return party.ask(type, body, at);
  }

  private sendUntilDelivered(
    buyer: string,
    type: RequestType,
    body: Record<string, unknown>,
    at: { url: string; timeoutMs: number },
  ): void {
    for (let time = 0; time < MAX_NOTICE_ATTEMPTS; time += 1) {
      const delivery = readDelivery(this.ask(buyer, type, body, at));
      if (delivery.delivered || delivery.final) return;
    }
  }

  results(): Comparable {
    return {
      leads: new Map(
        [...this.leads].map(([name, lead]) => [name, leadOut(lead, this.market(lead.campaign))]),
      ),
      received: new Map([...this.parties].map(([id, { received }]) => [id, received])),
      books: this.books,
    };
  }
}

function leadOut(
  { lead, status, reason, rounds, answer, endedAt }: PureLead,
  { campaign: { currency } }: CompiledCampaign,
): Comparable['leads'] extends ReadonlyMap<string, infer Lead> ? Lead : never {
  const { receivedAt } = lead.facts;
  const iso = (at: number): string => new Date(at).toISOString();
  const early = answer && answer.at - receivedAt <= ANSWER_WINDOW_MS ? answer : undefined;
  return {
    answer: statusView(
      early?.status === 'sold'
        ? {
            currency,
            status: 'sold',
            price: early.price,
            buyerIds: early.buyers,
            redirectUrl: early.redirectUrl,
          }
        : { currency, status: early?.status === 'withdrawn' ? 'withdrawn' : 'pending' },
    ),
    story: {
      status,
      reason,
      currency,
      received_at: iso(receivedAt),
      rounds: rounds.map(({ round, outcomes }) => ({
        round: round.number,
        at: iso(round.at),
        contracts: outcomes.map((outcome) => ({
          contract: outcome.contract,
          outcome: outcome.sold ? 'sold' : outcome.reason,
          bid: outcome.price === undefined ? undefined : toDecimal(outcome.price, currency),
          detail: opsDetail(outcome),
        })),
      })),
    },
    result: endedAt === undefined ? undefined : { received: iso(receivedAt), ended: iso(endedAt) },
  };
}

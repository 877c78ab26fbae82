import { returnRefusal, refundOf } from '../../../src/market/model/returnShares.js';
import { LEAD_API_ERRORS } from '../../../src/api/errorTable.js';
import { readCheckAnswer } from '../../../src/buyers/check.js';
import { readDelivery } from '../../../src/buyers/notice.js';
import { personScreen } from '../../../src/buyers/personScreen.js';
import { readPingAnswer } from '../../../src/buyers/ping.js';
import { readPostAnswer } from '../../../src/buyers/post.js';
import { readStatusAnswer } from '../../../src/buyers/status.js';
import {
  compileContracts,
  type CompiledContract,
  type CompiledCampaign,
} from '../../../src/market/eligibility/compileCampaign.js';
import { fieldsForRules } from '../../../src/market/filters/comparisons.js';
import { opsDetail, type Offer } from '../../../src/market/auction/decide.js';
import { comparedBuyers } from '../../../src/market/limits/duplicates.js';
import { givenFrom } from '../../../src/market/intake/given.js';
import { readLead } from '../../../src/market/intake/readLead.js';
import { categoryKey, type Market } from '../../../src/market/model/market.js';
import { toDecimal, toMinor } from '../../../src/market/money.js';
import { contactOf, personKeys } from '../../../src/market/fields/personKeys.js';
import { statusView, type LeadReturn } from '../../../src/market/model/statusView.js';
import { newLife, offeredIn, type Claim, type Life } from '../../../src/market/walk/life.js';
import { tellTheSeller } from '../../../src/market/walk/sell.js';
import { Trade } from '../../../src/market/walk/trade.js';
import { begin, goOn, pause, type Course, type Running } from '../../../src/market/walk/wait.js';
import { walk } from '../../../src/market/walk/walk.js';
import type { World } from '../../../src/market/walk/world.js';
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
import { ANSWER_WINDOW_MS, changed, expectedOf, LONGEST_LIFE_MS } from './runScenario.js';
import type { LeadInScenario, Scenario, Step } from './schema.js';
import { behavioursOf, partiesOf, placesOf, SELLERS, setAnswers } from './servers.js';
import { momentMs } from './time.js';
import { fieldsOf, timeline } from './timeline.js';

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
export function runPurely(scenario: Scenario): Comparable {
  const run = new PureRun(scenario);
  run.play();
  return run.results();
}

class PureRun implements World {
  readonly trade = new Trade();
  private readonly parties: ReadonlyMap<string, DataParty>;
  private readonly services: ReadonlyMap<string, DataParty>;
  private readonly lives = new Map<string, Life>();
  private readonly returns = new Map<Life, LeadReturn[]>();
  private readonly books: { account: string; amount: number }[] = [];
  private readonly steps: Step[];
  private terms: MarketInScenario = {};
  private stored: Market | undefined;
  /** Compiled campaigns since the latest change of terms. */
  private readonly ready = new Map<string, CompiledCampaign>();
  private running: Running[] = [];
  /** Started since the last call of `goOn`. */
  private readonly started: Running[] = [];
  /** Number of postbacks in progress. */
  private openPostbacks = 0;
  private clock: number;

  constructor(private readonly scenario: Scenario) {
    this.clock = scenario.starts === undefined ? DEFAULT_START : momentMs(scenario.starts);
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

  play(): void {
    this.change(this.scenario);
    for (const event of timeline(this.scenario, this.clock)) {
      this.passTo(event.at);
      if ('step' in event) this.take(event.step);
      else this.send(event.name, event.lead);
      this.goOn();
    }
    const most = this.clock + LONGEST_LIFE_MS;
    while (!this.isOver() && this.running.length > 0 && this.clock < most) this.passTo(this.nextAt());
  }

  /** Whether every lead that is expected to end has ended. */
  private isOver(): boolean {
    return (
      this.openPostbacks === 0 &&
      [...this.lives].every(
        ([name, life]) =>
          life.endedAt !== undefined ||
          /^(pending|received)/.test(expectedOf(this.scenario, name).ends ?? ''),
      )
    );
  }

  private nextAt(): number {
    return Math.min(...this.running.map(({ paused }) => paused.until));
  }

  /** Advances the clock to a time. Courses that wait for an earlier time continue at that time. */
  private passTo(at: number): void {
    while (this.nextAt() <= at) {
      this.clock = Math.max(this.clock, this.nextAt());
      this.goOn();
    }
    this.clock = Math.max(this.clock, at);
  }

  private send(name: string, lead: LeadInScenario): void {
    const { test = false, source = 'key_test', category = CATEGORY } = lead;
    const campaign = this.stored?.campaigns.find(
      (each) => categoryKey(each.category) === categoryKey(String(category)),
    );
    if (!campaign) throw new Error(`The scenario has no campaign for ${String(category)}.`);
    const given = givenFrom(fieldsOf(PERSON, lead));
    const read = readLead(given, { ...campaign, required: [], now: this.clock }).lead;
    const [fields, state] = [fieldsForRules(read), read.state];
    const facts = {
      leadId: `lead-${name}`,
      seller: SELLER,
      category: campaign.category,
      ...(state !== undefined && { state }),
      receivedAt: this.clock,
      test: test === true,
      answerBy: this.clock + ANSWER_WINDOW_MS,
    };
    const match = personKeys(contactOf(read.fields));
    const life = newLife(
      { facts, fields, currency: campaign.currency, source: String(source), match },
      campaign.id,
    );
    this.lives.set(name, life);
    this.start(life);
  }

  private start(life: Life): void {
    this.begin(walk(life, this));
  }

  private begin(course: Course<void>): void {
    const running = begin(course);
    if (running) this.started.push(running);
  }

  private goOn(): void {
    const left = goOn(this.running, this.clock);
    this.running = [...left, ...this.started.splice(0)];
  }

  private during(request: string): void {
    const i = this.steps.findIndex(({ during }) => during === request);
    for (const step of i < 0 ? [] : this.steps.splice(i, 1)) this.take(step);
  }

  private life(name = 'lead'): Life {
    const life = this.lives.get(name);
    if (!life) throw new Error(`The scenario has no lead ${name} yet.`);
    return life;
  }

  private take(step: Step): void {
    if (step.answers) setAnswers(this.parties, step.answers);
    if (step.market) this.change(step.market);
    if (step.retryNow !== undefined) this.life(step.retryNow).wake = true;
    if (step.withdraw !== undefined) this.life(step.withdraw).withdrawn = true;
    if (step.resolvePost) {
      const { lead, buyer, accepted } = step.resolvePost;
      this.life(lead).words.set(buyer, accepted);
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
      if (paid !== 0) this.book({ [`buyer:${buyer.id}`]: paid, bank: -paid }, buyer.currency);
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
    for (const life of this.lives.values()) {
      if (life.status !== 'pending') continue;
      const market = this.market(life.campaign);
      const lead = { ...life.lead, offered: offeredIn(life) };
      const changed = {
        contracts: market.contracts.filter(mightTake),
        pending: rescheduled.includes(life.campaign),
      };
      const news = waitUpdateFor(market, changed, lead, { dueAt: life.dueAt ?? Infinity, now: this.clock });
      if (news === 'now') life.wake = true;
      else if (news !== undefined) life.news = mergeWaitUpdates(life.news, news);
    }
  }

  /** Ops book a payment of a prepaid buyer. */
  private topUp({ buyer: id, amount }: NonNullable<Step['topUp']>): void {
    const buyer = this.buyerOf(id);
    const { currency = 'USD' } = buyer;
    const minor = toMinor(amount, currency);
    if (minor === undefined) throw new Error(`${amount} is not a valid amount in ${currency}.`);
    this.book({ [`buyer:${id}`]: minor, bank: -minor }, currency);
    this.trade.topUp(buyer, minor);
    if (minor > 0) this.wakeFor(({ contract }) => contract.buyer === id);
  }

  private returnLead({ lead: name, by, reason, atOnce = 1, error }: NonNullable<Step['return']>): void {
    const life = this.life(name);
    for (let time = 0; time < atOnce; time += 1) {
      const refusal = this.returnOnce(life, by, reason);
      if (refusal !== error)
        throw new Error(`The return of ${name} by ${by} was answered with ${refusal ?? 'a yes'}.`);
    }
  }

  private returnOnce(life: Life, by: string, reason: string): string | undefined {
    const [contract, claim] = [...life.claims].find(([, { buyer }]) => buyer === by) ?? [];
    if (contract === undefined || claim === undefined) throw new Error(`No post was sent to ${by}.`);
    if (claim.status === 'returned') return undefined;
    const policy = this.stored?.contracts.find(({ id }) => id === contract)?.returns;
    const refused = returnRefusal(policy, reason, claim.at, this.clock);
    if (policy === undefined || refused === 'not_agreed') return LEAD_API_ERRORS.noReturns.error;
    if (refused !== undefined)
      return LEAD_API_ERRORS[refused === 'too_late' ? 'returnTooLate' : 'invalidField'].error;
    const { buyerGets, sellerPays, housePays } = refundOf(claim, policy.refund);
    const isOnlyHolder = life.status === 'sold' && life.buyers.length === 1;
    claim.status = 'returned';
    life.price -= sellerPays;
    life.buyers = life.buyers.filter((buyer) => buyer !== by);
    this.trade.giveBack(claim.sale, buyerGets, policy.freesCap);
    const { currency } = this.market(life.campaign).campaign;
    this.book({ [`buyer:${by}`]: buyerGets, [`seller:${SELLER}`]: -sellerPays, house: -housePays }, currency);
    const returned = { buyer: by, reason, at: new Date(this.clock), amount: sellerPays };
    this.returns.set(life, [...(this.returns.get(life) ?? []), returned]);
    life.told = 'received';
    if (policy.resell && isOnlyHolder && !life.withdrawn) this.resell(life);
    else {
      if (isOnlyHolder) life.status = 'returned';
      tellTheSeller(life, this);
    }
    return undefined;
  }

  private resell(life: Life): void {
    life.status = 'pending';
    delete life.endedAt;
    this.start(life);
  }

  private book(amounts: Record<string, number>, currency = 'USD'): void {
    const sides = Object.entries(amounts).filter(([, amount]) => amount !== 0);
    this.books.push(...sides.map(([account, amount]) => ({ account, amount: toDecimal(amount, currency) })));
  }

  // The implementation of `World`.

  now(): number {
    return this.clock;
  }

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

  check: World['check'] = (_, check) => {
    const service = [...this.services.values()].find(({ url }) => url === check.url);
    return readCheckAnswer(
      check,
      service?.ask('check', {}, check) ?? { ms: 0, kind: 'unreachable', detail: 'ECONNREFUSED' },
    );
  };

  ping: World['ping'] = ({ lead }, { round, candidate, pingId, limitMs }) => {
    const { url } = this.buyerOf(candidate.buyer).ping ?? { url: '' };
    const reply = this.ask(candidate.buyer, 'ping', { ping_id: pingId }, { url, timeoutMs: limitMs });
    const { currency } = round.terms;
    const at = this.clock + reply.ms;
    return { ms: reply.ms, ...readPingAnswer(reply, { pingId, currency }, at, personScreen(lead)) };
  };

  post: World['post'] = ({ lead }, { buyer, contract }) => {
    const body = { lead_id: lead.facts.leadId, contract };
    return readPostAnswer(this.ask(buyer, 'post', body, this.buyerOf(buyer).post), personScreen(lead));
  };

  postStatus: World['postStatus'] = ({ lead }, { buyer }) => {
    const { status } = this.buyerOf(buyer);
    if (!status) return 'unknown';
    return readStatusAnswer(this.ask(buyer, 'post_status', {}, status), personScreen(lead)).status;
  };

  callOff: World['callOff'] = (_, { buyer }: Offer) => {
    this.sendUntilDelivered(buyer, 'post_cancelled', {}, this.buyerOf(buyer).post);
  };

  tell: World['tell'] = ({ campaign, claims }, notice) => {
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

  tellSeller: World['tellSeller'] = (life) => {
    for (const url of this.market(life.campaign).seller.postbacks) this.begin(this.sendPostback(life, url));
  };

  /** Sends the lead's status to one URL of the seller until it is delivered or superseded. */
  private *sendPostback(life: Life, url: string): Course<void> {
    const { status, campaign } = life;
    if (status === 'received') return;
    const until = this.clock + POSTBACK_PERIOD_MS;
    this.openPostbacks += 1;
    for (let wait = FIRST_WAIT_MS; this.clock < until; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      if (life.status !== status) break;
      const { price, buyers: buyerIds, reason } = life;
      const { currency } = this.market(campaign).campaign;
      const returns = this.returns.get(life);
      const standing = statusView({ status, currency, price, buyerIds, reason, returns });
      const delivery = readDelivery(
        this.ask(SELLERS, `lead.${status}`, standing, { url, timeoutMs: POSTBACK_TIMEOUT_MS }),
      );
      if (delivery.delivered || delivery.final) break;
      yield* pause(this.clock + wait);
    }
    this.openPostbacks -= 1;
  }

  booked: World['booked'] = (life, _, { buyer, price, earns }: Claim) => {
    if (life.lead.facts.test) return;
    const { currency } = this.market(life.campaign).campaign;
    this.book({ [`buyer:${buyer}`]: -price, [`seller:${SELLER}`]: earns, house: price - earns }, currency);
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
        [...this.lives].map(([name, life]) => [name, leadOut(life, this.market(life.campaign))]),
      ),
      received: new Map([...this.parties].map(([id, { received }]) => [id, received])),
      books: this.books,
    };
  }
}

function leadOut(
  { lead, status, reason, rounds, answer, endedAt }: Life,
  { campaign: { currency } }: CompiledCampaign,
): Comparable['leads'] extends ReadonlyMap<string, infer Lead> ? Lead : never {
  const { receivedAt } = lead.facts;
  const iso = (at: number): string => new Date(at).toISOString();
  const isInTime = answer?.status === 'sold' && answer.at - receivedAt <= ANSWER_WINDOW_MS;
  return {
    answer: statusView(
      isInTime
        ? { currency, status: 'sold', price: answer.price, buyerIds: answer.buyers }
        : { currency, status: answer?.status === 'withdrawn' ? 'withdrawn' : 'pending' },
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

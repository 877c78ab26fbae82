import { WorkflowNotFoundError } from '@temporalio/client';
import { givenFrom } from '../../support/givenFrom.js';
import { readLead } from '../../../src/market/intake/readLead.js';
import { v7 } from 'uuid';
import { toMinor } from '../../../src/market/money.js';
import type { FinishedLead } from '../../../src/market/wording/story.js';
import { categoryKey } from '../../../src/market/model/market.js';
import { errorOf } from '../../../src/api/errorTable.js';
import { OperationError } from '../../../src/operations/operationError.js';
import { newLeadAnswer } from '../../../src/api/leads/leadAnswer.js';
import { newLead } from '../../../src/api/leads/acceptLead.js';
import { acceptReturn } from '../../../src/operations/leads/acceptReturn.js';
import { readMarketFile } from '../../../src/market/file/changeMarket.js';
import { answersWritten, readCircuits } from '../../../src/store/fairness/circuits.js';
import { applyMarket } from '../../../src/store/market/apply.js';
import { findStoredLead, insertLead } from '../../../src/store/leads/leads.js';
import type { LeadDocument } from '../../../src/store/documents.js';
import { findCampaign } from '../../../src/store/market/storedTerms.js';
import { bookTopUp } from '../../../src/store/books/topUp.js';
import { nextMarketChange } from '../../../src/store/market/affectedLeads.js';
import { withdraw } from '../../../src/store/leads/withdrawals.js';
import { RESOLVE_POST_UPDATE, RETRY_NOW_SIGNAL, workflowId } from '../../../src/temporal/names.js';
import { signalNextMarketChange } from '../../../src/worker/signalMarketChanges.js';
import { notifyWithdrawn } from '../../../src/temporal/leadWorkflowClient.js';
import type { FakeBuyer } from '../../support/buyer.js';
import { secretOf } from '../../support/secretOf.js';
import { PERSON } from '../../support/source.js';
import { endOf, taskIsOver, type LeadWorld } from '../../support/timeSkipping.js';
import { marketError } from './pageFaults.js';
import { CATEGORY, composeFile, SELLER, type MarketInScenario } from './composeMarket.js';
import type { LeadExpectation, LeadInScenario, Scenario, Step } from './schema.js';
import { placesOf, SELLERS, startServers, startServices, setAnswers, type Servers } from './servers.js';
import { momentMs } from './time.js';
import { fieldsOf, timeline } from './timeline.js';

/** One lead of a scenario: the stored lead, the answer to its source, and its result. */
export interface LeadRun {
  document: LeadDocument;
  answer?: ReturnType<typeof newLeadAnswer>;
  /** The workflow's result; absent if the scenario leaves the lead pending. */
  result?: FinishedLead;
}

/** The state of a scenario run. */
export interface Run {
  scenario: Scenario;
  /** The terms after the latest change. */
  terms: MarketInScenario;
  servers: Servers;
  services: Servers;
  /** By name; a single lead is named `lead`. */
  leads: Map<string, LeadRun>;
  /** Updates that the workflows have not completed yet. */
  updates: Promise<unknown>[];
}

/** The API's default answer window, ms. */
export const ANSWER_WINDOW_MS = 3000;

/** Time in which every worker knows of a market change, ms. */
const WAKES_AFTER_MS = 5000;

/** Upper limit of a lead's life, ms: the longest `expireAfter` is 365 days. */
export const LONGEST_LIFE_MS = 400 * 86_400_000;

/**
 * Runs a scenario through the whole engine, with a real database, real HTTP servers for buyers, and time skipping.
 * @param collect reads the results before the data are deleted
 */
export async function runScenario<T>(
  world: LeadWorld,
  scenario: Scenario,
  collect: (world: LeadWorld, run: Run) => Promise<T>,
): Promise<T> {
  if (scenario.starts !== undefined) await world.clock.passTo(momentMs(scenario.starts));
  const servers = await startServers(scenario);
  const services = await startServices(scenario);
  const run: Run = { scenario, terms: {}, servers, services, leads: new Map(), updates: [] };
  try {
    await changeMarket(world, run, scenario);
    for (const [buyer, server] of servers) server.onRequest = takesStepsDuring(world, run, buyer);
    for (const event of timeline(scenario, await world.clock.now())) {
      await world.clock.passTo(event.at);
      if ('step' in event) await take(world, run, event.step);
      else await sendLead(world, run, event.name, event.lead);
    }
    await untilAllHaveEnded(world, run);
    await Promise.all(run.updates);
    return await collect(world, run);
  } finally {
    await Promise.all([...servers.values(), ...services.values()].map((server) => server.close()));
    await forget(world, run);
  }
}

/** Stores a lead and starts its workflow as the API does, and keeps the answer to the source. */
async function sendLead(world: LeadWorld, run: Run, name: string, lead: LeadInScenario): Promise<void> {
  const document = await storeLead(world, lead);
  const leadRun: LeadRun = { document };
  run.leads.set(name, leadRun);
  const answered = world.offer(document, document.receivedAt.getTime() + ANSWER_WINDOW_MS);
  run.updates.push(answered);
  await untilWorkflowExists(world, document);
  // It comes from an activity in this process, without a message on its way.
  const answer = { message: answered, hasHappened: () => Promise.resolve(false) };
  const isInTime = await world.clock.passUntil(answer, {
    step: 100,
    grows: false,
    most: ANSWER_WINDOW_MS,
  });
  if (isInTime) await taskIsOver(handleOf(world, run, name));
  leadRun.answer = newLeadAnswer(document, isInTime ? await answered : undefined);
}

async function storeLead({ clock, database }: LeadWorld, lead: LeadInScenario): Promise<LeadDocument> {
  const { test = false, source = 'key_test', category = CATEGORY } = lead;
  const campaign = await findCampaign(database, SELLER, categoryKey(String(category)));
  if (!campaign) throw new Error(`The scenario has no campaign for ${String(category)}.`);
  const receivedAt = new Date(await clock.now());
  const given = givenFrom(fieldsOf(PERSON, lead));
  const document = await newLead(
    database,
    {
      key: {
        _id: String(source),
        source: String(source),
        hash: '',
        seller: SELLER,
        test: test === true,
        createdAt: receivedAt,
      },
      given,
      reading: readLead(given, { ...campaign, required: [], now: receivedAt.getTime() }),
      campaign,
      answerWithinMs: ANSWER_WINDOW_MS,
      receivedAt,
    },
    ANSWER_WINDOW_MS,
  );
  await insertLead(database, document);
  return document;
}

/** Waits until the workflow exists, because time must not be skipped before. */
async function untilWorkflowExists({ client }: LeadWorld, { _id }: LeadDocument): Promise<void> {
  const handle = client.workflow.getHandle(workflowId(_id));
  for (;;) {
    const exists = await handle.describe().then(
      () => true,
      () => false,
    );
    if (exists) return;
  }
}

/** Takes each `during` step after the buyer's server has received its request and before it answers. */
function takesStepsDuring(world: LeadWorld, run: Run, buyer: string): FakeBuyer['onRequest'] {
  const steps = [...(run.scenario.then ?? [])];
  return async ({ type }) => {
    const i = steps.findIndex(({ during }) => during === `${type} to ${buyer}`);
    for (const step of i < 0 ? [] : steps.splice(i, 1)) await take(world, run, step);
  };
}

/** Takes one step: actions of buyers and ops. */
async function take(world: LeadWorld, run: Run, step: Step): Promise<void> {
  if (step.answers) setAnswers(run.servers, step.answers);
  if (step.market) await changeMarket(world, run, step.market);
  if (step.retryNow !== undefined) await handleOf(world, run, step.retryNow).signal(RETRY_NOW_SIGNAL);
  if (step.return) await returnLead(world, run, step.return);
  if (step.topUp) await topUp(world, run, step.topUp);
  if (step.resolvePost) {
    const { lead, ...word } = step.resolvePost;
    await handleOf(world, run, lead).executeUpdate(RESOLVE_POST_UPDATE, { args: [word] });
  }
  if (step.withdraw !== undefined) {
    const id = leadIdOf(run, step.withdraw);
    await withdraw(world.database, id, { asked: 'seller' });
    await notifyWithdrawn(world.client, id);
  }
}

/** A buyer returns a lead through the API's functions, with the number of concurrent requests in the step. */
async function returnLead(world: LeadWorld, run: Run, step: NonNullable<Step['return']>): Promise<void> {
  const { lead, by, reason, atOnce = 1, error } = step;
  const { database, clock } = world;
  const stored = await findStoredLead(database, run.leads.get(lead)?.document._id ?? '');
  const claim = Object.values(stored?.claims ?? {}).find(({ buyer }) => buyer === by);
  if (!claim) throw new Error(`No post was sent to ${by} for the lead ${lead}.`);
  const given = givenFrom(Object.entries({ post_id: claim.postId, reason }));
  const request = { buyer: by, given, receivedAt: new Date(await clock.now()) };
  const ask = (): Promise<string | undefined> =>
    acceptReturn(database, request, (facts) => world.start(facts)).then(
      () => undefined,
      (thrown: unknown) => {
        if (thrown instanceof OperationError) return errorOf(thrown.kind).error;
        throw thrown;
      },
    );
  for (const refusal of await Promise.all(Array.from({ length: atOnce }, ask))) {
    if (refusal !== error)
      throw new Error(`The return of ${lead} by ${by} was answered with ${refusal ?? 'a yes'}.`);
  }
}

/** Ops book a payment of a prepaid buyer. */
async function topUp(
  world: LeadWorld,
  run: Run,
  { buyer, amount }: NonNullable<Step['topUp']>,
): Promise<void> {
  const { currency = 'USD' } = (await world.database.buyers.findOne({ _id: buyer })) ?? {};
  const minor = toMinor(amount, currency);
  if (minor === undefined) throw new Error(`${amount} is not a valid amount in ${currency}.`);
  await bookTopUp(world.database, { buyer, amount: minor, currency, key: v7() });
  await wakeWaiting(world, run);
}

/** The workflow of a lead by the lead's name. */
export function handleOf({ client }: Pick<LeadWorld, 'client'>, run: Run, name = 'lead') {
  return client.workflow.getHandle<() => Promise<FinishedLead>>(workflowId(leadIdOf(run, name)));
}

function leadIdOf(run: Run, name: string): string {
  const id = run.leads.get(name)?.document._id;
  if (id === undefined) throw new Error(`The scenario has no lead ${name} yet.`);
  return id;
}

/** Ops apply the market file with changed terms. A contract that is `null` is removed. */
async function changeMarket(world: LeadWorld, run: Run, change: MarketInScenario): Promise<void> {
  const { database } = world;
  const { terms, scenario, servers } = run;
  run.terms = changed(terms, change);
  const composed = composeFile(run.terms, placesOf(servers, run.services, scenario));
  const exactly = { replace: true, prune: true, confirmed: true };
  const applied = await applyMarket(database, readMarketFile(composed), exactly);
  if ('faults' in applied) throw marketError(run.terms, composed, applied.faults);
  if (!('changes' in applied)) throw new Error(JSON.stringify(applied));
  world.marketChanged();
  for (const change of applied.changes) {
    const { kind, id } = change;
    if (change.change !== 'created' || (kind !== 'buyer' && kind !== 'seller')) continue;
    const secret = await secretOf(database, kind, id);
    const signed = kind === 'buyer' ? [servers.get(id)] : [servers.get(SELLERS), ...run.services.values()];
    for (const server of signed) if (server) server.secret = secret;
  }
  await wakeWaiting(world, run);
}

/** Wakes the leads that a market change may concern, as a worker does soon after the change. Before the first lead, none waits. */
async function wakeWaiting({ database, client, clock }: LeadWorld, { leads }: Run): Promise<void> {
  if (leads.size === 0) {
    await database.marketChanges.deleteMany();
    return;
  }
  const changeIsKnown = new Date((await clock.now()) + WAKES_AFTER_MS);
  while ((await database.marketChanges.countDocuments()) > 0)
    await signalNextMarketChange(client, { next: () => nextMarketChange(database, changeIsKnown) }, () => 0);
}

/** The terms after a step. Terms of a buyer that the step does not name stay the same. */
export const changed = (terms: MarketInScenario, change: MarketInScenario): MarketInScenario => ({
  page: change.page ?? terms.page,
  seller: { ...terms.seller, ...change.seller },
  campaign: { ...terms.campaign, ...change.campaign },
  contracts: { ...terms.contracts, ...change.contracts },
  campaigns: { ...terms.campaigns, ...change.campaigns },
  buyers: { ...terms.buyers, ...buyersWith(terms, change) },
});

const buyersWith = ({ buyers = {} }: MarketInScenario, change: MarketInScenario) =>
  Object.fromEntries(
    Object.entries(change.buyers ?? {}).map(([id, terms]) => [id, { ...buyers[id], ...terms }]),
  );

/** Lets time pass until every lead that is expected to end has ended. */
async function untilAllHaveEnded(world: LeadWorld, run: Run): Promise<void> {
  for (const [name, lead] of run.leads) {
    if (/^(pending|received)/.test(expectedOf(run.scenario, name).ends ?? '')) continue;
    const end = endOf(handleOf(world, run, name));
    const hasEnded = await world.clock.passUntil(end, { step: 1000, grows: true, most: LONGEST_LIFE_MS });
    if (!hasEnded) throw new Error(`The lead ${name} has not ended after 400 days.`);
    lead.result = await end.message;
  }
}

export const expectedOf = ({ leads, expect }: Scenario, name: string): LeadExpectation =>
  (leads === undefined ? expect : expect.leads?.[name]) ?? {};

/** Terminates the workflows that have not ended, and empties the database for the next scenario. */
async function forget(world: LeadWorld, run: Run): Promise<void> {
  for (const [name, { result }] of run.leads) {
    if (result !== undefined) continue;
    const handle = handleOf(world, run, name);
    await taskIsOver(handle);
    await handle.terminate().catch(isOver);
  }
  await Promise.allSettled(run.updates);
  // Rounds don't wait until their answers are counted: the next scenario must not start with a failure of this one.
  await readCircuits(world.database);
  await answersWritten(world.database);
  const { client, db } = world.database;
  const collections = await db.collections();
  await client.bulkWrite(
    collections.map(({ namespace }) => ({ name: 'deleteMany', namespace, filter: {} })),
    { ordered: false },
  );
}

function isOver(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

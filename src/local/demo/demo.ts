import Value from 'typebox/value';
import { readLeadDetails, type LeadDetails } from '../../operations/leads/leadDetails.js';
import type { Database } from '../../store/db.js';
import { nodeArguments, readyMessage } from '../gavelParts.js';
import { LocalStackError } from '../processes/localStackError.js';
import type { Plan, Start } from '../processes/startPlan.js';
import { demoKeys, type DemoKeys } from './demoKeys.js';
import { applyDemoMarket, demoParties } from './demoMarket.js';
import { DemoMessage, type DemoParty } from './messages.js';
import { sampleCurl, sendSample, type SampleAnswer } from './sample.js';

/** The demo market is applied and its buyers run. */
interface OpenDemo {
  keys: DemoKeys;
  /** See `DemoMarket`. */
  notApplied?: string;
}

/** What the sample lead came to. */
export interface Demo extends OpenDemo {
  answer: SampleAnswer;
  buyers: ReturnType<typeof buyersDid>;
  /** The lead's page in Temporal's UI; only if we know the UI. */
  workflow?: string;
  curl: string;
}

interface DemoStack {
  dir: string;
  env: NodeJS.ProcessEnv;
  start: Start;
  /** Is called with each thing that a buyer does, and with each postback. */
  tell: (message: DemoMessage) => void;
}

/** Applies the demo market, starts its buyers, and has keys for it. */
export async function openDemo(database: Database, { dir, env, start, tell }: DemoStack): Promise<OpenDemo> {
  const { ports, notApplied } = await applyDemoMarket(database, dir);
  await start(buyersPlan(await demoParties(database, ports), env, tell));
  return { keys: await demoKeys(database, dir), notApplied };
}

/** The process of the demo's servers, which listen once they have a message about who they are. */
const buyersPlan = (parties: DemoParty[], env: NodeJS.ProcessEnv, tell: DemoStack['tell']): Plan => ({
  command: {
    name: 'buyers',
    command: process.execPath,
    args: nodeArguments('local/demo/demoBuyers'),
    env,
    ipc: true,
  },
  ports: parties.map(({ port }) => port),
  ready: async (part) => {
    part.child.on('message', (message) => {
      if (Value.Check(DemoMessage, message) && message.event !== 'ready') tell(message);
    });
    part.child.send(parties);
    await readyMessage(part);
  },
});

/**
 * Sends the sample lead by the API and finds out what it came to.
 * @throws LocalStackError when it is refused though the market is the demo's
 */
export async function playDemo(
  database: Database,
  open: OpenDemo,
  { api, temporalUi, namespace }: { api: string; temporalUi: string | undefined; namespace: string },
): Promise<Demo> {
  const { live } = open.keys;
  const sent = await sendSample(api, live);
  if (!sent.answer && open.notApplied === undefined)
    throw new LocalStackError(`The sample lead was answered with ${sent.status}: ${sent.text}`);
  const ui = temporalUi === undefined ? undefined : { url: temporalUi, namespace };
  const story =
    sent.answer && (await readLeadDetails(database, sent.answer.lead_id, { personal: false, ui }));
  return {
    ...open,
    answer: sent,
    buyers: story ? buyersDid(story) : [],
    workflow: story?.workflow_url,
    curl: sampleCurl(api, live),
  };
}

/** What each buyer did with a lead in its last round, the one who bought first; `ms`: until it answered the ping. */
function buyersDid({ rounds, posts, currency }: LeadDetails) {
  const contracts = rounds.at(-1)?.contracts ?? [];
  const did = contracts.map(({ contract, buyer, bid: price, ms, outcome }) => {
    const post = posts.find((each) => each.contract === contract)?.status;
    return { buyer, ms, price, currency, outcome, post };
  });
  return did.toSorted((a, b) => Number(b.outcome === 'sold') - Number(a.outcome === 'sold'));
}

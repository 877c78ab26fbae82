import Value from 'typebox/value';
import { leadStory } from '../../api/leadStory.js';
import type { Database } from '../../store/db.js';
import { applyMarketText } from '../applyMarketText.js';
import { nodeArguments } from '../gavelProcess.js';
import { readyMessage } from '../parts.js';
import type { Plan, Start } from '../plan.js';
import { buyersDid, type BuyerDid } from './buyersDid.js';
import { demoBuyers, readDemoMarket } from './demoMarket.js';
import { demoKey } from './demoKey.js';
import { DemoMessage, type DemoBuyer } from './messages.js';
import { SAMPLE, sampleCurl, sendSample, type SampleAnswer } from './sample.js';

/** What the sample lead came to. */
export interface Demo {
  /** A key that sends leads for the demo's seller. */
  key: string;
  answer: SampleAnswer;
  buyers: BuyerDid[];
  /** The lead's page in Temporal's UI; only where we know the UI. */
  workflow?: string;
  /** Sends the same lead again. */
  curl: string;
}

interface DemoStack {
  /** Holds the stack's state. */
  dir: string;
  env: NodeJS.ProcessEnv;
  start: Start;
  /** Is called with each thing that a buyer does. */
  tell: (message: DemoMessage) => void;
}

/** Applies the demo market and starts its buyers. Resolves with a key for its seller. */
export async function openDemoMarket(
  database: Database,
  { dir, env, start, tell }: DemoStack,
): Promise<string> {
  const { text, ports } = await readDemoMarket(dir);
  await applyMarketText(database, 'demo market', text);
  await start(buyersPlan(await demoBuyers(database, ports), env, tell));
  return demoKey(database, dir, SAMPLE.seller);
}

/** The process of the demo buyers, which listen once they have a message about who they are. */
const buyersPlan = (buyers: DemoBuyer[], env: NodeJS.ProcessEnv, tell: DemoStack['tell']): Plan => ({
  command: {
    name: 'buyers',
    command: process.execPath,
    args: nodeArguments('local/demo/buyers'),
    env,
    ipc: true,
  },
  ports: buyers.map(({ port }) => port),
  ready: async (part) => {
    part.child.on('message', (message) => {
      if (Value.Check(DemoMessage, message) && message.event !== 'ready') tell(message);
    });
    part.child.send(buyers);
    await readyMessage(part);
  },
});

/**
 * Sends the sample lead by the API and finds out what it came to.
 * @throws LocalStackError when it is not taken
 */
export async function playDemo(
  database: Database,
  key: string,
  { api, temporalUi, namespace }: { api: string; temporalUi: string | undefined; namespace: string },
): Promise<Demo> {
  const answer = await sendSample(api, key);
  const ui = temporalUi === undefined ? undefined : { url: temporalUi, namespace };
  const story = await leadStory(database, answer.answer.lead_id, { personal: false, ui });
  return {
    key,
    answer,
    buyers: story ? buyersDid(story) : [],
    ...(story?.workflow_url !== undefined && { workflow: story.workflow_url }),
    curl: sampleCurl(api, key),
  };
}

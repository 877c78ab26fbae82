import { REQUEST_TYPES, startBuyer, type Behaviour, type FakeBuyer } from '../../support/buyer.js';
import type { Addresses, Places } from './composeMarket.js';
import type { BuyerAnswers, Scenario } from './schema.js';

/** An allowed port (OUTBOUND_PORTS) at which no server listens. */
const UNREACHABLE = 'http://127.0.0.1:1024/';

/** Id of the seller's server, and of its account in the books. */
export const SELLERS = 'seller';

/** The servers of a scenario by id: the buyers', and the seller's if the scenario has answers for it. */
export type Servers = ReadonlyMap<string, FakeBuyer>;

/** URLs by id or name. */
type Addressed = ReadonlyMap<string, { url: string }>;

type Answers = BuyerAnswers[keyof BuyerAnswers];

/** Starts a server for each buyer in the scenario. By default it accepts every lead. */
export async function startServers(scenario: Scenario): Promise<Servers> {
  const servers = new Map<string, FakeBuyer>();
  for (const id of partiesOf(scenario)) servers.set(id, await startBuyer());
  setAnswers(servers, scenario.answers ?? {});
  return servers;
}

/** Ids of the servers in a scenario: its buyers, and the seller if it gets postbacks. */
export function partiesOf({
  contracts = {},
  campaigns = {},
  buyers = {},
  answers = {},
}: Scenario): Set<string> {
  const ofCampaigns = Object.values(campaigns).map((campaign) => campaign.contracts ?? {});
  return new Set([contracts, ...ofCampaigns, buyers, answers].flatMap((byId) => Object.keys(byId)));
}

/** @throws Error if the scenario has no buyer of that id */
export function setAnswers(
  servers: ReadonlyMap<string, Pick<FakeBuyer, 'answer'>>,
  answers: NonNullable<Scenario['answers']>,
): void {
  for (const [id, answer] of Object.entries(answers)) {
    const server = servers.get(id);
    if (!server) throw new Error(`The scenario has no buyer ${id}; name it in contracts or buyers.`);
    for (const type of REQUEST_TYPES) {
      const behaviours = behavioursOf(answer[type]);
      if (behaviours) server.answer(type, behaviours);
    }
  }
}

/** The URLs of all servers. A buyer has a ping URL if the scenario has an answer to a ping. */
export function placesOf(servers: Addressed, services: Addressed, { answers = {} }: Scenario): Places {
  const buyers = [...servers].flatMap(([id, { url }]): [string, Addresses][] => {
    if (id === SELLERS) return [];
    const { ping, post, post_status: status } = answers[id] ?? {};
    const at = (answer: Answers): string => (answer === 'unreachable' ? UNREACHABLE : url);
    return [[id, { ping: ping && at(ping), post: at(post), status: status && at(status) }]];
  });
  return {
    buyers: new Map(buyers),
    services: new Map([...services].map(([name, { url }]) => [name, url])),
    postback: servers.get(SELLERS)?.url,
  };
}

/** Starts a server for each outside service; by name. */
export async function startServices({ services = {} }: Scenario): Promise<Servers> {
  const servers = new Map<string, FakeBuyer>();
  for (const [name, answers] of Object.entries(services)) {
    const server = await startBuyer();
    server.answer('check', behavioursOf(answers) ?? []);
    servers.set(name, server);
  }
  return servers;
}

export function behavioursOf(answers: Answers): Behaviour[] | undefined {
  if (answers === undefined || answers === 'unreachable') return undefined;
  return (Array.isArray(answers) ? answers : [answers]).map(behaviourOf);
}

type Answer = Extract<Exclude<Answers, undefined>, { after?: string }>;

function behaviourOf({ after, status, headers = {}, hangUp, raw, bytes, body, ...said }: Answer): Behaviour {
  return {
    after: after === undefined ? undefined : Number.parseInt(after, 10),
    status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    hangUp,
    raw: bytes === undefined ? raw : ' '.repeat(bytes),
    body: body ?? (Object.keys(said).length > 0 || status === undefined ? said : undefined),
  };
}

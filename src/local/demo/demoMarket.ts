import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliActor } from '../../terminal/currentUser.js';
import { marketInFile } from '../../market/file/marketInFile.js';
import { readMarketFile } from '../../market/file/changeMarket.js';
import type { Merging } from '../../market/file/mergeChange.js';
import { applyMarket } from '../../store/market/apply.js';
import type { Change } from '../../store/market/applyPlan.js';
import { recordAuditEvent } from '../../store/audit.js';
import type { Database } from '../../store/db.js';
import { matchOf } from '../../store/persons/matchKeys.js';
import { readTerms } from '../../store/market/readMarket.js';
import { addSuppressions } from '../../store/persons/suppressions.js';
import { applyMarketText } from '../applyMarketText.js';
import { packageRoot } from '../../packageRoot.js';
import { choosePorts, lastPorts } from '../servers/ports.js';
import { demoSecret } from './demoSecrets.js';
import type { DemoParty } from './messages.js';
import { SAMPLE } from './sample.js';

type PartyId = 'northwind' | 'fabrikam' | 'contoso' | 'woodgrove' | 'litware' | 'source';
type Ports = Record<PartyId, number>;
const ids: readonly PartyId[] = ['northwind', 'fabrikam', 'contoso', 'woodgrove', 'litware', 'source'];

/** Where each of them listens in market.yaml. */
const PORTS: Ports = {
  northwind: 4101,
  fabrikam: 4102,
  contoso: 4103,
  woodgrove: 4104,
  source: 4105,
  litware: 4106,
};

const behaviour: Record<PartyId, Omit<DemoParty, 'id' | 'port' | 'secret'>> = {
  northwind: { bid: 45, bidsAfterMs: 20, refusesZip: '75002' },
  fabrikam: {},
  contoso: { bid: 60, bidsAfterMs: 2000 },
  woodgrove: {},
  litware: { isUnclear: true },
  source: {},
};

/** Whose leads the demo's seller must not sell. */
export const SUPPRESSED = { email: 'do-not-sell@example.com' };

export interface DemoMarket {
  ports: Ports;
  /** The file of the demo market; only if the stored market was changed since, and therefore stays as it is. */
  notApplied?: string;
}

/**
 * Applies the demo market if the database has no market, or the one that an earlier start applied. A market that
 * somebody has changed stays as it is; only the ports of the demo's servers follow when they had to change.
 */
export async function applyDemoMarket(database: Database, dir: string): Promise<DemoMarket> {
  const last = { ...PORTS, ...lastPorts(dir) };
  // Those of the last start, else any: two stacks that start at the same time must not choose the same ones.
  const ports = await choosePorts(dir, ids);
  const applied = join(dir, 'demo-market.yaml');
  const earlier = read(applied);
  const text = withPorts(readFileSync(MARKET, 'utf8'), PORTS, ports);
  const isNew = await isEmpty(database);
  if (!isNew) await movePorts(database, last, ports);
  if (isNew || (earlier !== '' && (await matches(database, withPorts(earlier, last, ports), EXACTLY)))) {
    await applyMarketText(database, 'demo market', text, EXACTLY);
  } else if (!(await matches(database, text, { replace: true }))) {
    const notApplied = join(dir, 'demo-market.new.yaml');
    writeFileSync(notApplied, text);
    return { ports, notApplied };
  }
  // Written last: a start that is cut short is repeated by the next one. The database may have been removed since.
  if (text !== earlier || isNew) {
    await suppressOne(database);
    writeFileSync(applied, text);
  }
  return { ports };
}

const MARKET = join(packageRoot, 'src', 'local', 'demo', 'market.yaml');

/** Of an entry that a file leaves as it is. */
const SAME: ReadonlySet<Change['change']> = new Set(['unchanged', 'not_named']);

/** Makes the market exactly what a file says, but for sellers and buyers that it does not name. */
const EXACTLY: Merging = { replace: true, prune: true };

async function isEmpty(database: Database): Promise<boolean> {
  const { sellers, buyers } = await readTerms(database);
  return sellers.length === 0 && buyers.length === 0;
}

/** Whether applying a file would not change the stored market. */
async function matches(database: Database, file: string, how: Merging): Promise<boolean> {
  const planned = await applyMarket(database, readMarketFile(file), { ...how, dryRun: true });
  return 'changes' in planned && planned.changes.every(({ change }) => SAME.has(change));
}

/** The demo's addresses in the stored market get other ports. */
async function movePorts(database: Database, last: Ports, ports: Ports): Promise<void> {
  const stored = JSON.stringify(marketInFile(await readTerms(database)));
  const moved = withPorts(stored, last, ports);
  if (moved !== stored) await applyMarketText(database, 'market', moved);
}

async function suppressOne(database: Database): Promise<void> {
  const match = await matchOf(database, SUPPRESSED);
  const added = await addSuppressions(database, SAMPLE.seller, [match]);
  const values = [{ path: 'added', to: String(added) }];
  if (added > 0)
    await recordAuditEvent(database, cliActor(), {
      kind: 'suppressions',
      id: SAMPLE.seller,
      did: 'added to',
      values,
    });
}

/** What the process of the demo's servers needs to know, once the market is applied: the database has their secrets. */
export async function demoParties(database: Database, ports: Ports): Promise<DemoParty[]> {
  return Promise.all(
    ids.map(async (id) => ({
      ...behaviour[id],
      id,
      port: ports[id],
      secret: await demoSecret(database, id),
    })),
  );
}

function withPorts(text: string, before: Ports, after: Ports): string {
  const moved = new Map(ids.map((id) => [String(before[id]), String(after[id])]));
  return text.replaceAll(/(?<=http:\/\/127\.0\.0\.1:)\d+(?=\/)/g, (port) => moved.get(port) ?? port);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

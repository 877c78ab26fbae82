import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../../store/db.js';
import { findSecrets } from '../../store/signing.js';
import { packageRoot } from '../packageRoot.js';
import { choosePorts } from '../ports.js';
import type { DemoBuyer } from './messages.js';

/** How each buyer of market.yaml behaves; the port is the one in the file, where it is free. */
const characters = {
  northwind: { port: 4101, bid: 45, after: 20 },
  fabrikam: { port: 4102, after: 0 },
  contoso: { port: 4103, bid: 60, after: 2000 },
} as const;

type BuyerId = keyof typeof characters;
const ids: readonly BuyerId[] = ['northwind', 'fabrikam', 'contoso'];

export interface DemoMarket {
  /** The market file, with the ports on which the demo buyers will listen. */
  text: string;
  ports: Record<BuyerId, number>;
}

/** Reads the demo market and gives its buyers free ports. */
export async function readDemoMarket(dir: string): Promise<DemoMarket> {
  const { northwind, fabrikam, contoso } = characters;
  const wishes = { northwind: northwind.port, fabrikam: fabrikam.port, contoso: contoso.port };
  const ports = await choosePorts(dir, ids, wishes);
  const text = readFileSync(join(packageRoot, 'src', 'local', 'demo', 'market.yaml'), 'utf8');
  return {
    text: ids.reduce((yaml, id) => yaml.replaceAll(`:${wishes[id]}/`, `:${ports[id]}/`), text),
    ports,
  };
}

/** What the process of the demo buyers needs to know, once the market is applied: the database has their secrets. */
export async function demoBuyers(database: Database, ports: DemoMarket['ports']): Promise<DemoBuyer[]> {
  return Promise.all(
    ids.map(async (id) => {
      const [secret = ''] = (await findSecrets(database, { kind: 'buyer', id }))?.secrets ?? [];
      return { ...characters[id], id, port: ports[id], secret };
    }),
  );
}

import { secretsIn } from '../../market/file/inboundValues.js';
import type { Market } from '../../market/model/market.js';
import { compileProtocol, effectiveProtocol } from '../../market/protocol/protocol.js';
import type { Database } from '../../store/db.js';
import { listNamedSecrets } from '../../store/keys/namedSecrets.js';

/** Cautions about secrets that these sources and the protocols of these buyers use, and that are not stored. */
export async function missingSecrets(
  database: Pick<Database, 'secrets'>,
  market: Pick<Market, 'sellers' | 'buyers' | 'contracts'>,
): Promise<string[]> {
  return [...(await missingOfSources(database, market)), ...(await missingOfBuyers(database, market))];
}

async function missingOfSources(
  database: Pick<Database, 'secrets'>,
  { sellers }: Pick<Market, 'sellers'>,
): Promise<string[]> {
  const used = sellers.flatMap(({ code, sources = {} }) =>
    Object.entries(sources).flatMap(([source, { inbound = {} }]) =>
      secretsIn(inbound).map((name) => ({ name, of: `the source ${source} of ${code}` })),
    ),
  );
  if (used.length === 0) return [];
  const all = await listNamedSecrets(database);
  const stored = new Set(all.flatMap(({ name, buyer }) => (buyer === undefined ? name : [])));
  return used
    .filter(({ name }) => !stored.has(name))
    .map(
      ({ name, of }) =>
        `A secret that ${of} uses, ${name}, is not stored, so it brings no leads: \`gavel secrets set ${name}\`.`,
    );
}

async function missingOfBuyers(
  database: Pick<Database, 'secrets'>,
  { buyers, contracts }: Pick<Market, 'buyers' | 'contracts'>,
): Promise<string[]> {
  const cautions: string[] = [];
  for (const { id, protocol, ping, post, status } of buyers) {
    const urls = { ping: ping?.url, post: post?.url, status: status?.url };
    const own = contracts.filter(({ buyer }) => buyer === id).map((contract) => contract.protocol);
    const used = [undefined, ...own].flatMap(
      (over) => compileProtocol(effectiveProtocol(protocol, over), urls, () => undefined).secrets,
    );
    if (used.length === 0) continue;
    const stored = (await listNamedSecrets(database, id)).map(({ name }) => name);
    for (const name of new Set(used))
      if (!stored.includes(name))
        cautions.push(
          `The protocol of ${id} uses the secret ${name}, which is not stored, so nothing is sent: \`gavel secrets set ${name} --buyer ${id}\`.`,
        );
  }
  return cautions;
}

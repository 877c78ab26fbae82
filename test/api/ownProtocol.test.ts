import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyMarket } from '../../src/store/market/apply.js';
import { readMarketFile } from '../../src/market/file/changeMarket.js';
import { missingSecrets } from '../../src/operations/market/missingSecrets.js';
import { readTerms } from '../../src/store/market/readMarket.js';
import { rewrap } from '../../src/store/keys/rewrap.js';
import { listNamedSecrets, setNamedSecret } from '../../src/store/keys/namedSecrets.js';
import { findStoredLead } from '../../src/store/leads/leads.js';
import { findBuyer } from '../../src/store/market/storedTerms.js';
import { eraseLead } from '../../src/store/persons/erase.js';
import type { RunningWorker } from '../../src/worker/runWorker.js';
import { startBuyer, type FakeBuyer } from '../support/buyer.js';
import { serveOf, workerOf } from '../support/worker.js';
import { openApiWorld, request, SAMPLE, sendLead, type ApiWorld } from './world.js';

const by = { who: 'ops@example', via: 'cli' } as const;
const THANKS = 'https://northwind.example/thanks?of=7';
/** What the buyer says to the ping; its post sends it back. */
const PROMISE = 'promise-of-northwind-4711';

const market = (url: string): string => `
buyers:
  - id: northwind
    name: Northwind Mutual
    ping: { url: '${url}', timeoutMs: 2000 }
    post: { url: '${url}', timeoutMs: 2000 }
    protocol:
      ping:
        request: { json: { type: ping, key: '{{ secret.KEY }}', zip: '{{ lead.zip }}', 'Lead.State': '{{ lead.state }}' } }
        answer: { bid: { at: price }, id: { at: id }, bidWhen: { at: ok, is: true } }
      post:
        request:
          json: { type: post, key: '{{ secret.KEY }}', promise: '{{ ping.answer.deep.promise }}', phone: '{{ lead.phone }}' }
        answer: { acceptedWhen: { at: ok, is: true }, redirect: { at: go } }
campaigns:
  - { seller: ACME1234, category: Auto Insurance, redirects: true, contracts: [{ buyer: northwind }] }
`;

describe('A buyer with its own protocol', () => {
  let world: ApiWorld;
  let worker: Pick<RunningWorker, 'stop'>;
  let northwind: FakeBuyer;
  let leadId: string;
  let cautions: string[];
  beforeAll(async () => {
    world = await openApiWorld();
    northwind = await startBuyer({
      ping: { body: { ok: true, price: 45, id: 'b-1', deep: { promise: PROMISE } } },
      post: { body: { ok: true, go: THANKS } },
    });
    const applied = await applyMarket(world.database, readMarketFile(market(northwind.url)), {
      confirmed: true,
    });
    if (!('changes' in applied)) throw new Error(JSON.stringify(applied));
    cautions = await missingSecrets(world.database, await readTerms(world.database));
    await setNamedSecret(world.database, { buyer: 'northwind', name: 'KEY' }, 's3cret-of-northwind', by);
    worker = await workerOf(world.settings);
  });
  afterAll(async () => {
    await worker.stop();
    await northwind.close();
    await world.close();
  });

  it('brings a caution at apply until its secret is stored', async () => {
    expect(cautions).toEqual([
      'The protocol of northwind uses the secret KEY, which is not stored, so nothing is sent: `gavel secrets set KEY --buyer northwind`.',
    ]);
    expect(await missingSecrets(world.database, await readTerms(world.database))).toEqual([]);
  });

  it('buys in the call, and the answer says where to send the person', async () => {
    const { body } = await sendLead(world, SAMPLE, { prefer: '' });
    expect(body).toMatchObject({ status: 'sold', price: 45, redirect_url: THANKS });
    leadId = String(body.lead_id);
    expect(northwind.of('ping')[0]?.body).toEqual({
      ...{ type: 'ping', key: 's3cret-of-northwind', zip: SAMPLE.zip, 'Lead.State': 'TX' },
    });
    expect(northwind.of('post')[0]?.body).toMatchObject({ key: 's3cret-of-northwind', promise: PROMISE });
    expect((await request(world, `/api/leads/${leadId}`)).body).toMatchObject({ redirect_url: THANKS });
  });

  it('leaves its answer to the ping encrypted in the lead, and its secret in the store', async () => {
    const { body } = await sendLead(world, SAMPLE, { prefer: '' });
    const stored = JSON.stringify(await findStoredLead(world.database, String(body.lead_id)));
    expect(stored).toContain('"kept":');
    expect(stored).not.toContain(PROMISE);
    expect(await listNamedSecrets(world.database, 'northwind')).toMatchObject([{ name: 'KEY' }]);
    for (const collection of await world.database.db.collections())
      expect(JSON.stringify(await collection.find().toArray()), collection.collectionName).not.toContain(
        's3cret',
      );
    expect(world.logged.join('')).not.toMatch(/s3cret|promise-of|thanks/);
  });

  it('keeps its secret when its terms change and when keys are wrapped again', async () => {
    const change = 'buyers: [{ id: northwind, name: Northwind }]';
    await applyMarket(world.database, readMarketFile(change), { confirmed: true });
    await rewrap(world.database, () => undefined);
    const buyer = await findBuyer(world.database, 'northwind');
    expect([buyer?.name, buyer?.secrets('KEY'), buyer?.secrets('OTHER')]).toEqual([
      ...['Northwind', 's3cret-of-northwind', undefined],
    ]);
  });

  it('leaves nothing of its answers when the person is erased', async () => {
    await eraseLead(world.database, leadId, { by: 'ops@example' });
    const lead = JSON.stringify(await findStoredLead(world.database, leadId));
    const sales = JSON.stringify(await world.database.sales.find({ lead: leadId }).toArray());
    expect(lead).not.toContain('"kept":');
    expect(lead + sales).not.toContain('thanks');
  });

  it('gets what it said to the ping back from a worker in the API’s process as well', async () => {
    await worker.stop();
    const serve = await serveOf(world.settings);
    worker = serve;
    const { body } = await sendLead({ ...world, api: serve.api }, SAMPLE, { prefer: '' });
    expect(body).toMatchObject({ status: 'sold' });
    expect(northwind.of('post').at(-1)?.body).toMatchObject({ promise: PROMISE });
  });
});

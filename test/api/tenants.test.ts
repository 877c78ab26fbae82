import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expireLead, markPending } from '../../src/store/leads/leads.js';
import { openApiWorld, request, sendLead, type ApiWorld, type Reply } from './world.js';

describe('a lead is shown only to its seller', () => {
  let world: ApiWorld;
  let leadId: string;
  beforeAll(async () => {
    world = await openApiWorld();
    leadId = String((await sendLead(world)).body.lead_id);
  });
  afterAll(() => world.close());

  const show = async (key: string, id = leadId): Promise<Reply> =>
    request({ ...world, key }, `/api/leads/${id}`);
  const text = ({ body }: Reply) => ({ error: body.error, message: body.message });

  it('every live key of the seller sees it', async () => {
    for (const key of [world.key, await world.keyFor()]) {
      const reply = await show(key);
      expect(reply.body).toMatchObject({ success: true, lead_id: leadId, status: 'pending' });
    }
  });

  it('another seller’s key gets what an unknown id gets', async () => {
    const stranger = await world.keyFor({ seller: 'GLOBEX00' });
    const theirs = await show(stranger);
    const unknown = await show(stranger, leadId.replace(/^......../, '00000000'));
    expect([theirs.status, unknown.status]).toEqual([404, 404]);
    expect(text(theirs)).toEqual(text(unknown));
  });

  it('shows why it was not sold in one word', async () => {
    await markPending(world.database, leadId, new Date(), { reason: 'no_bid' });
    expect((await show(world.key)).body).toMatchObject({ status: 'pending', reason: 'no_bid' });
    await expireLead(world.database, leadId);
    expect((await show(world.key)).body).toMatchObject({ status: 'expired', reason: 'no_bid' });
  });
});

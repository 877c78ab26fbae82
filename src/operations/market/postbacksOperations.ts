import { randomUUID } from 'node:crypto';
import Type from 'typebox';
import { sendTestPostback } from '../../buyers/postback.js';
import { recordAuditEvent } from '../../store/audit.js';
import { SellerName } from '../inputs.js';
import { findSellerByName } from '../findByName.js';
import { operation } from '../operation.js';

export const testPostbacks = operation({
  id: 'testPostbacks',
  summary: 'Send a test to each postback address of a seller, and show the responses',
  tag: 'Market',
  route: 'POST /admin/postbacks/test',
  scope: 'market:write',
  input: { seller: SellerName },
  output: Type.Object(
    {
      seller: Type.String({ description: 'Its code' }),
      addresses: Type.Array(
        Type.Object({
          url: Type.String(),
          delivered: Type.Boolean({ description: 'Whether the response was a 2xx' }),
          answer: Type.String({ description: 'Status of the response, or why there was none' }),
          ms: Type.Integer({ minimum: 0 }),
        }),
      ),
    },
    { $id: 'PostbacksTested', title: 'The response of each address; empty if the seller has none' },
  ),
  failures: ['notFound'],
  async run({ database, by, send }, { seller: named }) {
    const { code, postbacks, secret } = await findSellerByName(database, named);
    const addresses = await Promise.all(
      postbacks.map(async (url) => {
        const { delivered, detail, ms } = await sendTestPostback(send, { url, secret }, randomUUID());
        return { url, delivered, answer: detail, ms };
      }),
    );
    const delivered = addresses.filter((one) => one.delivered).length;
    const values = [{ path: 'delivered', to: `${delivered} of ${addresses.length}` }];
    await recordAuditEvent(database, by, { kind: 'seller', id: code, did: 'postbacks tested', values });
    return { seller: code, addresses };
  },
});

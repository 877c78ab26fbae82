import { randomUUID } from 'node:crypto';
import Type from 'typebox';
import { sendTestPostback } from '../../buyers/postback.js';
import { recordAuditEvent } from '../../store/audit.js';
import { SellerName } from '../inputs.js';
import { findSellerByName } from '../findByName.js';
import { operation } from '../operation.js';

export const testPostbacks = operation({
  id: 'testPostbacks',
  summary: 'Send a test to each address at which a seller is told of its leads, and tell what came back',
  tag: 'Market',
  method: 'POST',
  path: '/admin/postbacks/test',
  scope: 'market:write',
  input: Type.Object({ seller: SellerName }, { title: 'the request' }),
  output: Type.Object(
    {
      seller: Type.String({ description: 'Its code' }),
      addresses: Type.Array(
        Type.Object({
          url: Type.String(),
          delivered: Type.Boolean({ description: 'Whether it answered with a 2xx' }),
          answer: Type.String({ description: 'Its status, or why there was no answer' }),
          ms: Type.Integer({ minimum: 0 }),
        }),
      ),
    },
    { $id: 'PostbacksTested', title: 'What each address said; none where the seller has none' },
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

import Type from 'typebox';
import {
  NO_CONTRACT,
  testBuyer as runTest,
  type TestTerms,
  type BuyerTestCheck,
} from '../../buyers/testBuyer.js';
import { recordAuditEvent } from '../../store/audit.js';
import type { Database } from '../../store/db.js';
import { loadTerms } from '../../store/market/storedTerms.js';
import { conflict, notFound } from '../operationError.js';
import { BuyerName, Flag } from '../inputs.js';
import { findBuyerByName } from '../findByName.js';
import { operation } from '../operation.js';

const optional = Type.Optional;

const Tested = Type.Object(
  {
    buyer: Type.String(),
    contract: optional(
      Type.String({ description: 'The contract whose terms the test used; absent if the buyer has none' }),
    ),
    ok: Type.Boolean({ description: 'Whether all checks passed; warnings count as passed' }),
    checks: Type.Array(
      Type.Object({
        check: Type.String(),
        result: Type.Unsafe<BuyerTestCheck['result']>(Type.String({ description: 'ok, warning or failed' })),
        says: Type.String({ description: 'The finding, and what to do' }),
      }),
    ),
    ping_id: optional(Type.String()),
    post_id: optional(Type.String()),
  },
  { $id: 'BuyerTested', title: 'The result of a test of a buyer’s server' },
);
export type BuyerTestView = Type.Static<typeof Tested>;

export const testBuyer = operation({
  id: 'testBuyer',
  summary:
    'Send a ping of a fictional lead to a buyer’s server, and with `post` a post, and check the responses; nothing is booked',
  tag: 'Buyers',
  route: 'POST /admin/buyers/:buyer_id/test',
  scope: 'market:write',
  input: {
    buyer_id: BuyerName,
    contract: optional(
      Type.String({
        title: 'a contract or campaign of the buyer',
        examples: ['ACME1234/auto-insurance'],
        minLength: 1,
        maxLength: 300,
        description: 'The contract whose floor, fields and states are used; by default the buyer’s first one',
      }),
    ),
    post: optional(Flag('Also posts the lead twice, and sends a status request and a notice')),
  },
  output: Tested,
  failures: ['notFound', 'conflict'],
  async run({ database, by, send }, { buyer_id, contract: named, post = false }) {
    const buyer = await findBuyerByName(database, buyer_id);
    if (buyer.ping === undefined && !post)
      throw conflict(
        `${buyer.id} has no ping address. Test it with a post: \`gavel buyers test ${buyer.id} --post\`, or "post": true.`,
      );
    const { post: address } = buyer;
    if (address === undefined)
      throw conflict(
        `${buyer.id} has no server for posts: its leads go by outlets of its contracts. Try one with \`gavel buyers try CONTRACT --send\`.`,
      );
    const { contract, terms } = await termsFor(database, buyer.id, named);
    const { verdicts, ...ids } = await runTest(send, { ...buyer, post: address }, terms, { withPost: post });
    const failed = verdicts.filter(({ result }) => result === 'failed').map(({ check }) => check);
    const values = [{ path: 'failed', to: failed.length === 0 ? 'nothing' : failed.join(', ') }];
    await recordAuditEvent(database, by, { kind: 'buyer', id: buyer.id, did: 'tested', values });
    return { buyer: buyer.id, contract, ok: failed.length === 0, checks: verdicts, ...ids };
  },
});

async function termsFor(
  database: Database,
  buyer: string,
  named: string | undefined,
): Promise<{ contract?: string; terms: TestTerms }> {
  const all = await database.contracts.find({ buyer }).sort({ active: -1, _id: 1 }).toArray();
  const found =
    named === undefined ? all[0] : all.find(({ _id, campaign }) => [_id, campaign].includes(named));
  if (found === undefined && named !== undefined) {
    const ids = all.map(({ campaign }) => campaign).join(', ');
    const remedy = ids === '' ? 'it has none; leave `contract` out' : `its contracts are in ${ids}`;
    throw notFound(`${buyer} has no contract "${named}": ${remedy}.`);
  }
  const market = found && (await loadTerms(database, found.campaign));
  const ready = market?.contracts.find(({ contract }) => contract.id === found?._id);
  if (market === undefined || ready === undefined) return { terms: NO_CONTRACT };
  return { contract: ready.contract.id, terms: { campaign: market.campaign, contract: ready.contract } };
}

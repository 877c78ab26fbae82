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
import { ApiError } from '../refusal.js';
import { BuyerName, Flag } from '../inputs.js';
import { findBuyerByName } from '../findByName.js';
import { operation } from '../operation.js';

const optional = Type.Optional;

const Tested = Type.Object(
  {
    buyer: Type.String(),
    contract: optional(Type.String({ description: 'Whose terms the test used; absent if it has none' })),
    ok: Type.Boolean({ description: 'Whether no check failed; warnings do not count' }),
    checks: Type.Array(
      Type.Object({
        check: Type.String(),
        result: Type.Unsafe<BuyerTestCheck['result']>(Type.String({ description: 'ok, warning or failed' })),
        says: Type.String({ description: 'What was found, and what to do' }),
      }),
    ),
    ping_id: optional(Type.String()),
    post_id: optional(Type.String()),
  },
  { $id: 'BuyerTested', title: 'What a test of a buyer’s server found' },
);
export type BuyerTestView = Type.Static<typeof Tested>;

export const testBuyer = operation({
  id: 'testBuyer',
  summary:
    'Send a buyer’s server a ping, and a post if asked for, of a fictional lead, and check the answers; nothing is booked',
  tag: 'Buyers',
  method: 'POST',
  path: '/admin/buyers/:buyer_id/test',
  scope: 'market:write',
  input: Type.Object(
    {
      buyer_id: BuyerName,
      contract: optional(
        Type.String({
          title: 'a contract or campaign of the buyer',
          examples: ['ACME1234/auto-insurance'],
          minLength: 1,
          maxLength: 300,
          description: 'Whose terms are used: its floor, fields and states; its first contract unless given',
        }),
      ),
      post: optional(
        Flag('Whether the lead is posted as well, twice, and the status question and a notice are sent'),
      ),
    },
    { title: 'the request' },
  ),
  output: Tested,
  failures: ['notFound', 'conflict'],
  async run({ database, by, send }, { buyer_id, contract: named, post = false }) {
    const buyer = await findBuyerByName(database, buyer_id);
    if (buyer.ping === undefined && !post)
      throw new ApiError(
        'conflict',
        `${buyer.id} has no address for pings; test it with a post: \`gavel buyers test ${buyer.id} --post\`, or "post": true.`,
      );
    const { contract, terms } = await termsFor(database, buyer.id, named);
    const { verdicts, ...ids } = await runTest(send, buyer, terms, { withPost: post });
    const failed = verdicts.filter(({ result }) => result === 'failed').map(({ check }) => check);
    const values = [{ path: 'failed', to: failed.length === 0 ? 'nothing' : failed.join(', ') }];
    await recordAuditEvent(database, by, { kind: 'buyer', id: buyer.id, did: 'tested', values });
    return { buyer: buyer.id, contract, ok: failed.length === 0, checks: verdicts, ...ids };
  },
});

/** The terms of the contract that is named, or else of the buyer's first one that is active. */
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
    throw new ApiError('notFound', `${buyer} has no contract "${named}": ${remedy}.`);
  }
  const market = found && (await loadTerms(database, found.campaign));
  const ready = market?.contracts.find(({ contract }) => contract.id === found?._id);
  if (market === undefined || ready === undefined) return { terms: NO_CONTRACT };
  return { contract: ready.contract.id, terms: { campaign: market.campaign, contract: ready.contract } };
}

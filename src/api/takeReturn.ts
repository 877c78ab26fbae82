import type { LeadFacts } from '../market/lead.js';
import { personScreen } from '../buyers/personScreen.js';
import { MISSING, type FieldFault } from '../market/fields.js';
import { cleanText } from '../market/fields/text.js';
import { problemOfKind, type Given } from '../market/intake/given.js';
import { reasonCode, returnRefusal } from '../market/returns.js';
import type { ReturnPolicy } from '../market/terms.js';
import type { Database } from '../store/db.js';
import { factsOf, findLead } from '../store/leads.js';
import { bookReturn, findReturn, type ReturnDocument } from '../store/returns.js';
import type { SaleDocument } from '../store/sales.js';
import { ApiError } from './apiError.js';

/** A buyer's request to give a lead back, after its key was found good. */
export interface ReturnRequest {
  buyer: string;
  given: Given;
  receivedAt: Date;
}

/**
 * Takes a lead back from its buyer, by the terms of the contract as they are now. A return that is booked already is
 * answered again as it was, whatever the request says beside its `post_id`.
 * @param start sees to it that the lead goes on sale again or that its seller is told; where it fails, the sweep does so
 * @throws ApiError
 */
export async function takeReturn(
  database: Database,
  { buyer, given: request, receivedAt }: ReturnRequest,
  start: (lead: LeadFacts) => Promise<unknown>,
): Promise<ReturnDocument> {
  const { postId, reason, given } = fieldsOf(request);
  const sale = await database.sales.findOne({ _id: postId });
  if (sale?.buyer !== buyer)
    throw new ApiError('notFound', 'This key’s buyer has bought nothing by this post_id.');
  const before = await findReturn(database, postId);
  if (before !== null) return before;
  const contract = await database.contracts.findOne({ _id: sale.contract });
  const policy = policyFor(contract?.returns, sale, reason, receivedAt);
  const isListed = policy.reasons?.includes(reason) === true;
  const kept = isListed || !(await namesPerson(database, sale.lead, given, reason)) ? reason : WITHHELD;
  const { returned, isNew } = await bookReturn(database, sale, policy, kept, receivedAt);
  const lead = isNew ? await database.leads.findOne({ _id: sale.lead }) : null;
  if (lead) await start(factsOf(lead));
  return returned;
}

/** What is booked as the reason of a return whose own reason may name the person: the return itself is right. */
const WITHHELD = 'withheld';

/** A reason that the contract lists is the market file's; any other is the buyer's own, and may say anything. */
async function namesPerson(database: Database, leadId: string, ...texts: string[]): Promise<boolean> {
  const lead = await findLead(database, leadId);
  return lead !== null && texts.some(personScreen(lead));
}

interface ReturnFields {
  postId: string;
  reason: string;
  /** The reason as it was sent. */
  given: string;
}

function fieldsOf(request: Given): ReturnFields {
  const textOf = (name: string): string | undefined => {
    const value = request.get(name);
    return value?.kind === 'text' ? cleanText(value.text) || undefined : undefined;
  };
  const faults = ['post_id', 'reason'].flatMap((field): FieldFault[] => {
    const value = request.get(field);
    const problem = value && problemOfKind(value);
    return problem === undefined ? [] : [{ field, problem }];
  });
  const [postId, given] = [textOf('post_id'), textOf('reason')];
  const reason = given === undefined ? undefined : reasonCode(given);
  const missing = Object.entries({ post_id: postId, reason: given }).flatMap(([field, value]) =>
    value === undefined && faults.every((fault) => fault.field !== field)
      ? [{ field, problem: MISSING }]
      : [],
  );
  const words: FieldFault[] =
    given === undefined || reason !== undefined
      ? []
      : [{ field: 'reason', problem: 'a few words of a-z and 0-9, at most 40 characters' }];
  const fields = [...faults, ...missing, ...words];
  if (postId !== undefined && given !== undefined && reason !== undefined && fields.length === 0)
    return { postId, reason, given };
  const names = fields.map(({ field, problem }) => `${field} (${problem})`).join(', ');
  throw new ApiError(
    missing.length > 0 ? 'missingField' : 'invalidField',
    `Correct these fields and send it again: ${names}.`,
    { fields },
  );
}

/** The terms that allow the return. */
function policyFor(
  policy: ReturnPolicy | undefined,
  sale: SaleDocument,
  reason: string,
  now: Date,
): ReturnPolicy {
  const refusal = returnRefusal(policy, reason, sale.at.getTime(), now.getTime());
  if (policy === undefined || refusal === 'not_agreed')
    throw new ApiError('noReturns', 'The contract under which this lead was bought allows no returns.');
  if (refusal === 'too_late') {
    const until = new Date(sale.at.getTime() + policy.within).toISOString();
    throw new ApiError('returnTooLate', `This lead could be given back until ${until}.`);
  }
  if (refusal === undefined) return policy;
  const problem = `one of ${(policy.reasons ?? []).join(', ')}`;
  throw new ApiError('invalidField', `The contract takes leads back for these reasons: ${problem}.`, {
    fields: [{ field: 'reason', problem }],
  });
}

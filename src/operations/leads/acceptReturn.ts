import type { LeadFacts } from '../../market/model/lead.js';
import { personScreen } from '../../buyers/personScreen.js';
import { MISSING, type FieldFault } from '../../market/fields/standardFields.js';
import { cleanText } from '../../market/fields/text.js';
import { problemOfKind, type Given } from '../../market/intake/given.js';
import { reasonCode, returnRefusal } from '../../market/model/returnShares.js';
import type { ReturnPolicy } from '../../market/model/market.js';
import type { Database } from '../../store/db.js';
import { factsOf, findLead } from '../../store/leads/leads.js';
import { bookReturn, findReturn } from '../../store/books/returns.js';
import type { ReturnDocument, SaleDocument } from '../../store/documents.js';
import { ApiError } from '../refusal.js';

/** A buyer's request to give a lead back, after its key was found good. */
export interface ReturnRequest {
  buyer: string;
  given: Given;
  receivedAt: Date;
}

/**
 * Takes a lead back from its buyer, by the terms of the contract as they are now. A return that is booked already is
 * answered again as it was, whatever the request says beside its `post_id` or `lead_id`.
 * @param start sees to it that the lead goes on sale again or that its seller is told; where it fails, the sweep does so
 * @throws ApiError
 */
export async function acceptReturn(
  database: Database,
  { buyer, given: request, receivedAt }: ReturnRequest,
  start: (lead: LeadFacts) => Promise<unknown>,
): Promise<ReturnDocument & { test: boolean }> {
  const { reason, given, ...named } = fieldsOf(request);
  const sale = await saleOf(database, buyer, named);
  const before = await findReturn(database, sale._id);
  if (before !== null) return { ...before, test: sale.test };
  const contract = await database.contracts.findOne({ _id: sale.contract });
  const policy = policyFor(contract?.returns, sale, reason, receivedAt);
  const isListed = policy.reasons?.includes(reason) === true;
  const kept = isListed || !(await namesPerson(database, sale.lead, given, reason)) ? reason : WITHHELD;
  const { returned, isNew } = await bookReturn(database, sale, { policy, reason: kept, at: receivedAt });
  const lead = isNew ? await database.leads.findOne({ _id: sale.lead }) : null;
  if (lead) await start(factsOf(lead));
  return { ...returned, test: sale.test };
}

/**
 * The sale that a request means. `lead_id` alone names it only if the buyer has bought the lead once, returned sales
 * included: a repeated request must not give back another sale than the first one did.
 */
async function saleOf(
  { sales }: Database,
  buyer: string,
  { postId, leadId }: Pick<ReturnFields, 'postId' | 'leadId'>,
): Promise<SaleDocument> {
  const [sale, ...others] = await sales.find({ buyer, _id: postId, lead: leadId }).sort({ at: 1 }).toArray();
  if (sale === undefined) {
    const names = [postId === undefined ? [] : 'post_id', leadId === undefined ? [] : 'lead_id'].flat();
    throw new ApiError('notFound', `This key’s buyer has bought nothing by this ${names.join(' and ')}.`);
  }
  if (others.length === 0) return sale;
  const problem = `bought ${others.length + 1} times; send post_id instead: ${[sale, ...others].map(({ _id }) => _id).join(' or ')}`;
  throw new ApiError('invalidField', `Correct these fields and send it again: lead_id (${problem}).`, {
    fields: [{ field: 'lead_id', problem }],
  });
}

/** What is booked as the reason of a return whose own reason may name the person: the return itself is right. */
const WITHHELD = 'withheld';

/** A reason that the contract lists is the market file's; any other is the buyer's own, and may say anything. */
async function namesPerson(database: Database, leadId: string, ...texts: string[]): Promise<boolean> {
  const lead = await findLead(database, leadId);
  return lead !== null && texts.some(personScreen(lead));
}

/** One of the ids is there, or both. */
interface ReturnFields {
  postId?: string;
  leadId?: string;
  reason: string;
  /** The reason as it was sent. */
  given: string;
}

function fieldsOf(request: Given): ReturnFields {
  const textOf = (name: string): string | undefined => {
    const value = request.get(name);
    return value?.kind === 'text' ? cleanText(value.text) || undefined : undefined;
  };
  const faults = ['post_id', 'lead_id', 'reason'].flatMap((field): FieldFault[] => {
    const value = request.get(field);
    const problem = value && problemOfKind(value);
    return problem === undefined ? [] : [{ field, problem }];
  });
  const [postId, leadId, given] = ['post_id', 'lead_id', 'reason'].map(textOf);
  const reason = given === undefined ? undefined : reasonCode(given);
  const similar = [...request.keys()].find((name) => /^(?:post|lead)[ _-]?id$/i.test(name));
  const hint = similar === undefined || request.has('post_id') ? '' : `; you sent ${JSON.stringify(similar)}`;
  const needed = [
    { field: 'post_id', value: postId ?? leadId, problem: `${MISSING}; send post_id or lead_id${hint}` },
    { field: 'reason', value: given, problem: MISSING },
  ];
  const missing = needed.filter(
    ({ field, value }) => value === undefined && faults.every((fault) => fault.field !== field),
  );
  const words: FieldFault[] =
    given === undefined || reason !== undefined
      ? []
      : [{ field: 'reason', problem: 'a few words of a-z and 0-9, at most 40 characters' }];
  const fields = [...faults, ...missing, ...words].map(({ field, problem }) => ({ field, problem }));
  if (given !== undefined && reason !== undefined && fields.length === 0)
    return { postId, leadId, reason, given };
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
  const reasons = (policy.reasons ?? []).join(', ');
  throw new ApiError('invalidField', `The contract takes leads back for these reasons: ${reasons}.`, {
    fields: [{ field: 'reason', problem: `one of ${reasons}` }],
  });
}

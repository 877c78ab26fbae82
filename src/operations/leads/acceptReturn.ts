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
import { OperationError, notFound } from '../operationError.js';

/**
 * Returns a lead by the current terms of the contract. If the return is already booked, it is returned unchanged, even if
 * the request differs in other fields than `post_id` and `lead_id`.
 * @param start starts the lead's workflow, which sells the lead again or notifies the seller; the sweep does so if it fails
 * @throws OperationError
 */
export async function acceptReturn(
  database: Database,
  { buyer, given: request, receivedAt }: { buyer: string; given: Given; receivedAt: Date },
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
 * Finds the sale to return. `lead_id` alone is enough only if the buyer bought the lead once, counting returned sales:
 * a retry must not return another sale than the first request did.
 */
async function saleOf(
  { sales }: Database,
  buyer: string,
  { postId, leadId }: Pick<ReturnFields, 'postId' | 'leadId'>,
): Promise<SaleDocument> {
  const [sale, ...others] = await sales.find({ buyer, _id: postId, lead: leadId }).sort({ at: 1 }).toArray();
  if (sale === undefined) {
    const names = [postId === undefined ? [] : 'post_id', leadId === undefined ? [] : 'lead_id'].flat();
    throw notFound(`This key’s buyer has bought nothing by this ${names.join(' and ')}.`);
  }
  if (others.length === 0) return sale;
  const problem = `bought ${others.length + 1} times; send post_id instead: ${[sale, ...others].map(({ _id }) => _id).join(' or ')}`;
  throw new OperationError('invalidField', `Correct these fields and send it again: lead_id (${problem}).`, {
    fields: [{ field: 'lead_id', problem }],
  });
}

/** Stored instead of a reason that may name the person. The return itself is valid. */
const WITHHELD = 'withheld';

/** Only reasons outside the contract's list are checked: a buyer may write anything there. */
async function namesPerson(database: Database, leadId: string, ...texts: string[]): Promise<boolean> {
  const lead = await findLead(database, leadId);
  return lead !== null && texts.some(personScreen(lead));
}

/** At least one of the ids is defined. */
interface ReturnFields {
  postId?: string;
  leadId?: string;
  reason: string;
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
  throw new OperationError(
    missing.length > 0 ? 'missingField' : 'invalidField',
    `Correct these fields and send it again: ${names}.`,
    { fields },
  );
}

/** @throws OperationError if the terms do not allow the return */
function policyFor(
  policy: ReturnPolicy | undefined,
  sale: SaleDocument,
  reason: string,
  now: Date,
): ReturnPolicy {
  const refusal = returnRefusal(policy, reason, sale.at.getTime(), now.getTime());
  if (policy === undefined || refusal === 'not_agreed')
    throw new OperationError('noReturns', 'The contract under which this lead was bought allows no returns.');
  if (refusal === 'too_late') {
    const until = new Date(sale.at.getTime() + policy.within).toISOString();
    throw new OperationError('returnTooLate', `This lead could be returned until ${until}.`);
  }
  if (refusal === undefined) return policy;
  const reasons = (policy.reasons ?? []).join(', ');
  throw new OperationError('invalidField', `The contract takes leads back for these reasons: ${reasons}.`, {
    fields: [{ field: 'reason', problem: `one of ${reasons}` }],
  });
}

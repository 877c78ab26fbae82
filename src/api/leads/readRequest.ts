import { namesPerson } from '../../market/fields/identifyingFields.js';
import { isMissing, type FieldFault } from '../../market/fields/standardFields.js';
import type { SourceTerms } from '../../market/fields/aliases.js';
import { cleanText } from '../../market/fields/text.js';
import type { Given } from '../../market/intake/given.js';
import { readAddressing, readLead, type LeadReading } from '../../market/intake/readLead.js';
import { formatUtc } from '../../market/calendar/isoTime.js';
import { isPaused } from '../../market/model/pause.js';
import { categoryKey, type Campaign, type Seller } from '../../market/model/market.js';
import { OperationError } from '../../operations/operationError.js';
import type { ReadCache } from '../readCache.js';
import { invalidKey, type SellerKey } from '../plugins/auth.js';

/** A lead, with the campaign whose terms it was read by. */
export interface ReadRequest {
  campaign: Campaign;
  reading: LeadReading;
}

/**
 * Finds the campaign of the lead, and reads the lead's fields by its terms.
 * @throws OperationError with all faults
 */
export const readRequest = (cache: ReadCache, key: SellerKey, given: Given): Promise<ReadRequest> =>
  read(cache, key, given, ({ required }) => ({ required, faults: [] }));

/**
 * The same for a ping, which has no person: fields that name one are not required, and are faults.
 * @throws OperationError with all faults
 */
export const readPingRequest = (cache: ReadCache, key: SellerKey, given: Given): Promise<ReadRequest> =>
  read(cache, key, given, ({ required, fields }) => ({
    required: required.filter((name) => !namesPerson(name, fields)),
    faults: [...given.keys()]
      .filter((name) => namesPerson(name, fields))
      .map((field) => ({ field: cleanText(field), problem: 'names the person; leave it out of a ping' })),
  }));

/** @param rules by the campaign: the required fields, and faults besides those of the fields' values */
async function read(
  cache: ReadCache,
  key: SellerKey,
  given: Given,
  rules: (campaign: Pick<Campaign, 'required' | 'fields'>) => {
    required: readonly string[];
    faults: FieldFault[];
  },
): Promise<ReadRequest> {
  const own = await cache.seller(key.seller);
  const source = termsOf(own?.sources, key.source);
  const named = readAddressing(given, source);
  const seller = named.seller === undefined ? own : await cache.seller(named.seller);
  if (seller?.code !== key.seller) throw anotherSeller();
  const campaign =
    named.category === undefined ? undefined : await cache.campaign(key.seller, categoryKey(named.category));
  if (named.category !== undefined && !campaign) throw noCampaign();
  if (campaign !== undefined && (!seller.active || isPaused(campaign, Date.now())))
    throw pausedCampaign(campaign, seller);

  const terms = campaign ?? { required: [] };
  const { required, faults } = rules(terms);
  const reading = readLead(given, { ...terms, required, source });
  const found = [...faults, ...reading.faults];
  if (campaign !== undefined && found.length === 0) return { campaign, reading };
  throw faulty(found, campaign === undefined ? REST_UNKNOWN : '');
}

const termsOf = (sources: Seller['sources'] = {}, source: string): SourceTerms | undefined =>
  Object.hasOwn(sources, source) ? sources[source] : undefined;

/** Also for a seller that does not exist, so that a key reveals nothing about other sellers. */
const anotherSeller = (): OperationError =>
  invalidKey(
    'This key belongs to another seller. Check `seller`: it must be the code or the slug of the seller that this key belongs to.',
  );

function pausedCampaign({ active, pausedUntil }: Campaign, seller: Seller): OperationError {
  const [until, then] =
    active && seller.active && pausedUntil !== undefined
      ? [`until ${formatUtc(pausedUntil)}`, 'send the lead again then']
      : ['at present: it is paused', 'ask the seller when to send the lead again'];
  return new OperationError(
    'noCampaign',
    `The seller takes no leads of this category ${until}. Nothing was stored; ${then}.`,
  );
}

const noCampaign = (): OperationError =>
  new OperationError(
    'noCampaign',
    'The seller has no campaign of this category. Check how `category` is written. If it is right, ask the seller.',
  );

const REST_UNKNOWN = ' Which other fields are required depends on the category.';

function faulty(fields: FieldFault[], more: string): OperationError {
  const names = fields.map(({ field, problem }) => `${field} (${problem})`).join(', ');
  return new OperationError(
    fields.some(isMissing) ? 'missingField' : 'invalidField',
    `Correct these fields and send it again: ${names}.${more}`,
    { fields },
  );
}

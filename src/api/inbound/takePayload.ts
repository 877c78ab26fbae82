import { metrics } from '../../metrics.js';
import type { FieldFault } from '../../market/fields/standardFields.js';
import type { GivenValue } from '../../market/intake/given.js';
import type { SourceDocument } from '../../market/mapping/documents.js';
import { mappedValues, withSentValues, type MappedDocument } from '../../market/mapping/mapDocument.js';
import { textsOf } from '../../market/mapping/documentText.js';
import { compiledPath } from '../../market/mapping/mapField.js';
import { valueAt } from '../../market/mapping/path.js';
import { OperationError, type ErrorKind } from '../../operations/operationError.js';
import { storePayload, type Payload } from '../../store/leads/payloads.js';
import type { LeadApiContext } from '../context.js';
import { acceptLead } from '../leads/acceptLead.js';
import { createBacklog } from '../leads/backlog.js';
import { holdsKey, MAX_FIELDS, MAX_NAME } from '../leads/mergeFields.js';
import { readRequest } from '../leads/readRequest.js';
import type { SellerKey } from '../plugins/auth.js';
import type { ReadCache } from '../readCache.js';
import { withoutKeys } from './withoutKeys.js';
import type { InboundSource } from './sourceCache.js';

/** The result for one document of a request: a lead, a lead that is still to be read, or the reason of its refusal. */
export type Taken =
  | { leadId: string; status: 'taken' | 'repeated' }
  | { status: 'due' }
  | { status: 'refused'; message: string; fields?: FieldFault[]; isTest: boolean };

/** A payload whose origin is proven. */
export interface ProvenPayload {
  source: InboundSource;
  key: SellerKey;
  payload: Payload;
  receivedAt: Date;
  /** Of a payload that is taken again: when it came. */
  sentAt?: Date;
  /** The id of the payload. Of a document that may be taken again, its own, which identifies it if the mapping does not. */
  payloadId?: string;
}

export interface Services {
  context: LeadApiContext;
  cache: ReadCache;
}

/** Errors of what was sent, or of the market: the payload is kept, and may be sent again by ops. */
const REFUSALS: readonly ErrorKind[] = [
  'missingField',
  'invalidField',
  'noCampaign',
  'invalidRequest',
  'invalidKey',
  'tooLarge',
  'wrongType',
];

export const isRefusal = (error: unknown): error is OperationError =>
  error instanceof OperationError && REFUSALS.includes(error.kind);

/**
 * Takes one document as a lead. It never waits for buyers, because form builders give up after a few seconds.
 * @throws a database error if nothing could be stored
 */
export async function takeDocument(
  services: Services,
  proven: Omit<ProvenPayload, 'payload'>,
  { document, isForm }: { document: SourceDocument; isForm: boolean },
): Promise<Taken> {
  const { source, key, receivedAt, sentAt = receivedAt } = proven;
  const options = { now: sentAt.getTime(), plusWasSpace: isForm };
  const mapped = source.mapping.map(document, options);
  const isTest = key.test || mapped.isTest;
  const faults = [...mapped.fields].flatMap(([field, one]) =>
    'fault' in one ? [{ field, problem: one.fault }] : [],
  );
  if (faults.length > 0) return { status: 'refused', message: namesOf(faults), fields: faults, isTest };
  try {
    return await accept(services, { ...proven, key: { ...key, test: isTest }, mapped, isForm });
  } catch (error) {
    if (error instanceof OperationError && (error.kind === 'keyReused' || error.kind === 'inProgress'))
      return { leadId: '', status: 'repeated' };
    if (!isRefusal(error)) throw error;
    return { status: 'refused', message: error.message, fields: error.details.fields, isTest };
  }
}

const namesOf = (faults: readonly FieldFault[]): string =>
  `Correct these fields: ${faults.map(({ field, problem }) => `${field} (${problem})`).join(', ')}.`;

async function accept(
  { context, cache }: Services,
  {
    source,
    key,
    receivedAt,
    payloadId,
    mapped,
    isForm,
  }: Omit<ProvenPayload, 'payload'> & { mapped: MappedDocument; isForm: boolean },
): Promise<Taken> {
  const given = new Map<string, GivenValue>([['seller', { kind: 'text', text: source.seller }]]);
  for (const [field, value] of mappedValues(mapped)) {
    if (field.length > MAX_NAME || [value].flat().some(holdsKey)) continue;
    given.set(
      field,
      typeof value === 'string'
        ? { kind: 'text', text: value, plusWasSpace: isForm || undefined }
        : { kind: 'list', texts: value, repeated: false },
    );
  }
  if (given.size > MAX_FIELDS)
    throw new OperationError('tooLarge', `The lead has more than ${MAX_FIELDS} fields.`);
  const { campaign, reading } = await readRequest(cache, key, given);
  const read = { ...reading, lead: withSentValues(reading.lead, mapped) };
  const taken = await acceptLead(
    context,
    { cache, backlog: createBacklog(context.settings.ANSWER_WINDOW_MS) },
    {
      campaign,
      reading: read,
      key,
      given,
      idempotencyKey: mapped.once ?? payloadId,
      idempotencyScope: `source/${source.seller}/${source.name}`,
      answerWithinMs: 0,
      receivedAt,
    },
  );
  if ('repeated' in taken) return { leadId: taken.repeated._id, status: 'repeated' };
  metrics.leadAnswered(1, { campaign: campaign.id, status: 'pending' });
  return { leadId: taken.lead._id, status: 'taken' };
}

/** The id of a lead that a document only announces; undefined if it has the lead itself. */
export function announcedLead(
  { inbound: { fetch } }: InboundSource,
  document: SourceDocument,
): string | undefined {
  if (fetch?.token === undefined) return undefined;
  const [id] = textsOf(valueAt(compiledPath(fetch.id), document));
  // Dots alone would lead to another address of the platform.
  return id !== undefined && /^(?!\.+$)[\w:.-]{1,128}$/.test(id) && !('field_data' in document)
    ? id
    : undefined;
}

/** Keeps a payload that did not become a lead, without keys that it repeats. */
export async function keepFailed(
  { context }: Pick<Services, 'context'>,
  { source, key, payload, payloadId, receivedAt }: ProvenPayload,
  { reason, test }: { reason: string; test: boolean },
): Promise<void> {
  await storePayload(context.database, {
    id: payloadId,
    seller: source.seller,
    source: source.name,
    key: key._id,
    test,
    state: 'failed',
    reason,
    payload: { ...payload, body: withoutKeys(payload.body) },
    now: receivedAt,
  });
}

import Type from 'typebox';
import { expandInbound } from '../../market/file/inboundValues.js';
import { SourceName } from '../../market/file/values.js';
import { compileInbound, type MappedDocument } from '../../market/mapping/mapDocument.js';
import { recordAuditEvent } from '../../store/audit.js';
import type { Database } from '../../store/db.js';
import { listPayloads, openPayload, replayPayloads } from '../../store/leads/payloads.js';
import { findInboundSource } from '../../store/market/storedTerms.js';
import { notFound, OperationError } from '../operationError.js';
import { operation } from '../operation.js';
import { readPayload } from './readPayload.js';

const optional = Type.Optional;
const tag = 'Sources';

const Field = Type.Object({
  field: Type.String({ description: 'The lead’s field' }),
  value: optional(Type.Array(Type.String(), { description: 'Its normal form, or what was sent' })),
  sent: optional(Type.Array(Type.String(), { description: 'What was sent, if it is something else' })),
  note: optional(Type.String({ description: 'A remark on how it was read' })),
  missing: optional(Type.String({ description: 'Why the field has no value' })),
  fault: optional(Type.String({ description: 'Why the lead is refused' })),
});

const Tried = Type.Object({
  fields: Type.Array(Field),
  test: Type.Boolean(),
  once: optional(Type.String({ description: 'What identifies the lead if it comes again' })),
});

export type TriedView = Type.Static<typeof Tried>;

/** The longest body of a source, bytes. */
const MAX_BODY = 65_536;

export const trySource = operation({
  id: 'trySource',
  summary: 'Show what a source’s mapping makes of a body, field by field. Nothing is stored',
  tag,
  route: 'POST /admin/sources/:source/try',
  scope: 'market:read',
  maxBodyBytes: 2 * MAX_BODY,
  input: {
    source: SourceName,
    sample: Type.String({
      title: 'a body (at most 65536 characters)',
      maxLength: MAX_BODY,
      description: 'As the sender sends it',
    }),
    content_type: optional(
      Type.String({ title: 'a content type', examples: ['application/json'], maxLength: 200 }),
    ),
  },
  output: Type.Object(
    { leads: Type.Array(Tried), ignored: Type.Integer({ description: 'Documents that are no leads' }) },
    { $id: 'TriedSource', title: 'What a body becomes' },
  ),
  failures: ['notFound'],
  async run({ database }, { source, sample, content_type }) {
    const { inbound: own, terms } = await sourceNamed(database, source);
    const inbound = expandInbound(own);
    const { read, map } = compileInbound(inbound, terms);
    const { document, isForm } = await readPayload(Buffer.from(sample), content_type, inbound);
    const { documents, ignored, problem } = read(document);
    if (problem !== undefined) throw new OperationError('tooLarge', problem);
    const now = Date.now();
    return { leads: documents.map((one) => triedView(map(one, { now, plusWasSpace: isForm }))), ignored };
  },
});

function triedView({ fields, isTest, once }: MappedDocument): TriedView {
  return {
    fields: [...fields].map(([field, mapped]) => {
      if (!('value' in mapped)) return { field, ...mapped };
      const isSame = JSON.stringify(mapped.value) === JSON.stringify(mapped.sent);
      return {
        field,
        value: [mapped.value].flat(),
        sent: isSame ? undefined : [mapped.sent].flat(),
        note: mapped.note,
      };
    }),
    test: isTest,
    once,
  };
}

const Failed = Type.Object({
  id: Type.String(),
  source: Type.String(),
  seller: Type.String(),
  at: Type.String({ description: 'When it came' }),
  state: Type.Enum(['failed', 'due'], {
    type: 'string',
    description: '`due`: it is taken again, or its lead is still to be read from the platform',
  }),
  reason: Type.String({ description: 'Why it is no lead' }),
  test: Type.Boolean(),
  attempts: Type.Integer(),
});
export type FailedView = Type.Static<typeof Failed>;

export const showFailedPayloads = operation({
  id: 'listFailedPayloads',
  summary: 'List the requests of sources that did not become leads, newest first. They are kept for a day',
  tag,
  route: 'GET /admin/sources/failed',
  scope: 'leads:read',
  input: { source: optional(SourceName) },
  output: Type.Object({ payloads: Type.Array(Failed) }, { $id: 'FailedPayloads', title: 'Failed requests' }),
  async run({ database }, { source }) {
    const payloads = await listPayloads(database, { source, now: new Date() });
    return {
      payloads: payloads.map(({ _id, at, ...rest }) => ({
        id: _id,
        source: rest.source,
        seller: rest.seller,
        at: at.toISOString(),
        state: rest.state,
        reason: rest.reason,
        test: rest.test,
        attempts: rest.attempts,
      })),
    };
  },
});

export const showFailedPayload = operation({
  id: 'showFailedPayload',
  summary: 'Read a request that did not become a lead, with personal data. The audit records who read it',
  tag,
  route: 'GET /admin/sources/failed/:id',
  scope: 'persons:read',
  input: { id: PayloadId() },
  output: Type.Object(
    { id: Type.String(), content_type: optional(Type.String()), body: Type.String() },
    { $id: 'FailedPayload', title: 'A failed request' },
  ),
  failures: ['notFound'],
  async run({ database, by }, { id }) {
    const found = await database.payloads.findOne({ _id: id, expiresAt: { $gt: new Date() } });
    if (found === null) throw notFound('There is no such request, or its day is over.');
    const { contentType, body } = openPayload(database, found);
    await recordAuditEvent(database, by, {
      kind: 'source',
      id: found.source,
      did: 'payload shown',
      values: [],
    });
    return { id, content_type: contentType, body: body.toString() };
  },
});

function PayloadId() {
  return Type.String({
    title: 'the id of a request',
    examples: ['019aaf5e-7c1d-7000-8000-000000000000'],
    minLength: 1,
    maxLength: 64,
  });
}

export const replaySource = operation({
  id: 'replaySource',
  summary: 'Take failed requests of a source again, with its present mapping; the APIs do so within 5 s',
  tag,
  route: 'POST /admin/sources/:source/replay',
  scope: 'leads:write',
  input: { source: SourceName, id: optional(PayloadId()) },
  output: Type.Object(
    { source: Type.String(), replayed: Type.Integer({ description: 'Number of requests' }) },
    { $id: 'Replayed', title: 'Requests that are taken again' },
  ),
  async run({ database, by }, { source, id }) {
    const replayed = await replayPayloads(database, { source, id, now: new Date() });
    const values = [{ path: 'payloads', to: String(replayed) }];
    await recordAuditEvent(database, by, { kind: 'source', id: source, did: 'replayed', values });
    return { source, replayed };
  },
});

async function sourceNamed(database: Database, name: string) {
  const found = await findInboundSource(database, name);
  if (found !== undefined) return found;
  throw notFound(`No seller has a source "${name}" with inbound. \`gavel market show\` shows all.`);
}

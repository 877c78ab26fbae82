import Type from 'typebox';
import { sampleFields } from '../../buyers/testBuyer.js';
import { tryContract as run } from '../../buyers/tryContract.js';
import type { GivenValue } from '../../market/intake/given.js';
import { readLead, type IntakeTerms } from '../../market/intake/readLead.js';
import { postedFields } from '../../market/fields/standardFields.js';
import type { FieldValue } from '../../market/fields/reading.js';
import { recordAuditEvent } from '../../store/audit.js';
import type { Database } from '../../store/db.js';
import { findLead } from '../../store/leads/leads.js';
import { loadTerms } from '../../store/market/storedTerms.js';
import { findContractByName } from '../findByName.js';
import { BuyerName, CategoryName, Flag, SellerName } from '../inputs.js';
import { operation } from '../operation.js';
import { conflict, notFound, OperationError } from '../operationError.js';

const optional = Type.Optional;

const Step = Type.Object({
  step: Type.Enum(['ping', 'post'], { type: 'string' }),
  to: Type.String({ description: 'The address, or the channel of an outlet' }),
  sent: Type.String({ description: 'The request or message as it is sent' }),
  came: optional(Type.String({ description: 'The answer; absent if nothing was sent' })),
  means: optional(Type.String({ description: 'How the exchange reads the answer' })),
});

const Tried = Type.Object(
  { contract: Type.String(), steps: Type.Array(Step) },
  { $id: 'ContractTried', title: 'What a contract sends of a lead, and what comes back' },
);
export type ContractTriedView = Type.Static<typeof Tried>;

export const tryContract = operation({
  id: 'tryContract',
  summary:
    'Show what a contract sends of a lead, to the buyer’s server or by its outlet; with `send`, send it as a test and show the answer',
  tag: 'Buyers',
  route: 'POST /admin/contracts/:seller/:category/:buyer_id/try',
  scope: 'market:write',
  input: {
    seller: SellerName,
    category: CategoryName,
    buyer_id: BuyerName,
    lead: optional(
      Type.Record(Type.String({ maxLength: 64 }), Type.Union([Type.String(), Type.Array(Type.String())]), {
        title: 'the fields of a lead',
        description: 'Fields of a lead, as a source sends them; by default a fictional lead',
      }),
    ),
    lead_id: optional(
      Type.String({
        title: 'a lead',
        maxLength: 64,
        description:
          'A stored lead instead; needs the scope `persons:read`, and to be sent, it must be a test lead',
      }),
    ),
    send: optional(Flag('Also sends it, marked as a test')),
  },
  output: Tried,
  failures: ['notFound', 'conflict'],
  async run(
    { database, by, scopes, send, outlets },
    { seller, category, buyer_id, lead, lead_id, send: sends = false },
  ) {
    const { id, campaign } = await findContractByName(database, `${seller}/${category}/${buyer_id}`);
    const market = await loadTerms(database, campaign);
    const ready = market?.contracts.find(({ contract }) => contract.id === id);
    if (market === undefined || ready === undefined) throw notFound(`The market has no contract "${id}".`);
    const terms = { campaign: market.campaign, contract: ready.contract };
    const given = lead === undefined ? sampleFields(terms) : fieldsIn(lead, market.campaign);
    const fields = lead_id === undefined ? given : await storedFields(database, lead_id, { scopes, sends });
    const steps = await run({ send, outlets }, { buyer: ready.buyer, terms, fields }, { sends });
    const values = [{ path: 'sent', to: String(sends) }];
    await recordAuditEvent(database, by, { kind: 'contract', id, did: 'tried', values });
    return { contract: id, steps };
  },
});

/** The fields of a lead as it would be stored. */
function fieldsIn(lead: Record<string, FieldValue>, campaign: IntakeTerms): Record<string, FieldValue> {
  const given = Object.entries(lead).map(([name, value]): [string, GivenValue] => [
    name,
    typeof value === 'string'
      ? { kind: 'text', text: value }
      : { kind: 'list', texts: value, repeated: false },
  ]);
  return readLead(new Map(given), { ...campaign, required: [] }).lead.fields;
}

/** @throws OperationError if the caller may not see the person, or a live lead would be sent */
async function storedFields(
  database: Database,
  id: string,
  { scopes, sends }: { scopes: readonly string[]; sends: boolean },
): Promise<Record<string, FieldValue>> {
  if (!scopes.includes('persons:read'))
    throw new OperationError(
      'scopeMissing',
      'The lead’s personal data would be shown. Use a key that also has the scope persons:read.',
    );
  const lead = await findLead(database, id);
  if (lead === null) throw notFound(`There is no lead "${id}".`);
  if (sends && !lead.test)
    throw conflict(
      'Only test leads can be sent by a try: the buyer would get a person’s data twice. Leave out --send.',
    );
  return postedFields(lead);
}

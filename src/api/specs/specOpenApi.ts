import { namesPerson } from '../../market/fields/identifyingFields.js';
import type { OpenApi, Operation } from '../docs/openapi.js';
import type { Sample } from '../docs/guide.js';
import { BUYER_ERRORS } from '../errorTable.js';
import { campaignFields, exampleLead, type CampaignField, type SpecTerms } from './campaignFields.js';
import { samplesFor } from './specSamples.js';

/** An OpenAPI document with its schemas. */
type WithSchemas = OpenApi & {
  info?: object;
  servers?: object[];
  components?: { schemas?: Record<string, Schema>; securitySchemes?: Record<string, object> };
};

interface Schema {
  properties?: Record<string, { enum?: string[]; examples?: unknown[] }>;
}

interface Options {
  terms: SpecTerms;
  /** The base URL of the API. */
  origin: string;
  /** The address of the specs page. */
  page: string;
  samples: readonly Sample[];
}

/** The operations of sources. */
const PATHS = /^\/api\/(?:leads|pings)(?:$|\/)/;

/** The OpenAPI document of the Lead API, reduced to the sources' operations, with the schemas of this campaign's leads. */
export function specOpenApi(document: WithSchemas, { terms, origin, page, samples }: Options): object {
  const own = structuredClone(document);
  const { campaign, seller } = terms;
  const paths = Object.fromEntries(Object.entries(own.paths).filter(([path]) => PATHS.test(path)));
  const example = exampleLead(terms);
  const send = paths['/api/leads']?.post;
  if (send !== undefined) send['x-codeSamples'] = samplesFor(samples, example, origin);
  const batch = paths['/api/leads/batch']?.post;
  if (batch !== undefined) setBodyExample(batch, `${JSON.stringify(example)}\n`);
  const { LeadRequest, ErrorAnswer, ...others } = own.components?.schemas ?? {};
  const { key } = own.components?.securitySchemes ?? {};
  const schemas = {
    ...others,
    ErrorAnswer: withoutBuyersErrors(ErrorAnswer),
    LeadRequest: leadSchema(terms, LeadRequest?.properties?.ping_id),
    PingRequest: pingSchema(terms),
  };
  return {
    ...own,
    info: {
      title: `${seller.name}: ${campaign.category} leads`,
      version: '1.0.0',
      description: `How to send leads of the campaign ${campaign.id}.`,
    },
    externalDocs: { url: page, description: 'The same for people' },
    servers: [{ url: origin }],
    tags: [{ name: 'Leads', description: 'Send leads, and ask for their status' }],
    paths,
    components: { securitySchemes: { key }, schemas: referenced(paths, schemas) },
  };
}

function setBodyExample({ requestBody }: Operation, example: string): void {
  const { content = {} } = (requestBody ?? {}) as { content?: Record<string, { schema?: object }> };
  for (const { schema } of Object.values(content)) if (schema) Object.assign(schema, { examples: [example] });
}

/** Only the schemas that the operations need. */
function referenced(paths: object, schemas: Record<string, object>): Record<string, object> {
  const found = new Map<string, object>();
  const visit = (text: string): void => {
    for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      const schema = schemas[name];
      if (schema === undefined || found.has(name)) continue;
      found.set(name, schema);
      visit(JSON.stringify(schema));
    }
  };
  visit(JSON.stringify(paths));
  return Object.fromEntries(found);
}

function withoutBuyersErrors(schema: Schema = {}): Schema {
  const { error, ...others } = schema.properties ?? {};
  const buyers = Object.values(BUYER_ERRORS).map((one): string => one.error);
  const ofSources = error?.enum?.filter((text) => !buyers.includes(text));
  return { ...schema, properties: { ...others, error: { ...error, enum: ofSources } } };
}

function leadSchema(terms: SpecTerms, pingId: object | undefined): object {
  const schema = schemaOf(campaignFields(terms), 'A lead');
  return {
    ...schema,
    properties: { ...schema.properties, ping_id: pingId },
    examples: [exampleLead(terms)],
  };
}

/** A lead without the fields that name the person. */
function pingSchema(terms: SpecTerms): object {
  const isPinged = (name: string): boolean => !namesPerson(name, terms.campaign.fields);
  const example = Object.entries(exampleLead(terms)).filter(([name]) => isPinged(name));
  return {
    ...schemaOf(
      campaignFields(terms).filter(({ name }) => isPinged(name)),
      'A lead without its person',
    ),
    examples: [Object.fromEntries(example)],
  };
}

const schemaOf = (fields: readonly CampaignField[], title: string) => ({
  type: 'object',
  title,
  required: fields.filter(({ required }) => required).map(({ name }) => name),
  properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
  additionalProperties: true,
});

function fieldSchema({ about, example, values }: CampaignField): object {
  const description = about.replaceAll('`', '');
  return Array.isArray(example)
    ? { type: ['array', 'string'], items: { type: 'string' }, description, examples: [example] }
    : { type: 'string', description, enum: values, examples: [example] };
}

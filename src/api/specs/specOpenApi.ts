import type { OpenApi } from '../docs/openapi.js';
import { campaignFields, exampleLead, type CampaignField, type SpecTerms } from './campaignFields.js';
import type { Sample } from '../docs/guide.js';
import { samplesFor } from './specSamples.js';

/** An OpenAPI document with its schemas. */
type WithSchemas = OpenApi & {
  info?: object;
  servers?: object[];
  components?: { schemas?: Record<string, object> };
};

/** The operations of sources. */
const PATHS = /^\/api\/leads(?:$|\/)/;

/** The OpenAPI document of the Lead API, reduced to the sources' operations, with the schema of this campaign's leads. */
export function specOpenApi(
  document: WithSchemas,
  { terms, origin, samples }: { terms: SpecTerms; origin: string; samples: readonly Sample[] },
): object {
  const own = structuredClone(document);
  const { campaign, seller } = terms;
  const paths = Object.fromEntries(Object.entries(own.paths).filter(([path]) => PATHS.test(path)));
  const send = paths['/api/leads']?.post;
  if (send !== undefined) send['x-codeSamples'] = samplesFor(samples, exampleLead(terms), origin);
  const schemas = { ...own.components?.schemas, LeadRequest: leadSchema(terms) };
  return {
    ...own,
    info: {
      title: `${seller.name}: ${campaign.category} leads`,
      version: '1.0.0',
      description: `How to send leads of the campaign ${campaign.id}.`,
    },
    servers: [{ url: origin }],
    paths,
    components: { ...own.components, schemas: referenced(paths, schemas) },
  };
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

function leadSchema(terms: SpecTerms): object {
  const fields = campaignFields(terms);
  return {
    type: 'object',
    title: 'A lead',
    required: fields.filter(({ required }) => required).map(({ name }) => name),
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    additionalProperties: true,
    examples: [exampleLead(terms)],
  };
}

function fieldSchema({ about, example, values }: CampaignField): object {
  const description = about.replaceAll('`', '');
  return Array.isArray(example)
    ? { type: ['array', 'string'], items: { type: 'string' }, description, examples: [example] }
    : { type: 'string', description, enum: values, examples: [example] };
}

import type { Dice } from './dice.js';
import { nastyText, nastyValue } from './values.js';

/** The parts of JSON Schema used by the APIs' documents. */
export interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  examples?: unknown[];
  minimum?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  anyOf?: Schema[];
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  schema: Schema;
  example?: unknown;
}

export type Target = 'api' | 'admin';

/** One operation of an API, from its OpenAPI document. */
export interface Route {
  target: Target;
  method: string;
  /** `/admin/leads/{lead_id}` */
  path: string;
  parameters: Parameter[];
  /** Content types of its body; empty without a body. */
  types: string[];
  body?: Schema;
  /** Its documented statuses. */
  statuses: number[];
  schemas: Record<string, Schema>;
}

interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, unknown>;
}

/** Pages without an OpenAPI document. */
const PAGES: Record<Target, string[]> = {
  api: ['/docs', '/docs/style.css', '/docs/icon.svg', '/docs/openapi.json'],
  admin: ['/admin/openapi.json'],
};

/** All routes of a running API: documented operations and pages. */
export async function readRoutes(target: Target, address: string): Promise<Route[]> {
  const response = await fetch(`${address}${target === 'api' ? '/docs' : '/admin'}/openapi.json`);
  const { paths, components: { schemas = {} } = {} } = (await response.json()) as OpenApi;
  const documented = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { parameters = [], requestBody, responses }]): Route => {
      const content = requestBody?.content ?? {};
      return {
        target,
        method: method.toUpperCase(),
        path,
        parameters,
        types: Object.keys(content),
        body: Object.values(content)[0]?.schema,
        statuses: Object.keys(responses).map(Number),
        schemas,
      };
    }),
  );
  const pages = PAGES[target].map((path): Route => {
    return { target, method: 'GET', path, parameters: [], types: [], statuses: [200], schemas: {} };
  });
  return [...documented, ...pages];
}

/** Probability of an unexpected value. */
const NASTY = 0.08;

/** A value for a schema, mostly a valid one. */
export function valueFor(route: Pick<Route, 'schemas'>, schema: Schema, dice: Dice): unknown {
  if (dice.chance(NASTY)) return nastyValue(dice);
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return valueFor(route, route.schemas[name] ?? {}, dice);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return dice.oneOf(schema.enum);
  if (schema.anyOf) return valueFor(route, dice.oneOf(schema.anyOf), dice);
  if (schema.properties) return objectFor(route, schema, dice);
  if (schema.examples && dice.chance(0.8)) return dice.oneOf(schema.examples);
  switch (schema.type) {
    case 'array':
      return Array.from({ length: dice.below(4) }, () => valueFor(route, schema.items ?? {}, dice));
    case 'boolean':
      return dice.chance(0.5);
    case 'integer':
    case 'number':
      return (schema.minimum ?? 0) + dice.below(100);
    case undefined:
    default:
      return nastyText(dice);
  }
}

function objectFor(
  route: Pick<Route, 'schemas'>,
  { properties = {}, required = [] }: Schema,
  dice: Dice,
): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(properties)) {
    if (dice.chance(required.includes(name) ? 0.97 : 0.3)) object[name] = valueFor(route, schema, dice);
  }
  if (dice.chance(0.1)) object[nastyText(dice)] = nastyValue(dice);
  return object;
}

/** A value as text in a URL or a header. */
export function textFor(route: Route, { schema, example }: Parameter, dice: Dice): string {
  const value = example !== undefined && dice.chance(0.6) ? example : valueFor(route, schema, dice);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

import Type from 'typebox';
import { MarketInFile } from './schema.js';
import { namedOptions } from './shape.js';

const { sellers, buyers, campaigns } = MarketInFile.properties;
const { contracts } = campaigns.items.properties;
const optional = Type.Optional;

/**
 * A schema in which all keys are optional. Lists are replaced as a whole. A key that is optional in a market file may
 * be `null`, which removes it.
 */
function partOf(schema: Type.TObject, needed: readonly string[] = []): Type.TObject {
  const title = 'title' in schema && typeof schema.title === 'string' ? schema.title : '';
  const all = Object.entries<Type.TSchema>(schema.properties);
  const properties = all.map(([key, property]): [string, Type.TSchema] => {
    const part = anyPartOf(property);
    return [key, needed.includes(key) ? part : optional(part)];
  });
  const removable = all.flatMap(([key, property]) => (Type.IsOptional(property) ? key : []));
  const least = 'minProperties' in schema ? { minProperties: 1 } : {};
  return Type.Object(Object.fromEntries(properties), { title, removable, ...least });
}

function anyPartOf(schema: Type.TSchema): Type.TSchema {
  if (Type.IsObject(schema)) return partOf(schema);
  if (!Type.IsRecord(schema)) return schema;
  const options = { ...namedOptions(schema), removable: true };
  return Type.Record(Type.String(), anyPartOf(Type.RecordValue(schema)), options);
}

const campaign = partOf(campaigns.items, ['seller', 'category']);

/** The schema of a market file: any part of a market, with the ids of its entries. */
export const PartOfMarket = Type.Object(
  {
    sellers: optional(Type.Array(partOf(sellers.items, ['code']), { title: 'a list of sellers' })),
    buyers: optional(Type.Array(partOf(buyers.items, ['id']), { title: 'a list of buyers' })),
    campaigns: optional(
      Type.Array(
        Type.Object(
          {
            ...campaign.properties,
            contracts: optional(
              Type.Array(partOf(contracts.items, ['buyer']), { title: 'a list of contracts' }),
            ),
          },
          { title: 'a campaign', removable: removableOf(campaign) },
        ),
        { title: 'a list of campaigns' },
      ),
    ),
  },
  { title: 'a market', minProperties: 1 },
);

/** All keys except contracts, which are entries of their own. */
function removableOf(schema: Type.TObject): string[] {
  const keys: unknown = 'removable' in schema ? schema.removable : [];
  return Array.isArray(keys) ? keys.filter((key): key is string => key !== 'contracts') : [];
}

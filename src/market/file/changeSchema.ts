import Type from 'typebox';
import { ModelInFile } from './models.js';
import { MarketInFile } from './schema.js';
import { namedOptions } from './shape.js';

const { sellers, buyers, campaigns } = MarketInFile.properties;
const { contracts } = campaigns.items.properties;
const optional = Type.Optional;

/** A map of which any part may be named, and of maps in it too; lists are named whole. */
function partOf(schema: Type.TObject, needed: readonly string[] = []): Type.TObject {
  const title = 'title' in schema && typeof schema.title === 'string' ? schema.title : '';
  const properties = Object.entries<Type.TSchema>(schema.properties).map(
    ([key, property]): [string, Type.TSchema] => {
      const part = anyPartOf(property);
      return [key, needed.includes(key) ? part : optional(part)];
    },
  );
  return Type.Object(Object.fromEntries(properties), { title });
}

function anyPartOf(schema: Type.TSchema): Type.TSchema {
  if (Type.IsObject(schema)) return partOf(schema);
  if (!Type.IsRecord(schema)) return schema;
  // Nothing is left of it where a change takes all that it names away.
  const options = { ...namedOptions(schema), minProperties: undefined };
  return Type.Record(Type.String(), anyPartOf(Type.RecordValue(schema)), options);
}

const contract = partOf(contracts.items, ['buyer']);
const campaign = partOf(campaigns.items, ['seller', 'category']);

const ContractChange = Type.Object(
  { ...contract.properties, model: optional(ModelInFile) },
  { title: 'a contract' },
);

/** A part of a market file, with whatever names the thing that is to be changed. */
export const ChangeInFile = Type.Object(
  {
    sellers: optional(Type.Array(partOf(sellers.items, ['code']), { title: 'a list of sellers' })),
    buyers: optional(Type.Array(partOf(buyers.items, ['id']), { title: 'a list of buyers' })),
    campaigns: optional(
      Type.Array(
        Type.Object(
          {
            ...campaign.properties,
            contracts: optional(Type.Array(ContractChange, { title: 'a list of contracts' })),
          },
          { title: 'a campaign' },
        ),
        { title: 'a list of campaigns' },
      ),
    ),
  },
  { title: 'a change', minProperties: 1 },
);

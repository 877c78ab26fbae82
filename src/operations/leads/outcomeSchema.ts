import Type from 'typebox';

export const outcomeProperties = {
  reason: Type.Optional(
    Type.String({
      description: 'Why an unsold lead is so, in one word',
      examples: ['no_bid', 'no_buyer_eligible'],
    }),
  ),
  price: Type.Optional(
    Type.Number({
      description: 'What the seller earns, the sum over buyers, in the campaign’s currency',
      examples: [45],
    }),
  ),
  buyer_ids: Type.Optional(
    Type.Array(Type.String(), { description: 'One id for each sale', examples: [['northwind']] }),
  ),
  returns: Type.Optional(
    Type.Array(
      Type.Object({
        buyer_id: Type.String({ examples: ['northwind'] }),
        reason: Type.String({ description: 'Why the buyer gave it back', examples: ['wrong_number'] }),
        returned_at: Type.String({ format: 'date-time' }),
        amount: Type.Number({ description: 'What the seller no longer earns', examples: [45] }),
      }),
      {
        description:
          'Buyers that gave the lead back. `price` is what remains earned; `price` plus all amounts is what was earned before the returns',
      },
    ),
  ),
  withdrawn_by: Type.Optional(
    Type.Enum(['seller', 'ops', 'suppression', 'erasure'], {
      type: 'string',
      description: 'Beside `withdrawn`: who took the lead off sale',
    }),
  ),
  withdrawing: Type.Optional(
    Type.Literal(true, {
      description:
        'Beside `pending`: the lead was withdrawn while a buyer had it, and ends as `withdrawn` unless that buyer takes it',
    }),
  ),
};

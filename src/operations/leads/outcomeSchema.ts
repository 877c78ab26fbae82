import Type from 'typebox';

export const outcomeProperties = {
  reason: Type.Optional(
    Type.String({
      description: 'Why the lead is unsold',
      examples: ['no_bid', 'no_buyer_eligible'],
    }),
  ),
  price: Type.Optional(
    Type.Number({
      description: 'The seller’s earnings from all buyers, in the campaign’s currency',
      examples: [45],
    }),
  ),
  buyer_ids: Type.Optional(
    Type.Array(Type.String(), { description: 'One id for each sale', examples: [['northwind']] }),
  ),
  redirect_url: Type.Optional(
    Type.String({
      description:
        'Where the buyer wants the person to be sent; only if the campaign allows it and the buyer sends one',
      examples: ['https://buyer.example/thanks'],
    }),
  ),
  returns: Type.Optional(
    Type.Array(
      Type.Object({
        buyer_id: Type.String({ examples: ['northwind'] }),
        reason: Type.String({ description: 'Why the buyer returned it', examples: ['wrong_number'] }),
        returned_at: Type.String({ format: 'date-time' }),
        amount: Type.Number({ description: 'The seller’s lost earnings', examples: [45] }),
      }),
      {
        description:
          'Returns by buyers. `price` is what remains; `price` plus all amounts is the total before the returns',
      },
    ),
  ),
  withdrawn_by: Type.Optional(
    Type.Enum(['seller', 'ops', 'suppression', 'erasure'], {
      type: 'string',
      description: 'With `withdrawn`: who withdrew the lead',
    }),
  ),
  withdrawing: Type.Optional(
    Type.Literal(true, {
      description:
        'With `pending`: the lead was withdrawn while a buyer had it, and becomes `withdrawn` unless that buyer accepts it',
    }),
  ),
};

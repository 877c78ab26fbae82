import Type from 'typebox';
import type { Fault } from '../../market/file/fault.js';
import type { Change } from '../../store/market/applyPlan.js';
import { ApiError } from '../refusal.js';

/** What is done to a part of the market, or would be. */
export const ChangeSchema = Type.Unsafe<Change>(
  Type.Object({
    kind: Type.Enum(['seller', 'buyer', 'campaign', 'contract'], { type: 'string' }),
    id: Type.String(),
    change: Type.Enum(['created', 'changed', 'unchanged', 'removed', 'deactivated', 'not_named'], {
      type: 'string',
    }),
    fields: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object({ from: Type.Optional(Type.String()), to: Type.Optional(Type.String()) }),
        { description: 'Each changed value by its path in the market file' },
      ),
    ),
    warnings: Type.Optional(
      Type.Array(Type.String(), {
        description:
          'What a person should confirm, such as a limit that is removed; absent if there is nothing to confirm',
      }),
    ),
  }),
);

/** Of a market file or a change. */
export const invalidMarketFile = (message: string, faults: Fault[]): ApiError =>
  new ApiError('invalidMarket', message, { faults });

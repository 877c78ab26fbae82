import Type from 'typebox';
import type { Fault } from '../../market/file/fault.js';
import type { Change } from '../../store/market/applyPlan.js';
import { OperationError } from '../operationError.js';

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
        { description: 'Changed values by path in the market file' },
      ),
    ),
    warnings: Type.Optional(
      Type.Array(Type.String(), {
        description: 'Reasons to confirm the change, such as a removed limit; absent if there are none',
      }),
    ),
  }),
);

export const invalidMarketFile = (message: string, faults: Fault[]): OperationError =>
  new OperationError('invalidMarket', message, { faults });

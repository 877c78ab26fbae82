import type Type from 'typebox';
import type { Operation } from '../operations/operation.js';

/** Has an operation of the admin API done, wherever that is. */
export type CallOperation = <In extends Type.TObject, Out extends Type.TSchema>(
  operation: Operation<In, Out>,
  input: Type.Static<In>,
) => Promise<Type.Static<Out>>;

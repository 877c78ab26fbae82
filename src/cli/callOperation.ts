import type Type from 'typebox';
import type { Operation } from '../operations/operation.js';

export type CallOperation = <In extends Type.TObject, Out extends Type.TSchema>(
  operation: Operation<In, Out>,
  input: Type.Static<In>,
) => Promise<Type.Static<Out>>;

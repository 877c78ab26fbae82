import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { searchAttributes } from '../temporal/names.js';

/** IndexedValueType of Temporal's API (temporal/api/enums/v1/common.proto). */
const INDEXED_VALUE = { KEYWORD: 2, INT: 3, DOUBLE: 4, KEYWORD_LIST: 7 } as const;

/** Our search attributes by name, each with its type, as Temporal's operator API takes them. */
export const searchAttributeTypes = new Map(
  Object.values(searchAttributes).map(({ name, type }) => [name, INDEXED_VALUE[type]]),
);

/** gRPC status codes of a server that lets only its own tools register search attributes. */
const REFUSED = [7 /* PERMISSION_DENIED */, 12 /* UNIMPLEMENTED */];

const isRefused = (error: unknown): boolean => isGrpcServiceError(error) && REFUSED.includes(error.code);

/**
 * Registers the search attributes that the namespace does not know yet. `unchecked`: the server does not list
 * the ones it knows.
 * @throws Error naming an attribute that exists with another type: one that other workflows in the namespace use
 * @throws Error naming the missing attributes, if the server lets only its own tools register them (Temporal Cloud)
 */
export async function registerSearchAttributes(
  { operatorService }: Pick<Connection, 'operatorService'>,
  namespace: string,
): Promise<'registered' | 'unchecked'> {
  const listed = await operatorService.listSearchAttributes({ namespace }).catch((error: unknown) => {
    if (!isRefused(error)) throw error;
    return undefined;
  });
  if (listed === undefined) return 'unchecked';
  for (const [name, type] of searchAttributeTypes) {
    const known: number | undefined = listed.customAttributes[name];
    if (known !== undefined && known !== type) {
      throw new Error(
        `Temporal's namespace ${namespace} has a search attribute ${name} of another type; use a namespace of its own for Gavel`,
      );
    }
  }
  const missing = [...searchAttributeTypes].filter(([name]) => !(name in listed.customAttributes));
  if (missing.length === 0) return 'registered';
  await operatorService
    .addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) })
    .catch((error: unknown) => {
      if (!isRefused(error)) throw error;
      const names = Object.values(searchAttributes).filter(({ name }) =>
        missing.some(([one]) => one === name),
      );
      const list = names.map(({ name, type }) => `${name} (${type})`).join(', ');
      throw new Error(
        `Temporal refuses to register search attributes in ${namespace}. Create these there: ${list}`,
      );
    });
  return 'registered';
}

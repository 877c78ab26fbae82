import type { Connection } from '@temporalio/client';
import { searchAttributes } from './names.js';

/** IndexedValueType of Temporal's API (temporal/api/enums/v1/common.proto). */
const INDEXED_VALUE = { KEYWORD: 2, INT: 3, DOUBLE: 4, KEYWORD_LIST: 7 } as const;

/** Our search attributes by name, each with its type, as Temporal's operator API takes them. */
export const indexedValues = new Map(
  Object.values(searchAttributes).map(({ name, type }) => [name, INDEXED_VALUE[type]]),
);

/**
 * Registers the search attributes that the namespace does not know yet.
 * @throws Error naming an attribute that exists with another type: a name of ours that somebody else's workflows use
 */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  for (const [name, type] of indexedValues) {
    const known: number | undefined = customAttributes[name];
    if (known !== undefined && known !== type) {
      throw new Error(
        `Temporal's namespace ${namespace} has a search attribute ${name} of another type; use a namespace of its own for Gavel`,
      );
    }
  }
  const missing = [...indexedValues].filter(([name]) => !(name in customAttributes));
  if (missing.length === 0) return;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing),
  });
}

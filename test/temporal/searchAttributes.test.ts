import type { Connection } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import { searchAttributeTypes, registerSearchAttributes } from '../../src/worker/registerSearchAttributes.js';

type OperatorService = Connection['operatorService'];

/** The gRPC client's error for this status. */
const status = (code: number) =>
  Promise.reject(Object.assign(new Error('refused'), { code, details: 'refused', metadata: {} }));

const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;

function server(listed: Record<string, number> | number, added: Promise<object> = Promise.resolve({})) {
  const asked: unknown[] = [];
  const operatorService = {
    listSearchAttributes: () =>
      typeof listed === 'number' ? status(listed) : Promise.resolve({ customAttributes: listed }),
    addSearchAttributes: ({ searchAttributes }: { searchAttributes: object }) => {
      asked.push(searchAttributes);
      return added;
    },
  };
  return { asked, connection: { operatorService: operatorService as unknown as OperatorService } };
}

const ALL = Object.fromEntries(searchAttributeTypes);
const { Round, BuyerIds, ...SOME } = ALL;

describe('the search attributes of a namespace', () => {
  test('are added if missing, and no others', async () => {
    const { connection, asked } = server(SOME);
    expect(await registerSearchAttributes(connection, 'gavel')).toBe('registered');
    expect(asked).toEqual([{ Round, BuyerIds }]);
    const whole = server(ALL);
    expect(await registerSearchAttributes(whole.connection, 'gavel')).toBe('registered');
    expect(whole.asked).toEqual([]);
  });

  test('are named if only other tools can add them', async () => {
    const { connection } = server(SOME, status(PERMISSION_DENIED));
    await expect(registerSearchAttributes(connection, 'gavel.a1b2c')).rejects.toThrow(
      'Temporal refuses to register search attributes in gavel.a1b2c. Create these there: BuyerIds (KEYWORD_LIST), Round (INT)',
    );
  });

  test('are not checked if the server does not list them; an unavailable server is asked again', async () => {
    expect(await registerSearchAttributes(server(PERMISSION_DENIED).connection, 'gavel')).toBe('unchecked');
    await expect(registerSearchAttributes(server(UNAVAILABLE).connection, 'gavel')).rejects.toThrow(
      'refused',
    );
  });

  test('are rejected if they exist with another type', async () => {
    const { connection } = server({ ...ALL, Round: 2 });
    await expect(registerSearchAttributes(connection, 'gavel')).rejects.toThrow(/Round of another type/);
  });
});

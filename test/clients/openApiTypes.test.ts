import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { openApiTypes, TYPES_FILE } from './openApiTypes.js';

it('the types of the TypeScript client are those of the OpenAPI document (npx tsx test/clients/makeOpenApiTypes.ts)', async () => {
  expect(readFileSync(join(packageRoot, TYPES_FILE), 'utf8')).toBe(await openApiTypes());
});

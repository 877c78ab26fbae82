/** Writes the types of the TypeScript client: `npx tsx test/clients/makeOpenApiTypes.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/packageRoot.js';
import { openApiTypes, TYPES_FILE } from './openApiTypes.js';

writeFileSync(join(packageRoot, TYPES_FILE), await openApiTypes());

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/packageRoot.js';
import { FAULTS_PAGE, faultsPage } from './faultsPage.js';

writeFileSync(join(packageRoot, FAULTS_PAGE), await faultsPage());

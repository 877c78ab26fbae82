import { LINT, QUICK, startChecks } from './checks.js';

/** `npm run check`: format, lint, types and dependency rules. Nothing is started, nothing is tested. */

const checks = startChecks();
await Promise.all([checks.inTurn([LINT]), checks.inTurn(QUICK)]);
await checks.finish();

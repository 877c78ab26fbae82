import { LINT, QUICK, startChecks } from './checks.js';

/** `npm run check`: format, lint, types, dependency rules and plain English. Nothing is started, nothing is tested. */

const checks = startChecks();
await Promise.all([checks.inTurn([LINT]), checks.inTurn(QUICK)]);
await checks.finish();

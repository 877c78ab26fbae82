import { faultCount, faultText, type Fault } from '../../../market/file/fault.js';

/** What is wrong with a file, each fault with its line, and what came of it: `nothing was changed.` */
export const faultsText = (file: string, faults: Fault[], outcome: string): string =>
  [...faults.map((fault) => faultText(file, fault)), '', faultSummary(file, faults, outcome)].join('\n');

/** The last line of it alone. */
export const faultSummary = (file: string, faults: Fault[], outcome: string): string =>
  `${file} has ${faultCount(faults)}; ${outcome}`;

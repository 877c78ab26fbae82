import { faultCount, faultText, type Fault } from '../../../market/file/fault.js';

/** The faults of a file, each with its line, and the outcome: `nothing was changed.` */
export const faultsText = (file: string, faults: Fault[], outcome: string): string =>
  [...faults.map((fault) => faultText(file, fault)), '', faultSummary(file, faults, outcome)].join('\n');

export const faultSummary = (file: string, faults: Fault[], outcome: string): string =>
  `${file} has ${faultCount(faults)}; ${outcome}`;

import type { Draft } from './draft.js';
import type { Path, Report } from './fault.js';
import type { Declared } from './fieldValues.js';
import { checkFit } from './ruleFit.js';

import { rules, type FilterInFile } from './filterSchema.js';

const RULES = Object.keys(rules).filter((key) => key !== 'field');

/**
 * Reports faults between the values of a filter and its inner filters, each of which has the right shape, and between
 * them and the campaign's field declarations.
 */
export function checkFilter(
  filter: Draft<FilterInFile>,
  declared: Declared,
  path: Path,
  report: Report,
): void {
  const hasRule = RULES.some((key) => key in filter);
  const combines = 'all' in filter || 'any' in filter;
  if ('field' in filter || hasRule) {
    if (combines) report(path, 'has a field and a list of filters; make the field a filter of the list');
    else if (!('field' in filter)) report(path, 'names no field that its rule is for; add field');
    else if (!hasRule) report(path, `has no rule for its field; add one of ${RULES.join(', ')}`);
  } else if (!combines) {
    report(path, 'is empty; write a field and a rule for it, or all or any with a list of filters');
  }
  for (const rule of ['range', 'age'] as const) {
    const bounds = filter[rule];
    if (bounds) checkBounds(bounds, [...path, rule], report);
  }
  if (filter.field !== undefined) checkFit({ ...filter, field: filter.field }, declared, path, report);
  for (const list of ['all', 'any'] as const) {
    filter[list]?.forEach((inner, i) => {
      if (inner) checkFilter(inner, declared, [...path, list, i], report);
    });
  }
}

function checkBounds(
  { min, max }: Draft<NonNullable<FilterInFile['range' | 'age']>>,
  path: Path,
  report: Report,
): void {
  if (min === undefined || max === undefined) return;
  if (typeof min !== typeof max) report(path, 'goes from a number to a date, or back; write two of a kind');
  else if (min > max) report(path, `goes from ${min} down to ${max}; swap them`);
}

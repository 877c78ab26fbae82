import type { Path, Report } from './fault.js';

/** Keys whose values are addresses, at any depth: a seller's postbacks, a buyer's endpoints, a check. */
const URL_KEYS = new Set(['url', 'also', 'tokenUrl']);

/** Keys below which names are the seller's or the buyer's own, and no addresses. */
const FREE_KEYS = new Set(['fields', 'values', 'headers', 'query', 'json', 'form', 'xml', 'soap', 'samples']);

/**
 * Reports every address of the file that the settings do not allow.
 * @param value a draft, so that each address in it is a valid URL
 */
export function checkUrls(
  value: unknown,
  refusal: (url: string) => string | undefined,
  path: Path,
  report: Report,
): void {
  if (typeof value === 'string') {
    const key = path.findLast((step) => typeof step === 'string');
    const why = key !== undefined && URL_KEYS.has(key) ? refusal(value) : undefined;
    if (why !== undefined) report(path, `"${value}" can't be used: ${why}`);
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) checkUrls(item, refusal, [...path, i], report);
  } else if (typeof value === 'object' && value !== null) {
    const keys = Object.entries(value).filter(([key]) => !FREE_KEYS.has(key));
    for (const [key, item] of keys) checkUrls(item, refusal, [...path, key], report);
  }
}

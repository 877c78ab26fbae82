import { DELIVERY } from '../model/delivery.js';
import { minorDigits, toDecimal } from '../money.js';
import type { Buyer, Campaign, Contract, Seller } from '../model/market.js';
import { formatDuration } from '../calendar/duration.js';
import { fieldsInFile } from './fieldValues.js';
import { formatInstant } from '../calendar/isoTime.js';
import { sourcesInFile } from './sourceValues.js';
import { isDuration, isInstant, isMoney } from './keys.js';

/** A part of a market as the market file writes it, key by key: for comparisons, and for the display of changes. */
export type Written = Record<string, string>;

export const writtenSeller = ({ sources, ...seller }: Omit<Seller, 'code'>): Written =>
  written({ ...seller, sources: sources && sourcesInFile(sources) }, 'USD');

export const writtenBuyer = (buyer: Omit<Buyer, 'id'>): Written => written(buyer, buyer.currency ?? 'USD');

export const writtenCampaign = ({ fields, ...campaign }: Omit<Campaign, 'id'>): Written =>
  written({ ...campaign, fields: fields && fieldsInFile(fields) }, campaign.currency);

/** With the delivery policy that is in force if the contract has none, so that leaving it out is not a change. */
export const writtenContract = (
  { delivery = DELIVERY, ...contract }: Omit<Contract, 'id'>,
  currency: string,
): Written => written({ ...contract, delivery }, currency);

/** Every value by its path. Values that the file implies (ids of parents) are left out. */
function written(terms: object, currency: string): Written {
  const lines: Written = {};
  const walk = (value: unknown, path: string): void => {
    if (value === undefined || NOT_WRITTEN.has(path)) return;
    if (Array.isArray(value) && value.some((item) => typeof item === 'object')) {
      for (const [i, item] of value.entries()) walk(item, `${path}[${i}]`);
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, item] of Object.entries(value)) walk(item, path === '' ? key : `${path}.${key}`);
    } else {
      lines[path] = Array.isArray(value)
        ? `[${value.map((item) => text(item, path, currency)).join(', ')}]`
        : text(value, path, currency);
    }
  };
  walk(terms, '');
  return lines;
}

const NOT_WRITTEN = new Set([
  '_id',
  'id',
  'secret',
  'signing',
  'secrets',
  'seller',
  'campaign',
  'buyer',
  'categoryKey',
  'paidIn',
]);

function text(value: unknown, path: string, currency: string): string {
  if (typeof value !== 'number') return String(value);
  if (isMoney(path)) return toDecimal(value, currency).toFixed(minorDigits(currency));
  if (isInstant(path)) return formatInstant(value);
  return isDuration(path) ? formatDuration(value) : String(value);
}

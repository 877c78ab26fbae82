import { REQUIRED_BY_DEFAULT } from '../fields/standardFields.js';

/** The defaults of a campaign, as the file would write them. */
export const DEFAULTS = {
  active: true,
  currency: 'USD',
  required: [...REQUIRED_BY_DEFAULT],
  floor: 0,
  maxBuyers: 3,
  noticeTimeoutMs: 3000,
  retryAfter: ['1m', '5m', '30m', '2h', '12h', '24h'],
  expireAfter: '72h',
};

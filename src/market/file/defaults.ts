import { REQUIRED_BY_DEFAULT } from '../fields/standardFields.js';

/** What holds for a campaign where the file is silent, as the file would write it. */
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

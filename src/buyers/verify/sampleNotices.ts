import { randomUUID } from 'node:crypto';
import type { NoticeKind } from '../../market/model/market.js';
import { CURRENCY } from './exchange.js';

/** A notice as docs/buyer.md shows it, with its `webhook-id`. */
export interface SampleNotice {
  id: string;
  payload: { type: string } & Record<string, unknown>;
}

/** One notice of each type. */
export function sampleNotices(): SampleNotice[] {
  const [post_id, ping_id, lead_id] = [randomUUID(), randomUUID(), randomUUID()];
  const sold = { lead_id, price: 45, currency: CURRENCY };
  const unused = { reason: 'uncertain', count: 1, detail: 'HTTP 503' };
  const day = '2026-01-31';
  const payloads: Record<NoticeKind, object> = {
    won: { post_id, ...sold, test: true },
    lost: {
      ping_id,
      bid_id: 'your-own-id',
      round: 1,
      reason: 'outbid',
      cleared: '40-50',
      currency: CURRENCY,
      test: true,
    },
    billed: { sale_id: post_id, ...sold, balance: 455 },
    low_balance: { balance: 455, below: 500, currency: CURRENCY },
    unused: { ping_id, round: 1, reason: 'timeout', detail: 'a test', test: true },
    digest: {
      day,
      pings: 1204,
      bids: 980,
      posts: 311,
      accepted: 305,
      unused: [{ of: 'post', ...unused, latest_at: `${day}T09:02:44.018Z`, post_id }],
    },
  };
  const about: Record<NoticeKind, string> = {
    won: post_id,
    lost: ping_id,
    billed: post_id,
    low_balance: post_id,
    unused: ping_id,
    digest: `your-id.${day}`,
  };
  return (Object.keys(payloads) as NoticeKind[]).map((type) => ({
    id: `${about[type]}.${type}`,
    payload: { type, ...payloads[type] },
  }));
}

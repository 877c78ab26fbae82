import { SAMPLE } from '../../src/local/demo/sample.js';

/** Answer time of each buyer for a ping and for a post, ms. */
export const BUYER_MS = 5;

export const BUYERS = ['one', 'two', 'three', 'four', 'five'] as const;

/** Every buyer bids a little more than the previous one. */
export const bidOf = (index: number): number => 20 + index;

/** Retry wait and expiry of an unsold lead. */
const PENDING = '{ retryAfter: [2s], expireAfter: 30m }';

/** The market of the bench: one campaign per seller for the sample lead, with five buyers that are all pinged. */
export function marketText(
  ports: Record<(typeof BUYERS)[number], number>,
  sellers: readonly string[],
): string {
  const address = (id: (typeof BUYERS)[number]) => `http://127.0.0.1:${ports[id]}`;
  return `
sellers:
${sellers.map((code) => `  - { code: ${code}, slug: ${code.toLowerCase()}, name: Seller ${code} }`).join('\n')}
buyers:
${BUYERS.map(
  (id) => `  - id: ${id}
    name: Buyer ${id}
    ping: { url: '${address(id)}/ping', timeoutMs: 1000 }
    post: { url: '${address(id)}/post', timeoutMs: 3000 }`,
).join('\n')}
campaigns:
${sellers
  .map(
    (code) => `  - seller: ${code}
    category: ${SAMPLE.category}
    required: [firstName, lastName, phone, state]
    sale: { mode: exclusive, floor: 10.00 }
    pending: ${PENDING}
    contracts:
${BUYERS.map((id) => `      - { buyer: ${id} }`).join('\n')}`,
  )
  .join('\n')}
`;
}

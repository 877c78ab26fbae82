import { SAMPLE } from '../../src/local/demo/sample.js';

/** How long each buyer takes to answer, ms: a ping, and a post. */
export const BUYER_MS = 5;

export const BUYERS = ['one', 'two', 'three', 'four', 'five'] as const;

/** Every buyer bids, each a little more than the one before. */
export const bidOf = (index: number): number => 20 + index;

/** How long a lead that nobody bought waits for its next round, and until it is over. */
const PENDING = '{ retryAfter: [2s], expireAfter: 30m }';

/** The market of the bench: for each seller one campaign for the sample lead, with five buyers that are all asked. */
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

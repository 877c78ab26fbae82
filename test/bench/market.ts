import { SAMPLE } from '../../src/local/demo/sample.js';

/**
 * How buyers answer. `instant`: at once. `quick`: after 5 ms. `mixed`: most after 5 ms, some after 50 ms, 1 % later than
 * the ping timeout; 5 % of all requests get a 503. `template`: after 5 ms, in a protocol of its own: forms and XML.
 */
export const MANNERS = ['instant', 'quick', 'mixed', 'template'] as const;
export type Manner = (typeof MANNERS)[number];

/** Answer time of quick buyers for a ping and for a post, ms. */
export const QUICK_MS = 5;

/** The terms of a lead: the bench has a campaign for each. */
interface Shape {
  contracts: number;
  buyers: Manner;
  /** Whether each contract has caps, a budget and a duplicate rule, none of which is ever reached. */
  limits: boolean;
}

const USUAL: Shape = { contracts: 5, buyers: 'quick', limits: false };

export const SHAPES = {
  usual: USUAL,
  'one contract': { ...USUAL, contracts: 1 },
  'twenty contracts': { ...USUAL, contracts: 20 },
  'instant buyers': { ...USUAL, buyers: 'instant' },
  'mixed buyers': { ...USUAL, buyers: 'mixed' },
  'template buyers': { ...USUAL, buyers: 'template' },
  limits: { ...USUAL, limits: true },
} satisfies Record<string, Shape>;
export type ShapeName = keyof typeof SHAPES;

export const SHAPE_NAMES = Object.keys(SHAPES) as ShapeName[];

/** The category of a shape's campaign. */
export const categoryOf = (shape: ShapeName): string => `Bench ${shape}`;

const MOST = Math.max(...Object.values(SHAPES).map(({ contracts }) => contracts));

/** Each buyer has a port, and a path for each manner. */
export const BUYERS = Array.from({ length: MOST }, (_, i) => `buyer-${i + 1}`);

export const buyerId = (manner: Manner, index: number): string => `${manner}-${index + 1}`;

/** Every buyer bids a little more than the previous one. */
export const bidOf = (index: number): number => 20 + index;

/** Retry wait and expiry of an unsold lead. */
const PENDING = '{ retryAfter: [2s], expireAfter: 30m }';

const LIMITS =
  'caps: { hour: 10000000, day: 10000000 }, budget: { day: 900000000 }, duplicates: { by: [phone, email], match: all, withinDays: 30 }';

/** The market of the bench: each seller has a campaign for each shape; the buyers are all pinged. */
export function marketText(ports: Record<string, number>, sellers: readonly string[]): string {
  return `
sellers:
${sellers.map((code) => `  - { code: ${code}, slug: ${code.toLowerCase()}, name: Seller ${code} }`).join('\n')}
buyers:
${MANNERS.flatMap((manner) => BUYERS.map((name, i) => buyerText(manner, i, ports[name] ?? 0))).join('\n')}
campaigns:
${sellers.flatMap((code) => SHAPE_NAMES.map((name) => campaignText(code, name))).join('\n')}
`;
}

const buyerText = (manner: Manner, index: number, port: number): string =>
  `  - id: ${buyerId(manner, index)}
    name: Buyer ${buyerId(manner, index)}
    ping: { url: 'http://127.0.0.1:${port}/${manner}/ping', timeoutMs: 1000 }
    post: { url: 'http://127.0.0.1:${port}/${manner}/post', timeoutMs: 3000 }${manner === 'template' ? TEMPLATE : ''}`;

/** A key in place of the preset's secret. */
const KEY = '{ request: { form: { Key: bench } } }';
const TEMPLATE = `
    protocol: { preset: boberdoo-xml, values: { TYPE: 26, SRC: GAVEL }, ping: ${KEY}, post: ${KEY} }`;

function campaignText(seller: string, name: ShapeName): string {
  const { contracts, buyers, limits }: Shape = SHAPES[name];
  const terms = limits ? `, ${LIMITS}` : '';
  return `  - seller: ${seller}
    category: ${categoryOf(name)}
    required: [firstName, lastName, phone, state]
    sale: { mode: exclusive, floor: 10.00 }
    pending: ${PENDING}
    contracts:
${BUYERS.slice(0, contracts)
  .map((_, i) => `      - { buyer: ${buyerId(buyers, i)}${terms} }`)
  .join('\n')}`;
}

/** A key's seller unless a run has several. */
export const SELLER = SAMPLE.seller;

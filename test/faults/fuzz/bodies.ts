import type { Dice } from './dice.js';
import { valueFor, type Route } from './routes.js';
import { mutate, nastyText, nastyValue } from './values.js';

/** A person with unique names, so that the logs can be searched for them. */
export const LEAD: Readonly<Record<string, string>> = {
  seller: 'ACME1234',
  category: 'Solar',
  firstName: 'Zebulon',
  lastName: 'Quixley',
  phone: '212-555-0187',
  state: 'TX',
};

export const BOUNDARY = 'b';

export interface Body {
  type?: string;
  bytes: Buffer;
}

const JSON_TYPE = 'application/json';
const NDJSON_TYPE = 'application/x-ndjson';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const MULTIPART_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

const bodyOf = (type: string, text: string): Body => ({ type, bytes: Buffer.from(text) });

const field = (name: string, value: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

const file = (name: string, filename: string, content: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\n` +
  `Content-Type: application/octet-stream\r\n\r\n${content}\r\n`;

const fields = (lead: Readonly<Record<string, string>>): string =>
  Object.entries(lead)
    .map(([name, value]) => field(name, value))
    .join('');

/** One valid body of each content type of the Lead API. */
export const WHOLE_BODIES: readonly Body[] = [
  bodyOf(JSON_TYPE, JSON.stringify({ ...LEAD, tags: ['a', 'caf\u00e9'], note: { a: [{ b: '\u{1f600}' }] } })),
  bodyOf(FORM_TYPE, `${new URLSearchParams(LEAD).toString()}&note=caf%C3%A9&tags=a&tags=b`),
  bodyOf(
    MULTIPART_TYPE,
    `${fields({ seller: 'ACME1234', note: 'caf\u00e9' })}${file('id', 'a.pdf', '%PDF')}${file('photo', '', '')}--${BOUNDARY}--\r\n`,
  ),
];

/** A valid or nearly valid body for a route, which may be mutated again. */
export function bodyFor(route: Route, market: string, dice: Dice): Body | undefined {
  if (route.types.length === 0) return dice.chance(0.9) ? undefined : dice.oneOf(WHOLE_BODIES);
  if (route.types.includes('application/yaml')) return fileFor(market, dice);
  if (route.types.includes(NDJSON_TYPE)) {
    const lines = Array.from({ length: dice.below(5) }, () => encodedJson(leadFor(dice), dice).bytes);
    return { type: NDJSON_TYPE, bytes: Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])) };
  }
  const values = route.path === '/api/leads' ? leadFor(dice) : valueFor(route, route.body ?? {}, dice);
  const types = route.types.includes('multipart/form-data')
    ? [JSON_TYPE, FORM_TYPE, MULTIPART_TYPE]
    : [JSON_TYPE];
  return encoded(values, dice.oneOf(types), dice);
}

function leadFor(dice: Dice): Record<string, unknown> {
  const lead: Record<string, unknown> = { ...LEAD };
  for (let left = dice.below(4); left > 0; left -= 1) {
    const name = dice.chance(0.5)
      ? dice.oneOf([...Object.keys(LEAD), 'email', 'zip', 'ip'])
      : nastyText(dice);
    if (dice.chance(0.2)) Reflect.deleteProperty(lead, name);
    else lead[name] = nastyValue(dice);
  }
  return lead;
}

function encoded(values: unknown, type: string, dice: Dice): Body {
  if (type === JSON_TYPE) return encodedJson(values, dice);
  const entries = Object.entries(Object(values) as Record<string, unknown>).map(
    ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as [string, string],
  );
  if (type === FORM_TYPE) return bodyOf(FORM_TYPE, new URLSearchParams(entries).toString());
  const parts = entries.map(([name, value]) =>
    dice.chance(0.15) ? file(name, dice.oneOf(['', 'a', nastyText(dice)]), value) : field(name, value),
  );
  const end = dice.chance(0.9) ? `--${BOUNDARY}--\r\n` : '';
  return bodyOf(MULTIPART_TYPE, `${parts.join('')}${end}`);
}

function encodedJson(values: unknown, dice: Dice): Body {
  const text = JSON.stringify(values);
  if (dice.chance(0.03)) return bodyOf(JSON_TYPE, `${'['.repeat(30_000)}${text}`);
  if (dice.chance(0.03)) return bodyOf(JSON_TYPE, `${text}${text}`);
  const encoding = dice.chance(0.9) ? 'utf8' : dice.oneOf(['latin1', 'utf16le'] as const);
  return { type: JSON_TYPE, bytes: Buffer.from(text, encoding) };
}

/** A market file or a change of it, with some bytes changed. */
function fileFor(market: string, dice: Dice): Body {
  const whole = Buffer.from(dice.chance(0.5) ? market : CHANGE);
  const bytes = dice.chance(0.3) ? whole : mutate(whole, dice);
  return { type: dice.chance(0.9) ? 'application/yaml' : JSON_TYPE, bytes };
}

const CHANGE = `campaigns:
  - seller: ACME1234
    category: Solar
    sale: { floor: 18.00 }
    contracts:
      - { buyer: fabrikam, price: 19.00, delay: null }
`;

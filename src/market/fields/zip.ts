import type { Reading } from './reading.js';
import { stateCode } from './state.js';
import { readTypedText, wholeDigits } from './text.js';

const ZERO_RESTORED = 'a leading zero was restored, as spreadsheets drop it; check it against the state';

/** Canada Post: no D, F, I, O, Q, U anywhere, no W or Z in front. */
const CANADIAN = /^([ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z])[ -]?(\d[ABCEGHJ-NPRSTV-Z]\d)$/i;

const COUNTRY = String.raw`(?:u\.?s\.?a?\.?|united states(?: of america)?)`;

/**
 * A US ZIP code: `75001`, or `75001-1234` with its +4. Four or eight digits get back the zero that a spreadsheet took;
 * three do not, because a slip of the finger is as likely. Canadian postal codes are kept apart as `K1A 0B6`.
 */
export const readZip = (sent: string): Reading =>
  readTypedText(sent, 'not a ZIP code of 5 or 9 digits', zipIn);

function zipIn(sent: string): Omit<Reading, 'original'> | undefined {
  const text = sent
    .replace(/\p{Pd}/gu, '-')
    // `z:02108` is how Meta exports it.
    .replace(/^(?:zip(?:\s*code)?\s*[:#]?|z:)\s*/i, '')
    .replace(/^(\d{1,2}),(\d{3})$/, '$1$2');
  const canadian = CANADIAN.exec(text);
  if (canadian) return { value: `${canadian[1]} ${canadian[2]}`.toUpperCase() };
  const digits = wholeDigits(withoutPlace(text));
  const parts = /^(\d{4,5})(?:[-\s.+_/]*(\d{4}))?[-\s.]*$/.exec(digits ?? '');
  const [, five = '', four = '0000'] = parts ?? [];
  const zip = five.padStart(5, '0');
  if (!parts || zip === '00000') return undefined;
  const note = five.length === 4 ? ZERO_RESTORED : undefined;
  return { value: four === '0000' ? zip : `${zip}-${four}`, note };
}

/** `TX 75001`, `75001, USA`, `US-75001`, `75001 TX` */
function withoutPlace(text: string): string {
  const bare = text
    .replace(new RegExp(`^${COUNTRY}[\\s,-]+`, 'i'), '')
    .replace(new RegExp(`[\\s,]+${COUNTRY}$`, 'i'), '');
  const [, before = '', number = '', after = ''] =
    /^([a-z .]*?)[\s,-]*(\d[\d\s-]*?)[\s,]*([a-z .]*)$/i.exec(bare) ?? [];
  const place = `${before}${after}`.trim();
  return place !== '' && stateCode(place) !== undefined ? number : bare;
}

/** The five digits that rules compare; undefined for a code that has none. @param normal in normal form */
export const zip5 = (normal: string): string | undefined => /^\d{5}/.exec(normal)?.[0];

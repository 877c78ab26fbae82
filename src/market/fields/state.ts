import type { Reading } from './reading.js';
import { readTypedText } from './text.js';

/**
 * What USPS has a two-letter code for: the 50 states, the District of Columbia, the territories, the freely associated
 * states, and the three military "states" (Publication 28, appendix B).
 */
export const STATES: Readonly<Record<string, string>> = {
  AL: 'Alabama',
  AK: 'Alaska',
  AZ: 'Arizona',
  AR: 'Arkansas',
  CA: 'California',
  CO: 'Colorado',
  CT: 'Connecticut',
  DE: 'Delaware',
  DC: 'District of Columbia',
  FL: 'Florida',
  GA: 'Georgia',
  HI: 'Hawaii',
  ID: 'Idaho',
  IL: 'Illinois',
  IN: 'Indiana',
  IA: 'Iowa',
  KS: 'Kansas',
  KY: 'Kentucky',
  LA: 'Louisiana',
  ME: 'Maine',
  MD: 'Maryland',
  MA: 'Massachusetts',
  MI: 'Michigan',
  MN: 'Minnesota',
  MS: 'Mississippi',
  MO: 'Missouri',
  MT: 'Montana',
  NE: 'Nebraska',
  NV: 'Nevada',
  NH: 'New Hampshire',
  NJ: 'New Jersey',
  NM: 'New Mexico',
  NY: 'New York',
  NC: 'North Carolina',
  ND: 'North Dakota',
  OH: 'Ohio',
  OK: 'Oklahoma',
  OR: 'Oregon',
  PA: 'Pennsylvania',
  RI: 'Rhode Island',
  SC: 'South Carolina',
  SD: 'South Dakota',
  TN: 'Tennessee',
  TX: 'Texas',
  UT: 'Utah',
  VT: 'Vermont',
  VA: 'Virginia',
  WA: 'Washington',
  WV: 'West Virginia',
  WI: 'Wisconsin',
  WY: 'Wyoming',
  AS: 'American Samoa',
  GU: 'Guam',
  MP: 'Northern Mariana Islands',
  PR: 'Puerto Rico',
  VI: 'U.S. Virgin Islands',
  FM: 'Micronesia',
  MH: 'Marshall Islands',
  PW: 'Palau',
  AA: 'Armed Forces Americas',
  AE: 'Armed Forces Europe',
  AP: 'Armed Forces Pacific',
};

/** Other names, by code: those of forms and postal lists, and the abbreviations of the GPO Style Manual (9.13). */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  AL: ['ala'],
  AK: ['alas'],
  AZ: ['ariz'],
  AR: ['ark'],
  CA: ['calif', 'cal'],
  CO: ['colo'],
  CT: ['conn'],
  DE: ['del'],
  DC: ['washington dc', 'dist of columbia', 'washington district of columbia'],
  FL: ['fla'],
  IL: ['ill'],
  IN: ['ind'],
  KS: ['kans', 'kan'],
  LA: ['lou'],
  MA: ['mass'],
  MI: ['mich'],
  MN: ['minn'],
  MS: ['miss'],
  MT: ['mont'],
  NE: ['nebr', 'neb'],
  NV: ['nev'],
  NM: ['n mex', 'new mex'],
  NY: ['new york state'],
  NC: ['n car', 'north car'],
  ND: ['n dak', 'north dak'],
  OK: ['okla'],
  OR: ['oreg', 'ore'],
  PA: ['penn', 'penna'],
  SC: ['s car', 'south car'],
  SD: ['s dak', 'south dak'],
  TN: ['tenn'],
  TX: ['tex'],
  VA: ['virg'],
  WA: ['wash', 'washington state'],
  WV: ['w va', 'west va', 'w virg'],
  WI: ['wis', 'wisc'],
  WY: ['wyo'],
  AS: ['samoa'],
  MP: ['commonwealth of the northern mariana islands', 'northern marianas', 'n mariana islands', 'cnmi'],
  PR: ['commonwealth of puerto rico'],
  VI: ['virgin islands', 'us virgin islands', 'united states virgin islands', 'usvi', 'virgin islands us'],
  FM: ['federated states of micronesia', 'micronesia federated states of'],
  MH: ['republic of the marshall islands'],
  PW: ['republic of palau'],
  AA: [
    'armed forces the americas',
    'armed forces america',
    'armed forces americas except canada',
    'us armed forces americas',
  ],
  AE: [
    'armed forces africa',
    'armed forces canada',
    'armed forces middle east',
    'armed forces europe middle east and canada',
    'armed forces europe the middle east and canada',
    'armed forces africa canada europe middle east',
    'us armed forces europe',
  ],
  AP: ['us armed forces pacific'],
};

const byText = new Map<string, string>(
  Object.entries(STATES).flatMap(([code, name]) =>
    [code, name, ...(ALSO[code] ?? [])].map((text): [string, string] => [folded(text), code]),
  ),
);

/** Lower case, without accents, okinas, apostrophes and dots; initials stand together (`N. Y.` is `ny`). */
function folded(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\u02BB\u02BC'\u2018\u2019`]/gu, '')
    .toLowerCase()
    .replace(/\b([a-z])\.\s*([a-z])(?![a-z])\.?(?:\s*([a-z])(?![a-z])\.?)?/g, '$1$2$3')
    .replace(/\./g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

const COUNTRY = String.raw`(?:us|usa|united states(?: of america)?)`;
const COUNTRY_BEFORE = new RegExp(`^${COUNTRY}[\\s,:/|_-]+`);
const COUNTRY_BEHIND = new RegExp(`(?:[\\s,:/|_-]+${COUNTRY}|\\s*\\(${COUNTRY}\\))$`);
const DIRECTIONS: Readonly<Record<string, string>> = {
  n: 'north',
  no: 'north',
  s: 'south',
  so: 'south',
  w: 'west',
};

/**
 * A US state as forms label it, as its two-letter code: by code, name or abbreviation, with its country, or as a pair
 * whose two halves agree (`Texas (TX)`). A misspelt name is never guessed.
 */
export const readState = (sent: string): Reading =>
  readTypedText(sent, 'not a US state or territory', stateCode);

/** The two-letter code of a text; undefined if it is not certain. */
export function stateCode(text: string): string | undefined {
  // `string:TX` is AngularJS's; a post office abroad and a ZIP code are written beside the state.
  const plain = folded(text.replace(/^string:/, ''))
    .replace(/^(?:apo|fpo|dpo)[, ]+(?=a[aep]\b)/, '')
    .replace(/[, ]+\d{5}(?:-\d{4})?$/, '');
  const bare = plain.replace(COUNTRY_BEFORE, '').replace(COUNTRY_BEHIND, '');
  return known(plain) ?? known(bare) ?? pair(bare) ?? known(bare.replace(/[-_]+/g, ' '));
}

function known(plain: string): string | undefined {
  const text = plain.replace(/,/g, ' ').replace(/\s+/g, ' ').trim();
  const name = text.replace(/^(?:state|commonwealth) of /, '');
  const spelled = name.replace(/^(no?|so?|w) /, (_all, short: string) => `${DIRECTIONS[short] ?? short} `);
  return byText.get(text) ?? byText.get(name) ?? byText.get(spelled);
}

/** `Texas (TX)`, `TX - Texas`, `TX: Texas`, `Texas TX`: two names of one state. */
function pair(plain: string): string | undefined {
  const [first, second, ...more] = plain
    .split(/\s*[-\u2010-\u2015:,/|()[\]=]+\s*/)
    .filter((half) => half !== '');
  if (first === undefined || more.length > 0) return undefined;
  const halves = second === undefined ? unmarked(first) : [first, second];
  const [one, other] = halves.map(known);
  return one === other ? one : undefined;
}

/** The code beside the name, with nothing between them but a space. */
function unmarked(text: string): string[] {
  const match = /^([a-z]{2}) (.+)$/.exec(text) ?? /^(.+) ([a-z]{2})$/.exec(text);
  return match === null ? [] : match.slice(1);
}

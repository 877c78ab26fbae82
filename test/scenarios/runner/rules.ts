import Type from 'typebox';
import { MarketInFile } from '../../../src/market/file/schema.js';
import { REASONS } from '../../../src/market/model/reason.js';
import type { Scenario } from './schema.js';

/*
 * The list of all rules, and the rules that a scenario covers. Both are derived. A rule is a key of the market file, one
 * value of an enumerated key, a reason, or an event in a lead's life.
 */

/** Names and URLs. They do not affect the course of a lead. */
const NAMES = [
  ...['seller code', 'seller slug', 'seller name', 'seller postback.url'],
  ...[
    'buyer id',
    'buyer name',
    'buyer post.url',
    'buyer post.timeoutMs',
    'buyer ping.url',
    'buyer status.url',
  ],
  ...['buyer status.timeoutMs', 'buyer notices.url', 'buyer notices.timeoutMs'],
  ...[
    'campaign seller',
    'campaign category',
    'campaign required',
    'contract buyer',
    'contract filters.field',
    'campaign fields.label',
  ],
  ...['name', 'url', 'timeoutMs', 'sends', 'answer'].map((key) => `checks of the lead.${key}`),
  // Field names of a source are tested with the intake (test/api/intake.test.ts).
  ...['seller sources.aliases', 'seller sources.defaults'],
  // Addresses of sources are tested with recorded requests (test/market/mapping, test/api/inbound).
  'seller sources.inbound',
  // The daily digest covers many leads and is tested with its schedule (test/temporal/digest.test.ts).
  'buyer notices.events: digest',
  // The content of a ping is tested with pings, and retention with erasure.
  ...[
    'campaign retention',
    'contract ping.fields',
    'contract ping.hashes: phone',
    'contract ping.hashes: email',
  ],
];

/** Outlets are tested with real servers (test/buyers/outlets, test/activities/outlets.test.ts). */
const OUTLETS = /^contract outlet\b/;

/** Rules that most files use. Their presence is no conflict. */
const EVERYWHERE = /^(campaign pending|contract price|campaign sale\.(floor|mode)|campaign margin|reason )/;

/** Events in a lead's life, and how to recognize them in a scenario. */
const EVENTS: Record<string, (scenario: Scenario, text: string) => boolean> = {
  'a bid expires': (_, text) => text.includes('expires_in_ms'),
  'a buyer asks for time': (_, text) => text.includes('retry-after'),
  'a notice is sent again': ({ answers = {} }) =>
    Object.values(answers).some(({ won, lost, billed, low_balance, unused, post_cancelled }) =>
      [won, lost, billed, low_balance, unused, post_cancelled].some((answer) => answer !== undefined),
    ),
  'a postback is sent': ({ expect }) => (expect.postbacks ?? []).length > 0,
  'a test lead': ({ lead, leads }) => [lead, ...Object.values(leads ?? {})].some((one) => one?.test === true),
  'terms change': ({ then = [] }) => then.some(({ market }) => market !== undefined),
  'a round is run early': ({ then = [] }) => then.some(({ retryNow }) => retryNow !== undefined),
  'a buyer pays in': ({ then = [] }) => then.some(({ topUp }) => topUp !== undefined),
  'a lead is withdrawn': ({ then = [] }) => then.some(({ withdraw }) => withdraw !== undefined),
  'a lead is given back': ({ then = [] }) => then.some((step) => step.return !== undefined),
  'ops settle a post': ({ then = [] }) => then.some(({ resolvePost }) => resolvePost !== undefined),
};

function partOf(part: string): Type.TSchema {
  const properties: Record<string, Type.TSchema> = MarketInFile.properties;
  return properties[part] ?? Type.Unknown();
}

const whose = (part: string): string => part.replace(/s$/, '');

/** The rules of a schema below a path: its keys, and the values of enumerated keys. */
function rulesBelow(schema: Type.TSchema, path: string): string[] {
  if (Type.IsArray(schema)) return rulesBelow(schema.items, path);
  if (Type.IsRecord(schema)) return rulesBelow(Type.RecordValue(schema), path);
  if (Type.IsObject(schema)) {
    return Object.entries<Type.TSchema>(schema.properties).flatMap(([key, inner]) => {
      const below = joined(path, key);
      // A stage has the terms of a sale, and filters contain filters.
      // The vocabulary of protocols is tested with their presets (test/market/protocol).
      const isLeaf = ['stages', 'all', 'any', 'protocol', 'inbound'].includes(key);
      return isLeaf ? [below] : rulesBelow(inner, below);
    });
  }
  const words = 'enum' in schema && Array.isArray(schema.enum) ? schema.enum : wordsOf(schema);
  return words.length > 1 ? words.map((word) => `${path}: ${String(word)}`) : [path];
}

const wordsOf = (schema: Type.TSchema): unknown[] =>
  Type.IsUnion(schema) ? schema.anyOf.flatMap((one) => (Type.IsLiteral(one) ? [one.const] : [])) : [];

const joined = (path: string, key: string): string => {
  // The same rules for one contract and for all contracts.
  if (key === 'duplicates' || key === 'checks') return `${key} of the lead`;
  if (path === 'campaign' && key === 'contracts') return 'contract';
  return path.includes(' ') ? `${path}.${key}` : `${path} ${key}`;
};

export const ALL_RULES: readonly string[] = [
  ...['sellers', 'buyers', 'campaigns'].flatMap((part) => rulesBelow(partOf(part), whose(part))),
  ...REASONS.map((reason) => `reason ${reason}`),
  ...Object.keys(EVENTS),
].filter((rule) => !NAMES.includes(rule) && !OUTLETS.test(rule));

/** The rules that a scenario covers. */
export function rulesIn(scenario: Scenario): string[] {
  const said = new Set<string>();
  for (const market of [scenario, ...(scenario.then ?? []).flatMap(({ market = {} }) => market)]) {
    const { seller = {}, campaign = {}, contracts = {}, campaigns = {}, buyers = {} } = market;
    note(said, seller, 'seller');
    for (const buyer of Object.values(buyers)) note(said, buyer, 'buyer');
    for (const { contracts: inner, ...terms } of [{ ...campaign, contracts }, ...Object.values(campaigns)]) {
      note(said, terms, 'campaign');
      for (const contract of Object.values(inner ?? {})) note(said, contract, 'contract');
    }
  }
  const { expect } = scenario;
  const outcomes = JSON.stringify([expect.rounds, Object.values(expect.leads ?? {})]);
  const text = JSON.stringify(scenario.answers ?? {});
  return ALL_RULES.filter((rule) => {
    const isHappening = EVENTS[rule];
    if (isHappening) return isHappening(scenario, text);
    const [, reason] = /^reason (.*)$/.exec(rule) ?? [];
    return reason === undefined ? said.has(rule) : outcomes.includes(`":"${reason}`);
  });
}

function note(said: Set<string>, value: unknown, path: string): void {
  if (Array.isArray(value)) {
    for (const item of value) note(said, item, path);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      said.add(joined(path, key));
      if (key !== 'protocol') note(said, inner, below(path, key));
    }
  } else {
    said.add(`${path}: ${String(value)}`);
  }
}

/** Declared fields are keyed by their names. */
const FIELDS_BY_NAME = 'fields by name';

/** A stage has the terms of a sale, and a filter can combine filters. */
function below(path: string, key: string): string {
  if (key === 'stages') return 'campaign sale';
  if (path === 'campaign' && key === 'fields') return FIELDS_BY_NAME;
  if (path === FIELDS_BY_NAME) return 'campaign fields';
  return key === 'all' || key === 'any' ? path : joined(path, key);
}

/** Whether a rule occurs together with a rule of another key, with which it may conflict. */
export const canConflict = (rule: string, rules: readonly string[]): boolean =>
  rules.some((other) => !EVERYWHERE.test(other) && keyOf(other) !== keyOf(rule));

/** Common rules, the number of buyers, and time zones. A rule that occurs only with these is alone. */
const NEUTRAL = new RegExp(
  `${EVERYWHERE.source}|^campaign sale\\.(maxBuyers|sharedFloor)|^contract timezone`,
);

/** Rules that have no effect without another rule. */
const DEPENDS_ON: readonly [rule: RegExp, another: RegExp][] = [
  [
    /^buyer (currency|lowBalance|notices\.events: low_balance)/,
    /^(buyer|campaign) (balance|currency|lowBalance|notices)/,
  ],
  [/^contract (pace|timezone)/, /^contract (caps|schedule)/],
  [/^campaign fields/, /^contract filters/],
  [/^contract filters\.(age|includes|range)/, /^campaign fields/],
  [/^contract weight/, /^campaign sale\.award: weighted/],
  [/^campaign sale\.award: weighted/, /^contract weight/],
  [/^contract returns\.freesCap/, /^contract caps/],
  [/^a lead is given back/, /^contract returns/],
  [/^a buyer pays in/, /^buyer (balance|currency)/],
  [/^ops settle a post/, /^contract delivery/],
  // Gavel's own protocol has no address for the person.
  [/^campaign redirects/, /^(buyer|contract) protocol/],
];

/**
 * Whether a rule alone decides a scenario. Events, common rules and rules that it depends on do not count. A reason is
 * alone if only one rule gives it.
 */
export function isAlone(rule: string, rules: readonly string[]): boolean {
  const needed = DEPENDS_ON.filter(([one]) => one.test(rule)).map(([, another]) => another);
  const others = rules
    .filter((other) => !NEUTRAL.test(other) && !(other in EVENTS) && keyOf(other) !== keyOf(rule))
    .filter((other) => !needed.some((another) => another.test(other)));
  return new Set(others.map(keyOf)).size <= (rule.startsWith('reason ') ? 1 : 0);
}

const keyOf = (rule: string): string => rule.split(/[.:]/)[0] ?? rule;

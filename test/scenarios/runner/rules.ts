import Type from 'typebox';
import { MarketInFile } from '../../../src/market/file/schema.js';
import { REASONS } from '../../../src/market/reason.js';
import type { Scenario } from './schema.js';

/*
 * Which rules there are, and which of them a scenario is about. Both are derived: a rule is a key of the market file, each
 * of its words where it has a few, a reason, or something that happens to a lead.
 */

/** Keys that name something or say where it is: no lead goes another way because of them. */
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
  // What a source calls its fields is tried where requests are read (test/api/intake.test.ts).
  ...['seller sources.aliases', 'seller sources.defaults'],
  // The daily digest is about many leads and is tried where its schedule is (test/temporal/digest.test.ts).
  'buyer notices.events: digest',
  // What a ping carries is tried where pings are, and how long persons are kept where they are erased.
  ...[
    'campaign retention',
    'contract ping.fields',
    'contract ping.hashes: phone',
    'contract ping.hashes: email',
  ],
];

/** What most files have, and which is at odds with nothing by being there. */
const EVERYWHERE = /^(campaign pending|contract price|campaign sale\.(floor|mode)|campaign margin|reason )/;

/** What can happen to a lead beside the terms of its market, and how a scenario says it. */
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
  'a round is held early': ({ then = [] }) => then.some(({ retryNow }) => retryNow !== undefined),
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

/** The rules of a schema under a path: its keys, and the words of those that have a few. */
function rulesBelow(schema: Type.TSchema, path: string): string[] {
  if (Type.IsArray(schema)) return rulesBelow(schema.items, path);
  if (Type.IsRecord(schema)) return rulesBelow(Type.RecordValue(schema), path);
  if (Type.IsObject(schema)) {
    return Object.entries<Type.TSchema>(schema.properties).flatMap(([key, inner]) => {
      const below = joined(path, key);
      // A stage's terms are those of a sale; filters hold filters.
      const isLeaf = key === 'stages' || key === 'all' || key === 'any';
      return isLeaf ? [below] : rulesBelow(inner, below);
    });
  }
  const words = 'enum' in schema && Array.isArray(schema.enum) ? schema.enum : wordsOf(schema);
  return words.length > 1 ? words.map((word) => `${path}: ${String(word)}`) : [path];
}

const wordsOf = (schema: Type.TSchema): unknown[] =>
  Type.IsUnion(schema) ? schema.anyOf.flatMap((one) => (Type.IsLiteral(one) ? [one.const] : [])) : [];

const joined = (path: string, key: string): string => {
  // The same rules, whether for one contract or for all.
  if (key === 'duplicates' || key === 'checks') return `${key} of the lead`;
  if (path === 'campaign' && key === 'contracts') return 'contract';
  return path.includes(' ') ? `${path}.${key}` : `${path} ${key}`;
};

export const ALL_RULES: readonly string[] = [
  ...['sellers', 'buyers', 'campaigns'].flatMap((part) => rulesBelow(partOf(part), whose(part))),
  ...REASONS.map((reason) => `reason ${reason}`),
  ...Object.keys(EVENTS),
].filter((rule) => !NAMES.includes(rule));

/** The rules that a scenario is about. */
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
      note(said, inner, below(path, key));
    }
  } else {
    said.add(`${path}: ${String(value)}`);
  }
}

/** Declared fields stand under names of their own. */
const FIELDS_BY_NAME = 'fields by name';

/** A stage has the terms of a sale; what a filter combines are filters. */
function below(path: string, key: string): string {
  if (key === 'stages') return 'campaign sale';
  if (path === 'campaign' && key === 'fields') return FIELDS_BY_NAME;
  if (path === FIELDS_BY_NAME) return 'campaign fields';
  return key === 'all' || key === 'any' ? path : joined(path, key);
}

/** Whether a rule is there with another one that it may be at odds with: of another key. */
export const isAtOdds = (rule: string, rules: readonly string[]): boolean =>
  rules.some((other) => !EVERYWHERE.test(other) && keyOf(other) !== keyOf(rule));

/** What most files have, how many may buy, on whose clock: to a rule that is alone these are no others. */
const DULL = new RegExp(`${EVERYWHERE.source}|^campaign sale\\.(maxBuyers|sharedFloor)|^contract timezone`);

/** Rules that are nothing without another one. */
const NEEDS: readonly [rule: RegExp, another: RegExp][] = [
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
];

/**
 * Whether a rule is the only one in a scenario that decides anything: what happens to its leads and what most files have
 * aside, and what it is nothing without. A reason is alone where one rule alone gives it.
 */
export function isAlone(rule: string, rules: readonly string[]): boolean {
  const needed = NEEDS.filter(([one]) => one.test(rule)).map(([, another]) => another);
  const others = rules
    .filter((other) => !DULL.test(other) && !(other in EVENTS) && keyOf(other) !== keyOf(rule))
    .filter((other) => !needed.some((another) => another.test(other)));
  return new Set(others.map(keyOf)).size <= (rule.startsWith('reason ') ? 1 : 0);
}

const keyOf = (rule: string): string => rule.split(/[.:]/)[0] ?? rule;

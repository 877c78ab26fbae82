import Type from 'typebox';
import { DATE_ORDERS, EPOCH_UNITS } from '../fields/date.js';
import { KINDS, PARTS, type Condition, type FieldMapping } from '../mapping/fieldMapping.js';
import type { Inbound } from '../mapping/inbound.js';
import { mappingFaults } from '../mapping/mappingFaults.js';
import presets from '../mapping/presets.json' with { type: 'json' };
import type { Market } from '../model/market.js';
import { SECRET_NAME } from '../secretName.js';
import type { Draft } from './draft.js';
import type { Path, Report } from './fault.js';
import {
  Currency,
  duration,
  line,
  listOf,
  named,
  oneOf,
  TargetField,
  text,
  TimeZone,
  whole,
} from './values.js';

const optional = Type.Optional;

const PathText = text('a path (1 to 200 characters)', 'answers.phone', () => true, 200);

const several = <T extends Type.TSchema>(item: T, title: string, example: string, most = 20) =>
  Type.Union([item, Type.Array(item, { minItems: 1, maxItems: most })], { title, examples: [example] });

const Paths = several(PathText, 'a path or a list of paths', '"answers.phone"');

const Is = Type.Union([Type.Boolean(), Type.String({ minLength: 1, maxLength: 200 })]);

const ConditionInFile = Type.Object(
  {
    from: Paths,
    is: optional(several(Is, 'true, false, a text or a list of them', 'true', 100)),
    exists: optional(Type.Boolean({ title: 'true or false', examples: ['true'] })),
    as: optional(oneOf('a type', ['boolean'], 'boolean')),
  },
  { title: 'a condition' },
);

const Conditions = Type.Union([ConditionInFile, Type.Array(ConditionInFile, { minItems: 1, maxItems: 20 })], {
  title: 'a condition or a list of conditions',
  examples: ['{ from: is_test, is: true }'],
});

const Bool = optional(Type.Boolean({ title: 'true or false', examples: ['true'] }));

const Plain = (title: string, example: string, maxLength = 200) =>
  text(title, example, () => true, maxLength);

const MappingInFile = Type.Object(
  {
    when: optional(ConditionInFile),
    from: optional(Paths),
    const: optional(line('a fixed text', 'Auto Insurance', 2000)),
    now: Bool,
    join: optional(listOf(PathText, 'a list of paths', { maxItems: 50 })),
    split: optional(Plain('a separator', '||', 20)),
    with: optional(
      Type.String({ title: 'a separator (at most 20 characters)', examples: ['", "'], maxLength: 20 }),
    ),
    lookup: optional(
      named(Type.String({ title: 'a text', examples: ['"yes"'], maxLength: 2000 }), {
        title: 'a map of labels to values',
        names: Plain('a label', 'Own', 500),
        most: 1000,
      }),
    ),
    else: optional(Plain('keep, drop, refuse or a text', 'drop', 2000)),
    part: optional(oneOf('a part of a value', PARTS, 'first')),
    as: optional(oneOf('a kind of value', KINDS, 'phone')),
    order: optional(oneOf('a date order', DATE_ORDERS, 'dmy')),
    format: optional(Plain('a date format', 'MM/DD/YYYY h:mm A', 60)),
    unit: optional(oneOf('a time unit', EPOCH_UNITS, 'ms')),
    zone: optional(TimeZone),
    currency: optional(Currency),
  },
  { title: 'a field’s mapping', minProperties: 1 },
);

const SECRET = new RegExp(`^\\{\\{\\s*secret:(${SECRET_NAME})\\s*\\}\\}$`);

/** The name of a secret in `{{secret:NAME}}`; undefined if the text is something else. */
export const secretNameIn = (text: string): string | undefined => SECRET.exec(text)?.[1];

const SecretRef = text(
  'the name of a secret (letters, digits and _), which `gavel secrets set` stores',
  '{{secret:TYPEFORM}}',
  (value) => secretNameIn(value) !== undefined,
  90,
);

const HeaderName = text('the name of a header', 'x-signature', (value) => /^[A-Za-z0-9-]+$/.test(value), 100);

const ProofInFile = Type.Object(
  {
    hmac: optional(oneOf('a hash', ['sha1', 'sha256', 'sha512'], 'sha256')),
    keyless: Bool,
    header: optional(HeaderName),
    encoding: optional(oneOf('an encoding', ['hex', 'base64'], 'hex')),
    prefix: optional(Plain('a prefix', 'sha256=', 40)),
    part: optional(Plain('the name of a part', 'v', 40)),
    over: optional(Plain('a text with {body}', '{timestamp}:{body}')),
    timestamp: optional(
      Type.Object(
        {
          header: HeaderName,
          part: optional(Plain('the name of a part', 't', 40)),
          unit: optional(oneOf('a time unit', EPOCH_UNITS, 'ms')),
          tolerance: optional(duration('10s', '24h', '5m')),
        },
        { title: 'a timestamp' },
      ),
    ),
    secret: optional(SecretRef),
    field: optional(Plain('a name of the body', 'google_key', 64)),
    equals: optional(SecretRef),
    basic: optional(
      Type.Object(
        { user: Plain('a user name', 'gavel', 100), password: SecretRef },
        { title: 'a user and its password' },
      ),
    ),
  },
  { title: 'a proof of origin', minProperties: 1 },
);

const PairsInFile = Type.Object(
  {
    into: optional(Plain('a name', 'answers', 64)),
    list: Paths,
    key: Paths,
    names: optional(
      Type.Object({ list: Paths, key: PathText, value: PathText }, { title: 'a list that names keys' }),
    ),
    value: Type.Union(
      [PathText, Type.Array(Type.Union([PathText, Type.Array(PathText)]), { minItems: 1, maxItems: 40 })],
      { title: 'a path or a list of paths', examples: ['"value"'] },
    ),
    choices: optional(
      Type.Object({ list: PathText, key: PathText, value: PathText }, { title: 'the choices of an entry' }),
    ),
  },
  { title: 'a list of pairs' },
);

const Url = text(
  'an http or https address',
  'https://forms.example/thanks',
  (value) =>
    URL.canParse(value.replace('{id}', 'id')) &&
    /^https?:$/.test(new URL(value.replace('{id}', 'id')).protocol),
);

const Status = optional(whole('a status of an answer', 200, 599, 200));

/** A source's own requests; `checkInbound` checks what the schema does not. */
export const InboundInFile = Type.Object(
  {
    preset: optional(oneOf('a preset', Object.keys(presets), 'typeform')),
    address: Bool,
    open: Bool,
    prove: optional(
      Type.Union([ProofInFile, Type.Array(ProofInFile, { minItems: 1, maxItems: 5 })], {
        title: 'a proof of origin or a list of proofs',
        examples: ["{ header: x-api-key, equals: '{{secret:FORM}}' }"],
      }),
    ),
    secret: optional(SecretRef),
    challenge: optional(
      Type.Object(
        { kind: oneOf('a challenge', ['meta', 'linkedin', 'get200'], 'meta'), secret: optional(SecretRef) },
        { title: 'a challenge' },
      ),
    ),
    reads: optional(oneOf('a format', ['auto', 'json', 'xml', 'form', 'multipart'], 'auto')),
    brackets: Bool,
    files: optional(oneOf('what happens to files', ['drop', 'refuse'], 'drop')),
    unwrap: optional(Type.Object({ json: Plain('a name', 'rawRequest', 200) }, { title: 'a text to read' })),
    subfields: Bool,
    pairs: optional(
      Type.Union([PairsInFile, Type.Array(PairsInFile, { minItems: 1, maxItems: 10 })], {
        title: 'a list of pairs, or several',
        examples: ['{ list: field_data, key: name, value: values }'],
      }),
    ),
    each: optional(PathText),
    ignore: optional(Conditions),
    once: optional(
      several(
        Type.Union([PathText, Type.Array(PathText, { minItems: 1, maxItems: 5 })]),
        'a path or a list of paths',
        '"id"',
      ),
    ),
    test: optional(Conditions),
    answer: optional(
      Type.Object({ taken: Status, refused: Status, redirect: optional(Url) }, { title: 'an answer' }),
    ),
    rest: optional(oneOf('what happens to other names', ['drop', 'keep'], 'drop')),
    aliases: Bool,
    fields: optional(named(MappingInFile, { title: 'a map of fields', names: TargetField, most: 200 })),
    fetch: optional(
      Type.Object(
        {
          id: PathText,
          url: Url,
          token: optional(SecretRef),
          parameter: optional(Plain('a parameter', 'access_token', 64)),
        },
        { title: 'an address to read leads from' },
      ),
    ),
    sample: optional(Type.String({ title: 'a body', examples: ['"{}"'], minLength: 1, maxLength: 65_536 })),
  },
  { title: 'an inbound mapping', minProperties: 1 },
);

export type InboundInFile = Type.Static<typeof InboundInFile>;
type ConditionInFile = Type.Static<typeof ConditionInFile>;
type MappingInFile = Type.Static<typeof MappingInFile>;

const listed = <T>(value: T | readonly T[]): T[] => (Array.isArray(value) ? (value as T[]) : [value as T]);

const optionalList = <T>(value: T | readonly T[] | undefined): T[] | undefined =>
  value === undefined ? undefined : listed(value);

const conditionOf = ({ from, is, exists }: ConditionInFile): Condition => ({
  from: listed(from),
  is: optionalList(is),
  exists,
});

function mappingOf({ when, from, lookup, ...rest }: MappingInFile): FieldMapping {
  return {
    ...rest,
    when: when && conditionOf(when),
    from: optionalList(from),
    lookup: lookup && Object.entries(lookup).map(([label, value]) => ({ label, value })),
  };
}

/** The mapping of a file without faults. */
export function buildInbound({ ...inbound }: InboundInFile): Inbound {
  const { prove, pairs, ignore, once, test, fields } = inbound;
  return {
    ...inbound,
    prove: optionalList(prove),
    pairs: optionalList(pairs)?.map(({ list, key, names, value, ...rest }) => ({
      ...rest,
      list: listed(list),
      key: listed(key),
      names: names && { ...names, list: listed(names.list) },
      value: listed(value),
    })),
    ignore: optionalList(ignore)?.map(conditionOf),
    once: optionalList(once),
    test: optionalList(test)?.map(conditionOf),
    fields:
      fields &&
      Object.fromEntries(Object.entries(fields).map(([field, mapping]) => [field, mappingOf(mapping)])),
  };
}

/** A mapping as the file writes it. */
export function inboundInFile({ fields, prove, ...inbound }: Inbound): InboundInFile {
  const written = fields && Object.entries(fields).map(([field, mapping]) => [field, mappingInFile(mapping)]);
  return {
    ...inbound,
    prove: prove && [...prove],
    fields: written && (Object.fromEntries(written) as InboundInFile['fields']),
  } as InboundInFile;
}

const mappingInFile = ({ lookup, ...mapping }: FieldMapping): object => ({
  ...mapping,
  lookup: lookup && Object.fromEntries(lookup.map(({ label, value }) => [label, value])),
});

/** The presets, by name: what form builders and ad platforms send. */
export const PRESETS: ReadonlyMap<string, Inbound> = new Map(
  Object.entries(presets).map(([name, preset]) => [name, buildInbound(preset as InboundInFile)]),
);

/** A mapping with the keys of its preset, and its secret in the preset's proofs and challenge. */
export function expandInbound(inbound: Inbound): Inbound {
  const { preset: name, secret, ...own } = inbound;
  const preset = PRESETS.get(name ?? '') ?? {};
  const merged: Inbound = { ...preset, ...definedOf(own) };
  const proofs = own.prove ?? (secret === undefined ? undefined : preset.prove);
  return {
    ...merged,
    prove: proofs?.map((proof) =>
      proof.field === undefined && proof.header === undefined
        ? proof
        : { ...definedOf(proof.hmac === undefined ? { equals: secret } : { secret }), ...definedOf(proof) },
    ),
    challenge: merged.challenge && { ...definedOf({ secret }), ...definedOf(merged.challenge) },
    fetch: merged.fetch && { ...preset.fetch, ...definedOf(merged.fetch) },
  };
}

/** The names of the secrets that a mapping uses in its proofs, its challenge and its requests to the platform. */
export function secretsIn(inbound: Inbound): string[] {
  const { prove, challenge, fetch } = expandInbound(inbound);
  const texts = [...(prove ?? []), ...(prove ?? []).map(({ basic }) => basic), challenge, fetch].flatMap(
    (part): unknown[] => Object.values(part ?? {}),
  );
  const names = texts.flatMap((text) => (typeof text === 'string' ? (secretNameIn(text) ?? []) : []));
  return [...new Set(names)];
}

/** Without keys that are undefined, which would hide those of a preset. */
const definedOf = <T extends object>(value: T): T =>
  Object.fromEntries(
    Object.entries(value as Readonly<Record<string, unknown>>).filter(([, one]) => one !== undefined),
  ) as T;

/** The market with the keys of its sources' presets written out. */
export const withPresets = (market: Market): Market => ({
  ...market,
  sellers: market.sellers.map(({ sources, ...seller }) => ({
    ...seller,
    sources:
      sources &&
      Object.fromEntries(
        Object.entries(sources).map(([name, { inbound, ...terms }]) => [
          name,
          { ...terms, inbound: inbound && expandInbound(inbound) },
        ]),
      ),
  })),
});

/** Reports the faults of a mapping that has the right shape. */
export function checkInbound(inbound: Draft<InboundInFile>, path: Path, report: Report): void {
  // A faulty part was reported before, and would make others.
  if (!isWhole(inbound)) return;
  const built = buildInbound(inbound as InboundInFile);
  for (const { at, problem } of mappingFaults(built, expandInbound(built))) report([...path, ...at], problem);
}

const isWhole = (value: unknown): boolean =>
  typeof value !== 'object' || value === null ? value !== undefined : Object.values(value).every(isWhole);

import type { Condition, FieldMapping } from './fieldMapping.js';
import type { Inbound, Proof } from './inbound.js';
import { compileInbound } from './mapDocument.js';
import { parsePath } from './path.js';
import { sampleDocument } from './payload.js';
import { formatReader } from './timeFormat.js';

/** A fault of a mapping: where it is, and what to do. */
export interface MappingFault {
  at: (string | number)[];
  problem: string;
}

/** The faults of a mapping; `expanded` is the same with its preset. */
export function mappingFaults(own: Inbound, expanded: Inbound): MappingFault[] {
  const faults = [...pathFaults(own), ...fieldFaults(own.fields ?? {}), ...proofFaults(own, expanded)];
  return faults.length > 0 || own.sample === undefined ? faults : sampleFaults(expanded, own.sample);
}

function pathFaults({ each, once = [], ignore = [], test = [], pairs = [], fetch }: Inbound): MappingFault[] {
  return [
    ...pathFault(each, ['each']),
    ...once.flat().flatMap((path) => pathFault(path, ['once'])),
    ...ignore.flatMap((condition) => conditionFaults(condition, ['ignore'])),
    ...test.flatMap((condition) => conditionFaults(condition, ['test'])),
    ...pathFault(fetch?.id, ['fetch', 'id']),
    ...pairs.flatMap(({ list, key, names, value, choices }) =>
      [...list, ...key.filter((path) => path !== '@key'), ...value.flat().filter((path) => path !== '@')]
        .concat(names ? [...names.list, names.key, names.value] : [], Object.values(choices ?? {}))
        .flatMap((path) => pathFault(path, ['pairs'])),
    ),
  ];
}

function pathFault(text: string | undefined, at: MappingFault['at']): MappingFault[] {
  const path = text === undefined ? undefined : parsePath(text);
  return path !== undefined && 'problem' in path ? [{ at, problem: `"${text}" ${path.problem}` }] : [];
}

const conditionFaults = ({ from, is, exists }: Condition, at: MappingFault['at']): MappingFault[] => [
  ...from.flatMap((path) => pathFault(path, [...at, 'from'])),
  ...(is !== undefined && exists !== undefined
    ? [{ at, problem: 'has is and exists; keep one of them' }]
    : []),
];

const fieldFaults = (fields: Readonly<Record<string, FieldMapping>>): MappingFault[] =>
  Object.entries(fields).flatMap(([field, mapping]) => ofField(mapping, ['fields', field]));

function ofField(mapping: FieldMapping, at: MappingFault['at']): MappingFault[] {
  const { when, from, join, const: constant, now, as, format, part, unit, order, zone } = mapping;
  const faults = [
    ...(when ? conditionFaults(when, [...at, 'when']) : []),
    ...(from ?? []).flatMap((path) => pathFault(path, [...at, 'from'])),
    ...(join ?? []).flatMap((path) => pathFault(path, [...at, 'join'])),
  ];
  const origins = [from ?? join, constant, now === true ? now : undefined].filter((one) => one !== undefined);
  if (origins.length !== 1)
    faults.push({ at, problem: 'needs exactly one of from (or join), const and now: true' });
  const isTime = as === 'date' || as === 'birthDate' || as === 'time' || part === 'date';
  const hint = Object.entries({ order, format, unit, zone }).find(([, value]) => value !== undefined)?.[0];
  if (hint !== undefined && !isTime)
    faults.push({
      at: [...at, hint],
      problem: 'is for dates and times; remove it, or write as: date or as: time',
    });
  const reader = format === undefined || format === 'excel' ? undefined : formatReader(format);
  if (reader !== undefined && 'problem' in reader)
    faults.push({ at: [...at, 'format'], problem: reader.problem });
  return faults;
}

function proofFaults(own: Inbound, expanded: Inbound): MappingFault[] {
  const proofs = expanded.prove ?? [];
  const at = own.prove === undefined ? ['secret'] : ['prove'];
  const faults = proofs.flatMap((proof) => {
    const problem = proofProblem(proof);
    return problem === undefined ? [] : [{ at, problem }];
  });
  if (
    own.secret !== undefined &&
    own.prove === undefined &&
    proofs.length === 0 &&
    expanded.challenge === undefined
  )
    faults.push({
      at,
      problem: 'is of no use: the preset has no proof with a secret; write prove, or remove it',
    });
  if (own.address === false && own.open !== true && proofs.length === 0)
    faults.push({
      at: ['address'],
      problem: 'is off and nothing proves who sends: write prove, or open: true to take requests of anybody',
    });
  const { challenge } = own;
  if (
    challenge !== undefined &&
    challenge.kind !== 'get200' &&
    (challenge.secret ?? own.secret) === undefined
  )
    faults.push({ at: ['challenge'], problem: CHALLENGE_SECRET });
  return faults;
}

const CHALLENGE_SECRET = "is answered with a secret; write { kind: meta, secret: '{{secret:NAME}}' }";

function proofProblem({
  hmac,
  header,
  encoding,
  over,
  secret,
  field,
  equals,
  basic,
}: Proof): string | undefined {
  if ([hmac, field, basic].filter((one) => one !== undefined).length > 1)
    return 'has several ways; write each as an entry of its own in a list';
  if (basic !== undefined) return undefined;
  if (hmac !== undefined) {
    if (header === undefined || encoding === undefined) return 'a signature needs header and encoding';
    if (over?.includes('{body}') === false) return 'signs no {body}, so that any body would pass';
    return secret === undefined ? "a signature needs a secret: '{{secret:NAME}}'" : undefined;
  }
  if ((field === undefined) === (header === undefined)) return 'needs one of hmac, field, header and basic';
  return equals === undefined ? "needs equals: '{{secret:NAME}}'" : undefined;
}

/** Applies the mapping to its sample: a field that finds nothing in it is a fault. */
function sampleFaults(inbound: Inbound, sample: string): MappingFault[] {
  const body = sampleDocument(sample, inbound);
  if (body === undefined) return [{ at: ['sample'], problem: 'is neither JSON nor a form (name=value&…)' }];
  const { read, map } = compileInbound(inbound);
  const { documents, problem } = read(body);
  if (problem !== undefined) return [{ at: ['sample'], problem: `is refused: ${problem}` }];
  const [document] = documents;
  if (document === undefined)
    return [{ at: ['sample'], problem: 'has no lead: ignore or each leaves nothing of it' }];
  if (inbound.fetch !== undefined && !('field_data' in document)) return [];
  return [...map(document, { now: 0 }).fields].flatMap(([field, mapped]) => {
    if ('fault' in mapped) return [{ at: ['fields', field], problem: `refuses the sample: ${mapped.fault}` }];
    const isAbsent = 'missing' in mapped && mapped.missing.startsWith('nothing at');
    return isAbsent
      ? [{ at: ['fields', field], problem: `is missing from the sample: ${mapped.missing}` }]
      : [];
  });
}

import {
  STEPS,
  type AnswerSample,
  type Protocol,
  type Scalar,
  type Step,
  type StepTerms,
} from '../model/protocol.js';
import { compileAnswer, type AnswerReader } from './answer.js';
import type { ReportFault } from './bodies.js';
import { PRESETS } from './presets/presets.js';
import { compileRequest, type CompiledRequest } from './request.js';
import type { Reference } from './scope.js';

/** One step of a buyer's protocol, compiled for many leads. */
export interface CompiledStep {
  request: CompiledRequest;
  read: AnswerReader;
  /** Fields of the lead that the request refers to. */
  fields: readonly string[];
  /** Whether the request has an id by which the buyer can recognise it when it is sent again. */
  isRecognisable: boolean;
  samples: readonly AnswerSample[];
}

export interface CompiledProtocol {
  values: Readonly<Record<string, Scalar>>;
  ping?: CompiledStep;
  post?: CompiledStep;
  status?: CompiledStep;
  /** Whether the post or the status question needs the answer to the ping. */
  keepsPingAnswer: boolean;
  /** The secrets that it refers to, by name. */
  secrets: readonly string[];
  /** The values that it refers to and that are not set, by name. */
  unset: readonly string[];
}

/** A protocol with its preset, and a contract's own terms merged into its buyer's, key by key; a list is replaced. */
export function effectiveProtocol(...layers: readonly (Protocol | undefined)[]): Protocol {
  const preset = layers.findLast((layer) => layer?.preset !== undefined)?.preset;
  const base = preset === undefined ? undefined : presetOf(preset);
  return [base, ...layers].reduce<Protocol>((merged, layer) => mergeMaps(merged, layer ?? {}), {});
}

export const presetOf = (name: string): Protocol | undefined =>
  Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;

type AnyMap = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is AnyMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function mergeMaps<T extends object>(base: T, change: T): T {
  const merged = new Map<string, unknown>(Object.entries(base));
  for (const [key, value] of Object.entries(change) as [string, unknown][]) {
    if (value === undefined) continue;
    const was = merged.get(key);
    merged.set(key, isMap(was) && isMap(value) ? mergeMaps(was, value) : value);
  }
  return Object.fromEntries(merged) as T;
}

/** The addresses of a buyer by step, for requests without an own one. */
export type StepUrls = Readonly<Partial<Record<Step, string>>>;

/**
 * Compiles a protocol. A step without an address is left out. Faults go to `report` with their place in the protocol;
 * with any fault, nothing is sent.
 */
export function compileProtocol(protocol: Protocol, urls: StepUrls, report: ReportFault): CompiledProtocol {
  const { values = {} } = protocol;
  const steps = STEPS.flatMap((step): [Step, CompiledStep][] => {
    const terms = protocol[step];
    const url = urls[step];
    if (terms === undefined || (terms.request?.url ?? url) === undefined) return [];
    const compiled = compileStep(terms, { step, url }, (path, message) => report([step, ...path], message));
    return [[step, compiled]];
  });
  const references = steps.flatMap(([, { request }]) => request.references);
  const namesOf = (kind: Reference['to']): string[] => [
    ...new Set(references.flatMap(({ to, name }) => (to === kind ? name : []))),
  ];
  return {
    values,
    ...Object.fromEntries(steps),
    keepsPingAnswer: namesOf('ping').length > 0,
    secrets: namesOf('secret'),
    unset: namesOf('value').filter((name) => !Object.hasOwn(values, name)),
  };
}

function compileStep(
  { request = {}, answer, samples = [] }: StepTerms,
  { step, url }: { step: Step; url: string | undefined },
  report: ReportFault,
): CompiledStep {
  const below =
    (key: string): ReportFault =>
    (path, message) =>
      report([key, ...path], message);
  if (answer === undefined) report(['answer'], `is missing; the ${step} of a protocol needs it`);
  const compiled = compileRequest(request, { step, url }, below('request'));
  const own = step === 'ping' ? 'ping_id' : 'post_id';
  return {
    request: compiled,
    read: compileAnswer(answer ?? {}, step, answer === undefined ? () => undefined : below('answer')),
    fields: [...new Set(compiled.references.flatMap(({ to, name }) => (to === 'lead' ? name : [])))],
    isRecognisable:
      step !== 'post' || compiled.references.some(({ to, name }) => to === 'term' && name === own),
    samples,
  };
}

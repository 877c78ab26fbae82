import { FIELDS } from '../fields/standardFields.js';
import { toDecimal } from '../money.js';
import { nearest } from '../nearest.js';
import { STEPS, type Protocol, type Step } from '../model/protocol.js';
import { PRESETS } from '../protocol/presets/presets.js';
import {
  compileProtocol,
  effectiveProtocol,
  presetOf,
  type CompiledProtocol,
  type StepUrls,
} from '../protocol/protocol.js';
import type { Scope } from '../protocol/scope.js';
import type { Path, Report } from './fault.js';

interface Checking {
  /** Of the buyer, then of its contract. */
  layers: readonly (Protocol | undefined)[];
  urls: StepUrls;
  /** Of the campaign, or of the buyer's balance. */
  currency: string;
}

/**
 * Reports what is wrong with a protocol: its templates and selectors, a request that can't be rendered for a sample lead,
 * and recorded answers that do not mean what they should.
 * @param path of the layer that is checked
 */
export function checkProtocol({ layers, urls, currency }: Checking, path: Path, report: Report): void {
  const named = layers.findLast((layer) => layer?.preset !== undefined)?.preset;
  if (named !== undefined && presetOf(named) === undefined) {
    const meant = nearest(named, Object.keys(PRESETS));
    const hint =
      meant === undefined ? `the presets are ${Object.keys(PRESETS).join(', ')}` : `did you mean ${meant}?`;
    report([...path, 'preset'], `there is no preset "${named}"; ${hint}`);
    return;
  }
  let faults = 0;
  const protocol = effectiveProtocol(...layers);
  for (const step of STEPS) {
    const isOwn = layers.some((layer) => layer?.[step] !== undefined);
    if (isOwn && (protocol[step]?.request?.url ?? urls[step]) === undefined)
      report([...path, step], `has no address; give the buyer a ${step}, or the request a url`);
  }
  const compiled = compileProtocol(protocol, urls, (inner, message) => {
    faults += 1;
    report([...path, ...inner], message);
  });
  if (faults === 0) tryProtocol(compiled, currency, path, report);
}

/** Reports the values that a contract's protocol uses and that neither it nor its buyer sets. */
export function checkValues({ layers, urls }: Omit<Checking, 'currency'>, path: Path, report: Report): void {
  const { unset } = compileProtocol(effectiveProtocol(...layers), urls, () => undefined);
  if (unset.length === 0) return;
  const names = unset.map((name) => `values.${name}`).join(', ');
  report(
    path,
    `uses ${names}, which ${unset.length === 1 ? 'is' : 'are'} not set; add values: { ${unset.map((name) => `${name}: …`).join(', ')} }`,
  );
}

function tryProtocol(compiled: CompiledProtocol, currency: string, path: Path, report: Report): void {
  for (const step of STEPS) {
    const one = compiled[step];
    if (one === undefined) continue;
    const rendered = one.request.render(sampleScope(compiled, step, currency));
    if ('problem' in rendered)
      report([...path, step, 'request'], `can’t be rendered with a sample lead: ${rendered.problem}`);
    for (const [i, sample] of one.samples.entries()) {
      const headers = Object.entries(sample.headers ?? {}).map(([name, value]) => [
        name.toLowerCase(),
        value,
      ]);
      const found = one.read(
        {
          status: sample.status ?? 200,
          headers: Object.fromEntries(headers) as Record<string, string>,
          text: sample.body ?? '',
        },
        currency,
      );
      const at = [...path, step, 'samples', i];
      const because = found.detail === undefined ? '' : ` (${found.detail})`;
      if (found.means !== sample.means)
        report(
          [...at, 'means'],
          `is ${String(sample.means)}, but the answer is read as ${found.means}${because}`,
        );
      const bid = found.bid === undefined ? undefined : toDecimal(found.bid, currency);
      if (sample.bid !== undefined && sample.bid !== bid)
        report([...at, 'bid'], `is ${sample.bid}, but the answer is read as ${bid ?? 'no bid'}`);
      for (const key of ['id', 'reason', 'redirect'] as const) {
        if (sample[key] !== undefined && sample[key] !== found[key])
          report(
            [...at, key],
            `is "${sample[key]}", but the answer is read as ${found[key] === undefined ? 'nothing' : `"${found[key]}"`}`,
          );
      }
    }
  }
}

/** A lead with the examples of all standard fields, for a first rendering. */
function sampleScope({ values }: CompiledProtocol, step: Step, currency: string): Scope {
  const lead = Object.fromEntries(Object.entries(FIELDS).map(([name, { example }]) => [name, example]));
  return {
    lead: { ...lead, phone: '+12145550187' },
    terms: {
      ping_id: '5b0c36f4-0000-8000-8000-000000000001',
      post_id: 'c1f2a9d0-0000-8000-8000-000000000001',
      lead_id: '019a5c7e-0000-7000-8000-000000000001',
      category: 'Auto Insurance',
      currency,
      floor: 10,
      round: 1,
      timeout_ms: 800,
      price: 45,
      exclusive: true,
      received_at: '2026-11-24T14:33:05.120Z',
      contract: 'ACME1234/auto-insurance/northwind',
      buyer: 'northwind',
      test: false,
      now: '2026-11-24T14:33:05.120Z',
    },
    ping: step === 'ping' ? undefined : { id: '42', answer: undefined, headers: {}, capture: {} },
    post: step === 'status' ? { id: '42' } : undefined,
    values,
    secret: () => 'secret',
    now: Date.UTC(2026, 10, 24),
    currency,
    test: false,
    digest: () => '0',
  };
}

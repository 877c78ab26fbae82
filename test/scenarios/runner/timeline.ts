import type { FieldValue } from '../../../src/market/fields/reading.js';
import type { LeadInScenario, Scenario, Step } from './schema.js';
import { momentMs, spanMs } from './time.js';

export const leadsOf = ({ lead, leads }: Scenario) => leads ?? { lead: lead ?? {} };

/** A lead or a step at its time, UTC ms. */
export type Event = { at: number } & ({ name: string; lead: LeadInScenario } | { step: Step });

/** The leads and steps of a scenario in the order of their times, without steps that run during a request. */
export function timeline(scenario: Scenario, start: number): Event[] {
  const timeOf = ({ after, at }: Pick<Step, 'after' | 'at'>): number =>
    at === undefined ? start + spanMs(after ?? '0s') : momentMs(at);
  const leads = Object.entries(leadsOf(scenario)).map(([name, lead]): Event => {
    const { after } = lead;
    return { at: timeOf({ after: typeof after === 'string' ? after : undefined }), name, lead };
  });
  const steps = (scenario.then ?? [])
    .filter(({ during }) => during === undefined)
    .map((step): Event => ({ at: timeOf(step), step }));
  return [...leads, ...steps].sort((a, b) => a.at - b.at);
}

/** Keys of a scenario's lead that are not fields of the lead. */
const NOT_FIELDS = ['after', 'test', 'source', 'category'];

/** The fields of a lead: the default person's, overridden or removed by the scenario. */
export function fieldsOf(person: Record<string, string>, lead: LeadInScenario): Map<string, FieldValue> {
  const given = Object.entries({ ...person, ...lead }).filter(
    ([field, value]) => value !== null && !NOT_FIELDS.includes(field),
  );
  return new Map(given.map(([field, value]) => [field, Array.isArray(value) ? value : String(value)]));
}

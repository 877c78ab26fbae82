import type { FieldValue } from '../../../src/market/fields/reading.js';
import type { LeadInScenario, Scenario, Step } from './schema.js';
import { momentMs, spanMs } from './time.js';

export const leadsOf = ({ lead, leads }: Scenario) => leads ?? { lead: lead ?? {} };

/** Something that happens in a scenario at a moment of its own, UTC ms. */
export type Event = { at: number } & ({ name: string; lead: LeadInScenario } | { step: Step });

/** The leads and the steps of a scenario in the order of their times; steps that wait for a request are not among them. */
export function timeline(scenario: Scenario, began: number): Event[] {
  const timeOf = ({ after, at }: Pick<Step, 'after' | 'at'>): number =>
    at === undefined ? began + spanMs(after ?? '0s') : momentMs(at);
  const leads = Object.entries(leadsOf(scenario)).map(([name, lead]): Event => {
    const { after } = lead;
    return { at: timeOf({ after: typeof after === 'string' ? after : undefined }), name, lead };
  });
  const steps = (scenario.then ?? [])
    .filter(({ during }) => during === undefined)
    .map((step): Event => ({ at: timeOf(step), step }));
  return [...leads, ...steps].sort((a, b) => a.at - b.at);
}

/** Keys of a scenario's lead that are no fields of the person's. */
const NOT_FIELDS = ['after', 'test', 'source', 'category'];

/** The fields of a lead, those of the usual person included that the scenario does not take away. */
export function fieldsOf(person: Record<string, string>, lead: LeadInScenario): Map<string, FieldValue> {
  const given = Object.entries({ ...person, ...lead }).filter(
    ([field, value]) => value !== null && !NOT_FIELDS.includes(field),
  );
  return new Map(given.map(([field, value]) => [field, Array.isArray(value) ? value : String(value)]));
}

import { expect, test } from 'vitest';
import { readAll } from '../scenarios/runner/readAll.js';
import { ALL_RULES, isAlone, canConflict, rulesIn } from '../scenarios/runner/rules.js';

/** The rules of each scenario. */
const scenarios = readAll().map(({ file, scenario }) => ({ file, rules: scenario ? rulesIn(scenario) : [] }));

const SEE = 'for each of these rules; see "Add a scenario" in CONTRIBUTING.md';

const filesOf = (rule: string) => scenarios.filter(({ rules }) => rules.includes(rule));

test('Every rule is covered by at least two scenarios', () => {
  const rare = ALL_RULES.flatMap((rule) => {
    const files = filesOf(rule).map(({ file }) => file);
    return files.length < 2 ? [`${rule}: ${files.join(', ') || 'no file'}`] : [];
  });
  expect(rare, `more scenarios are needed ${SEE}`).toEqual([]);
});

test('Every rule is combined with another rule in a scenario', () => {
  const unopposed = ALL_RULES.filter((rule) => !filesOf(rule).some(({ rules }) => canConflict(rule, rules)));
  expect(unopposed, `a scenario with a rule of another key is needed ${SEE}`).toEqual([]);
});

test('Every rule decides a scenario alone', () => {
  const neverAlone = ALL_RULES.filter((rule) => !filesOf(rule).some(({ rules }) => isAlone(rule, rules)));
  expect(neverAlone, `a scenario without other rules is needed ${SEE}`).toEqual([]);
});

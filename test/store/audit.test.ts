import { expect, test } from 'vitest';
import { changedValues, redactedValues } from '../../src/store/audit.js';

const noted = (from: string, to: string) =>
  redactedValues(changedValues({ value: from, same: 'x' }, { value: to, same: 'x' }));

test('Only differences are recorded, by path', () => {
  expect(noted('100', '200')).toEqual([{ path: 'value', from: '100', to: '200' }]);
});

test('A URL is recorded without its query, which may contain a token, but a changed query is recorded as a change', () => {
  const list = (token: string) =>
    `[https://crm.example/leads?key=${token}, https://crm.example/b#${token}, a?b]`;
  const cut = '[https://crm.example/leads?…, https://crm.example/b?…, a?b]';
  expect(noted(list('one'), list('two'))).toEqual([{ path: 'value', from: cut, to: cut }]);
});

test('A very long list of zip codes is cut and shows its length', () => {
  const zips = `[${Array.from({ length: 50_000 }, (_, i) => String(i).padStart(5, '0')).join(', ')}]`;
  const [value] = noted('[75001]', zips);
  expect(value?.to?.length).toBeLessThan(11_000);
  expect(value?.to).toMatch(new RegExp(`^\\[00000, 00001, .*… \\(${zips.length} characters\\)$`));
});

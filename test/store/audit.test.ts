import { expect, test } from 'vitest';
import { differences, keepable } from '../../src/store/audit.js';

const noted = (from: string, to: string) =>
  keepable(differences({ value: from, same: 'x' }, { value: to, same: 'x' }));

test('What differs is noted under its path, and nothing else', () => {
  expect(noted('100', '200')).toEqual([{ path: 'value', from: '100', to: '200' }]);
});

test('An address is noted without its query, where a token may be; that it has changed is noted all the same', () => {
  const list = (token: string) =>
    `[https://crm.example/leads?key=${token}, https://crm.example/b#${token}, a?b]`;
  const cut = '[https://crm.example/leads?…, https://crm.example/b?…, a?b]';
  expect(noted(list('one'), list('two'))).toEqual([{ path: 'value', from: cut, to: cut }]);
});

test('A list of zip codes as long as a market file may write it is cut, and says how long it is', () => {
  const zips = `[${Array.from({ length: 50_000 }, (_, i) => String(i).padStart(5, '0')).join(', ')}]`;
  const [value] = noted('[75001]', zips);
  expect(value?.to?.length).toBeLessThan(11_000);
  expect(value?.to).toMatch(new RegExp(`^\\[00000, 00001, .*… \\(${zips.length} characters\\)$`));
});

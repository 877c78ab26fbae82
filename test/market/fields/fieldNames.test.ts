import { describe, expect, test } from 'vitest';
import { meanings, namesOf } from '../../../src/market/fields/aliases.js';
import { foldedName, keptName, listName } from '../../../src/market/fields/fieldNames.js';

describe('The name of a field is kept', () => {
  test.each([
    ['roof_type', 'roof_type'],
    [' roof\u200B type ', 'roof type'],
    ['1.3.4', '1%2E3%2E4'],
    ['$ne', '%24ne'],
    ['a$b', 'a$b'],
    ['', '(unnamed)'],
    ['\u200B', '(unnamed)'],
    ['__proto__', '%5F_proto__'],
    ['constructor', '%63onstructor'],
    ['prototype', '%70rototype'],
    ['prototypes', 'prototypes'],
    ['a%2Eb', 'a%252Eb'],
    ['a%2eb%2E', 'a%252eb%252E'],
    ['100% sure', '100% sure'],
  ])('%j as %j', (sent, kept) => {
    expect(keptName(sent)).toBe(kept);
  });

  test.each([
    ['roof ', 'roof%20'],
    ['  roof', '%20%20roof'],
    ['ro\u200Bof', 'ro%E2%80%8Bof'],
    [' the roof  ', '%20the roof%20%20'],
    [' %2E', '%20%252E'],
    ['roof', 'roof'],
  ])('%j as %j, if the plain name is taken', (sent, kept) => {
    expect(keptName(sent, () => true)).toBe(kept);
    expect(keptName(sent, () => false)).not.toContain('%20');
  });
});

test.each([
  ['interests[]', 'interests'],
  ['interests[0]', 'interests'],
  ['interests[1234]', 'interests'],
  ['interests[12345]', undefined],
  ['interests[a]', undefined],
  ['interests[0]x', undefined],
  ['[0]', undefined],
  ['a\nb[]', 'a\nb'],
  ['\nb[]', '\nb'],
  ['interests', undefined],
])('%j is one value of the list %j', (name, list) => {
  expect(listName(name)).toBe(list);
});

test('Names are the same without separators and case', () => {
  for (const name of ['first_name', 'FirstName', 'first name', 'FIRST-NAME', 'ｆirst.name'])
    expect(foldedName(name)).toBe('firstname');
  expect(foldedName('Größe 2')).toBe('größe2');
});

describe('A name means', () => {
  test('a field by its usual names, the likeliest first', () => {
    const meaningOf = meanings({});
    expect(meaningOf('phone')).toEqual({ field: 'phone', rank: 1 });
    expect(meaningOf('Phone_Number')).toEqual({ field: 'phone', rank: 2 });
    expect(meaningOf('primary phone')).toEqual({ field: 'phone', rank: 3 });
    expect(meaningOf('full-name')).toEqual({ field: 'fullName', rank: 2 });
    expect(meaningOf('lead[first_name]')).toEqual({ field: 'firstName', rank: 2 });
    expect(meaningOf('xlead[first_name]')).toBeUndefined();
    expect(meaningOf('lead[first_name]x')).toBeUndefined();
    expect(meaningOf('address')).toBeUndefined();
  });

  test('a field by the source’s own alias before the usual names, in any spelling', () => {
    const aliases = [
      { name: 'Tel_2', field: 'phone' },
      { name: 'phone_number', field: 'office' },
    ];
    const meaningOf = meanings({ aliases });
    expect(meaningOf('Tel_2')).toEqual({ field: 'phone', rank: 0 });
    expect(meaningOf('tel 2')).toEqual({ field: 'phone', rank: 0 });
    expect(meaningOf('PhoneNumber')).toEqual({ field: 'office', rank: 0 });
    expect(meaningOf('mobile')?.field).toBe('phone');
    const own = meanings({ aliases, defaults: false });
    expect(own('tel_2')?.field).toBe('phone');
    expect(own('mobile')).toBeUndefined();
  });

  test('itself, if a field has no other names', () => {
    expect(namesOf('roof_type')).toEqual(['roof_type']);
    expect(namesOf('phoneExtension')).toEqual(['phoneExtension', 'ext', 'extension', 'phone_ext']);
  });
});

import { describe, expect, test } from 'vitest';
import { editDistance, nearest, similarCategory } from '../../src/market/nearest.js';
import { hasInvisible } from '../../src/market/invisible.js';

test.each([
  ['', '', 0],
  ['caps', 'caps', 0],
  ['caps', '', 4],
  ['', 'caps', 4],
  ['caps', 'cap', 1],
  ['cap', 'caps', 1],
  ['caps', 'cups', 1],
  ['caps', 'cpas', 1],
  ['acps', 'caps', 1],
  ['caps', 'pacs', 2],
  ['ab', 'ba', 1],
  ['abcd', 'badc', 2],
  ['ab', 'ca', 2],
  ['ab', 'bc', 2],
  ['kitten', 'sitting', 3],
  ['budget', 'bugdet', 1],
])('From “%s” to “%s” it takes %d letters', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
});

describe('A mistyped word was meant to be', () => {
  const known = ['budget', 'buyers', 'caps', 'id'];

  test.each([
    ['bugdet', 'budget'],
    ['BUDGET', 'budget'],
    ['bud_et', 'budget'],
    ['budgXXX', undefined],
    ['cap', 'caps'],
    ['cxxs', undefined],
    ['ids', 'id'],
    ['xys', undefined],
    ['buyer', 'buyers'],
    ['', undefined],
  ])('%s: %s', (word, meant) => {
    expect(nearest(word, known)).toBe(meant);
  });

  test('the closest of several', () => {
    expect(nearest('schedul', ['scheduler', 'schedule'])).toBe('schedule');
    expect(nearest('schedul', ['schedule', 'scheduler'])).toBe('schedule');
  });

  test('nothing, if it is very long', () => {
    expect(nearest('a'.repeat(64), ['a'.repeat(64)])).toBe('a'.repeat(64));
    expect(nearest('a'.repeat(65), ['a'.repeat(65)])).toBeUndefined();
  });

  test('nothing with more slips than the letters allow', () => {
    expect(nearest('abcdxx', ['abcdef'])).toBe('abcdef');
    expect(nearest('abcdxx', ['abcdef'], { lettersPerSlip: 6 })).toBeUndefined();
  });
});

describe('A category was meant to be', () => {
  const known = ['Auto Insurance', 'Home Improvement', 'Home Garden Fences'];

  test.each([
    ['Auto Insurence', 'Auto Insurance'],
    ['insurance', 'Auto Insurance'],
    ['auto-insurance leads', 'Auto Insurance'],
    ['Improvement, Home', 'Home Improvement'],
    ['fences / home', 'Home Garden Fences'],
    ['Home Warranty', undefined],
    ['Solar', undefined],
  ])('%s: %s', (category, meant) => {
    expect(similarCategory(category, known)).toBe(meant);
  });
});

test.each([
  ['plain text', false],
  ['Größe, 日本', false],
  ['a\nb', true],
  ['a\u0000b', true],
  ['a\u202eb', true],
  ['a\u2028b', true],
  ['\ufeffa', true],
  ['a\ud800', true],
])('%j has a character that can’t be seen: %s', (text, has) => {
  expect(hasInvisible(text)).toBe(has);
});

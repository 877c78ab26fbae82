import { describe, expect, test } from 'vitest';
import { DEFAULT_ALIASES, meanings } from '../../../src/market/fields/aliases.js';

const meaningOf = meanings({});
const ofFormBuilder = meanings({}, { numbered: true });

describe('A label of a form asks for', () => {
  test.each([
    ['What’s your full name?', 'fullName'],
    ["What's your *first name*?", 'firstName'],
    ['And your last name?', 'lastName'],
    ['Your name:', 'fullName'],
    ['First Name (required)', 'firstName'],
    ['Phone Number *', 'phone'],
    ['Best phone number', 'phone'],
    ['What is the best phone number to reach you?', 'phone'],
    ['What’s the best number to reach you at?', 'phone'],
    ['Which number may we call?', 'phone'],
    ['What phone number should we call?', 'phone'],
    ['Please enter your phone number with area code', 'phone'],
    ['Phone (xxx) xxx-xxxx', 'phone'],
    ['Phone. We never share it.', 'phone'],
    ['Cell', 'phone'],
    ['Best email', 'email'],
    ['Thanks, {{field:01}}! What’s your email address?', 'email'],
    ['Nice to meet you, what is your e-mail?', 'email'],
    ['ZIP / Postal', 'zip'],
    ['Zip/Post Code', 'zip'],
    ['what_is_your_zip_code?', 'zip'],
    ['Zip Code (5 digits)', 'zip'],
    ['What state do you live in?', 'state'],
    ['In which state do you live?', 'state'],
    ['State of residence', 'state'],
    ['State/Region/Province', 'state'],
    ['Which city is your property in?', 'city'],
    ['In which state is your home located?', 'state'],
    ['No Label phone', 'phone'],
    ['q3_fullName', 'fullName'],
    ['txtLastName', 'lastName'],
    ['contact__state', 'state'],
  ])('%s', (label, field) => {
    expect(meaningOf(label)?.field).toBe(field);
  });
});

describe('No field of the person is', () => {
  test.each([
    ...['How much is your electric bill?', 'Best time to call', 'Is your phone a mobile?', 'Email me'],
    ...['State of your roof', 'State of mind', 'Roof state', 'City, State'],
    ...[
      'What is your name? And your phone?',
      'Name of spouse',
      "Spouse's first name",
      'co_borrower_first_name',
    ],
    ...['company name', 'Your company name', 'form_name', 'user_name', 'page_name', 'preferred_name'],
    ...['phone_required', 'is_mobile', 'valid_email', 'mobile_only', 'SSN last 4', 'last4', 'your first'],
    ...['phone 2', 'x'.repeat(201)],
  ])('%s', (label) => {
    expect(meaningOf(label)).toBeUndefined();
  });
});

test('An exact name goes before a label, and a label before a name with a number', () => {
  const ranks = ['phone', 'Phone number', 'Best phone', 'Phone 2'].map(
    (name) => ofFormBuilder(name)?.rank ?? 0,
  );
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
  expect(new Set(ranks).size).toBe(4);
});

test.each([
  ['tel-463', 'phone'],
  ['Email-2', 'email'],
  ['Name 2', 'fullName'],
  ['SSN last 4', undefined],
  ['last-4', undefined],
  ['address 2', undefined],
])('A form builder’s "%s" is %s', (name, field) => {
  expect(ofFormBuilder(name)?.field).toBe(field);
});

test('A label finds each usual name of a person’s field', () => {
  const alone = ['first', 'last', 'st', 'mail'];
  for (const field of ['firstName', 'lastName', 'fullName', 'phone', 'email', 'zip', 'state', 'city'])
    for (const name of [field, ...(DEFAULT_ALIASES[field] ?? [])].filter((one) => !alone.includes(one)))
      expect([name, meaningOf(`What is your ${name}?`)?.field]).toEqual([name, field]);
});

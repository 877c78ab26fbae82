import { describe, expect, test } from 'vitest';
import { expandInbound } from '../../../src/market/file/inboundValues.js';
import type { Inbound } from '../../../src/market/mapping/inbound.js';
import { compileInbound } from '../../../src/market/mapping/mapDocument.js';
import { formDocument } from '../../../src/market/mapping/payload.js';

const NOW = Date.UTC(2026, 10, 24);

/** What each lead of a body becomes: its fields that have a value, and `test`. */
function leadsOf(inbound: Inbound, body: unknown): Record<string, unknown>[] {
  const { read, map } = compileInbound(expandInbound(inbound));
  return read(body).documents.map((document) => {
    const { fields, isTest, once } = map(document, { now: NOW });
    const values = [...fields].flatMap(([field, mapped]) =>
      'value' in mapped ? [[field, mapped.value]] : [],
    );
    return {
      ...(Object.fromEntries(values) as object),
      ...(isTest && { test: true }),
      ...(once && { once }),
    };
  });
}

describe('Further forms of what vendors send', () => {
  test('Typeform: a question’s title with spaces, a payment, a partial response', () => {
    const answer = (id: string, type: string, value: unknown) => ({
      type,
      [type]: value,
      field: { id, ref: `r-${id}` },
    });
    const response = {
      event_type: 'form_response',
      form_response: {
        token: 't1',
        definition: {
          fields: [
            { id: 'a', title: ' Your name ' },
            { id: 'b', title: 'How much?' },
          ],
        },
        answers: [
          answer('a', 'text', 'Ann Doe'),
          answer('b', 'payment', { amount: '$12.50' }),
          answer('c', 'number', 0),
        ],
      },
    };
    const inbound: Inbound = {
      preset: 'typeform',
      fields: {
        firstName: { from: ['titles.Your name'], part: 'first' },
        fee: { from: ['titles["How much?"]'] },
        zero: { from: ['answers.r-c'] },
      },
    };
    expect(leadsOf(inbound, response)).toEqual([{ firstName: 'Ann', fee: '$12.50', zero: '0', once: 't1' }]);
    expect(leadsOf(inbound, { ...response, event_type: 'form_response_partial' })).toEqual([]);
  });

  test('Jotform: a phone number in parts, a full name, a body without rawRequest', () => {
    const raw = JSON.stringify({
      q3_name: { first: 'Mary Ann', last: 'Smith Jones' },
      q4_phone: { area: '305', phone: '555-0163' },
      q5_date: { month: '3', day: '7', year: '1985' },
      q6_time: { hourSelect: '1', minuteSelect: '30', ampm: 'PM' },
    });
    const fields: Inbound['fields'] = {
      firstName: { from: ['q3_name'], part: 'first' },
      lastName: { from: ['q3_name'], part: 'last' },
      phone: { from: ['q4_phone'], as: 'phone' },
      dob: { from: ['q5_date'], as: 'birthDate' },
    };
    const wanted = {
      firstName: 'Mary Ann',
      lastName: 'Smith Jones',
      phone: '+13055550163',
      dob: '1985-03-07',
    };
    expect(leadsOf({ preset: 'jotform', fields }, { submissionID: '9', rawRequest: raw })).toEqual([
      { ...wanted, once: '9' },
    ]);
    expect(leadsOf({ preset: 'jotform', fields }, JSON.parse(raw))).toEqual([wanted]);
    expect(leadsOf({ preset: 'jotform', fields }, { rawRequest: '{broken' })).toEqual([{}]);
  });

  test.each([
    ['contacts with their history', { properties: { firstname: { value: 'Ann', versions: [] } } }],
    ['objects of the API', { objectId: 1, properties: { firstname: 'Ann' } }],
    ['chosen properties alone', { firstname: 'Ann' }],
  ])('HubSpot: %s', (_what, body) => {
    expect(leadsOf({ preset: 'hubspot', fields: { firstName: { from: ['firstname'] } } }, body)).toEqual([
      { firstName: 'Ann' },
    ]);
  });

  test.each([
    ['API v2', { triggerType: 'form_submission', payload: { data: { 'First Name': 'Ann' } } }],
    ['API v1', { name: 'Quote', data: { 'First Name': 'Ann' }, d: '2026-11-24T20:33:05Z' }],
  ])('Webflow: %s', (_what, body) => {
    expect(leadsOf({ preset: 'webflow', fields: { firstName: { from: ['First Name'] } } }, body)).toEqual([
      { firstName: 'Ann' },
    ]);
  });

  test('Webflow: a published site is no lead', () => {
    expect(leadsOf({ preset: 'webflow' }, { triggerType: 'site_publish', payload: {} })).toEqual([]);
  });

  test('Elementor: fields by id and by title', () => {
    const body = formDocument(
      [
        ['fields[a1][title]', 'Full name'],
        ['fields[a1][value]', 'Ann Doe'],
        ['fields[a1][raw_value]', 'Ann Doe'],
      ],
      { brackets: true },
    );
    expect(
      leadsOf(
        {
          preset: 'elementor',
          fields: {
            firstName: { from: ['titles.Full name'], part: 'first' },
            lastName: { from: ['answers.a1'], part: 'last' },
          },
        },
        body,
      ),
    ).toEqual([{ firstName: 'Ann', lastName: 'Doe' }]);
  });

  test('Meta: several leads of one notification, other events, and the testing tool', () => {
    const value = (id: string) => ({ leadgen_id: id });
    const body = {
      entry: [
        {
          changes: [
            { field: 'leadgen', value: value('1') },
            { field: 'feed', value: {} },
          ],
        },
        { changes: [{ field: 'leadgen', value: value('2') }] },
      ],
    };
    expect(leadsOf({ preset: 'metaLead' }, body)).toEqual([{ once: '1' }, { once: '2' }]);
    expect(leadsOf({ preset: 'metaLead' }, { entry: [{ changes: [{ field: 'feed', value: {} }] }] })).toEqual(
      [],
    );
    const test = { field_data: [{ name: 'email', values: ['test@meta.com'] }] };
    expect(leadsOf({ preset: 'metaLead', fields: { email: { from: ['email'] } } }, test)).toEqual([
      { email: 'test@meta.com', test: true },
    ]);
  });

  test.each([
    ['field_data', { field_data: [{ name: 'email', values: ['a@b.example'] }] }],
    ['lead_data', { lead_data: { field_list: [{ name: 'email', value: 'a@b.example' }] } }],
    ['a flat map', { data: { email: 'a@b.example' } }],
  ])('TikTok: %s', (_what, body) => {
    expect(leadsOf({ preset: 'tiktok', fields: { email: { from: ['email'] } } }, body)).toEqual([
      { email: 'a@b.example' },
    ]);
  });

  test('Zapier: a request that is wrapped in a list, and a list of leads', () => {
    const inbound: Inbound = { preset: 'zapier', fields: { firstName: { from: ['first_name'] } } };
    expect(leadsOf(inbound, [{ first_name: 'Ann' }])).toEqual([{ firstName: 'Ann' }]);
    expect(leadsOf(inbound, [{ first_name: 'Ann' }, { first_name: 'Bob' }])).toHaveLength(2);
  });

  test('Google: ids keep all their digits as texts', () => {
    const body = {
      lead_id: 'l',
      user_column_data: [{ column_id: 'EMAIL', string_value: 'a@b.example' }],
      campaign_id: '9223372036854775807',
    };
    expect(
      leadsOf(
        {
          preset: 'googleAds',
          fields: { email: { from: ['EMAIL'] }, subId: { from: ['body.campaign_id'] } },
        },
        body,
      ),
    ).toEqual([{ email: 'a@b.example', subId: '9223372036854775807', once: 'l' }]);
  });
});

/** A lead that needs no line in `fields`, because its form names everything in a usual way. */
const PERSON = {
  firstName: 'Mary Ann',
  lastName: 'Lee Cole',
  phone: '2145550142',
  state: 'TX',
  zip: '2108',
};

describe('A person is found by usual names and labels in', () => {
  const field = (id: string, title: string) => ({ id, title, ref: `ref-${id}`, properties: {} });
  const text = (id: string, value: string) => ({
    type: 'text',
    text: value,
    field: { id, ref: `ref-${id}` },
  });
  const pairs = [
    ['first_name', 'Mary Ann'],
    ['last_name', 'Lee Cole'],
    ['phone_number', '2145550142'],
    ['state', 'TX'],
    ['zip_code', '2108'],
  ];
  const named: unknown = Object.fromEntries(pairs);
  test.each<[string, Inbound, unknown]>([
    [
      'Typeform’s questions, its contact and address blocks, and hidden fields',
      { preset: 'typeform' },
      {
        form_response: {
          hidden: { state: 'TX' },
          definition: {
            fields: [
              field('a', 'Hi! What’s your *first name*?'),
              { ...field('b', 'Contact'), properties: { fields: [field('c', 'And your last name?')] } },
              field('d', 'Thanks, {{field:a}}. What’s the best number to reach you?'),
              {
                ...field('e', 'Address'),
                properties: { fields: [field('f', 'Zip/Post Code'), field('g', 'Country')] },
              },
            ],
          },
          answers: [
            text('a', 'Mary Ann'),
            text('c', 'Lee Cole'),
            { type: 'phone_number', phone_number: '2145550142', field: { id: 'd', ref: 'ref-d' } },
            { type: 'number', number: 2108, field: { id: 'f', ref: 'ref-f' } },
          ],
        },
      },
    ],
    [
      'Jotform’s name, phone and address',
      { preset: 'jotform' },
      {
        rawRequest: JSON.stringify({
          q3_name: { first: 'Mary Ann', last: 'Lee Cole' },
          q4_phoneNumber: { full: '2145550142' },
          q6_address: { addr_line1: '1 Main St', city: '', state: 'TX', postal: '2108' },
        }),
      },
    ],
    [
      'Elementor’s fields without labels',
      { preset: 'elementor' },
      Object.fromEntries(pairs.map(([name = '', value]) => [`No Label ${name}`, value])),
    ],
    [
      'Contact Form 7’s default names',
      { preset: 'contactForm7' },
      {
        'your-first-name': 'Mary Ann',
        'your-last-name': 'Lee Cole',
        'tel-463': '2145550142',
        'your-state': ['TX'],
        'your-zip': '2108',
        'menu-12': 'x',
      },
    ],
    [
      'Webflow’s numbered names, with numbers as JSON numbers',
      { preset: 'webflow' },
      {
        triggerType: 'form_submission',
        payload: {
          name: 'Contact Us',
          data: {
            'First Name 2': 'Mary Ann',
            'Last-Name-2': 'Lee Cole',
            'Phone 2': 2145550142,
            State: 'TX',
            'ZIP *': 2108,
          },
        },
      },
    ],
    [
      'HubSpot’s custom action',
      { preset: 'hubspot' },
      {
        callbackId: 'c',
        object: { objectId: 4, properties: { firstname: 'Mary Ann' } },
        inputFields: { lastname: 'Lee Cole', phone: '2145550142', state: 'TX', zip: '2108' },
      },
    ],
    [
      'HubSpot’s form',
      { preset: 'hubspot' },
      { fields: pairs.map(([name, value]) => ({ objectTypeId: '0-1', name, value })) },
    ],
    [
      'Google’s columns without ids',
      { preset: 'googleAds' },
      {
        user_column_data: [
          { column_name: 'First Name', string_value: 'Mary Ann' },
          { column_name: 'Last Name', string_value: 'Lee Cole' },
          { column_name: 'User Phone', string_value: '2145550142' },
          { column_name: 'Region', string_value: 'TX' },
          { column_name: 'Postal Code', string_value: '2108' },
        ],
      },
    ],
    [
      'TikTok’s answers as a map',
      { preset: 'tiktok' },
      { data: { lead_data: named, meta_data: { page_id: '4' } } },
    ],
    [
      'Formstack’s name and address in JSON, with the types of fields',
      { preset: 'formstack' },
      {
        FormID: '23534',
        Name: { first: 'Mary Ann', last: 'Lee Cole', field_type: 'name' },
        Phone: { value: '2145550142', field_type: 'phone' },
        Address: { address: '1 Main St', city: '', state: 'TX', zip: '2108', field_type: 'address' },
      },
    ],
    [
      'Formstack’s name and address in lines of a form',
      { preset: 'formstack' },
      {
        FormID: '23534',
        Name: 'first = Mary Ann\nmiddle = \nlast = Lee Cole',
        Phone: '2145550142',
        Address: 'address = 1 Main St\ncity = \nstate = TX\nzip = 2108',
      },
    ],
    [
      'Cognito’s name and address',
      { preset: 'cognito' },
      {
        Form: { Id: '1', Name: 'Quote' },
        Name: { First: 'Mary Ann', Last: 'Lee Cole', FirstAndLast: 'Mary Ann Lee Cole', Prefix: null },
        Phone: '2145550142',
        Address: { State: 'TX', PostalCode: '2108', FullAddress: 'x' },
      },
    ],
    ['a contact that Zapier nests', { preset: 'zapier' }, { data: { contact: named } }],
    [
      'a contact that Zapier flattens',
      { preset: 'zapier' },
      Object.fromEntries(pairs.map(([name = '', value]) => [`contact__${name}`, value])),
    ],
    [
      'a form with brackets and a phone number in parts',
      { preset: 'htmlForm' },
      formDocument(
        [
          ['name[first]', 'Mary Ann'],
          ['name[last]', 'Lee Cole'],
          ['phone[area]', '214'],
          ['phone[prefix]', '555'],
          ['phone[line]', '0142'],
          ['address[state]', 'TX'],
          ['address[zip]', '2108'],
          ['form[name]', 'Quote'],
        ],
        { brackets: true },
      ),
    ],
  ])('%s', (_what, inbound, body) => {
    const [lead, ...others] = leadsOf({ aliases: true, ...inbound }, body);
    expect(others).toEqual([]);
    expect({ ...lead, phone: String(lead?.phone).replaceAll(' ', '') }).toEqual(PERSON);
  });
});

test('Of several usual names, the likeliest that is not blank counts, in any order', () => {
  const body = { work_phone: '2145550199', Cell: ' ', mobile: '2145550142', 'Phone 2': '2145550100' };
  expect(leadsOf({ aliases: true }, body)).toEqual([{ phone: '2145550142' }]);
  expect(leadsOf({ aliases: true }, { ...body, phone: '2145550111' })).toEqual([{ phone: '2145550111' }]);
});

test('A field that no usual name and no label means is reported as missing', () => {
  const { read, map } = compileInbound({ aliases: true, fields: { state: { from: ['region'] } } });
  const [document = {}] = read({ name: 'Jane Doe', 'How much is your electric bill?': '$120' }).documents;
  expect([...map(document, { now: NOW }).fields]).toEqual([
    ['state', { missing: 'nothing at region' }],
    ['fullName', { value: 'Jane Doe', sent: 'Jane Doe' }],
    ['phone', { missing: 'no name in it means this field, and no label asks for it' }],
  ]);
});

test.each([null, '', [], {}])('A question that was left out (%j) is blank', (value) => {
  const { map } = compileInbound({ fields: { phone: { from: ['phone'] } } });
  expect([...map({ phone: value }, { now: NOW }).fields]).toEqual([['phone', { missing: 'phone is blank' }]]);
});

test('A whole name counts only if a part of it is missing', () => {
  const whole = { name: 'Jane Doe', first_name: 'Jane' };
  expect(leadsOf({ aliases: true }, whole)).toEqual([{ fullName: 'Jane Doe', firstName: 'Jane' }]);
  expect(leadsOf({ aliases: true }, { ...whole, last_name: 'Doe' })).toEqual([
    { firstName: 'Jane', lastName: 'Doe' },
  ]);
});

test('TikTok: several leads of one notification, each known by its id', () => {
  const entry = (id: number, name: string) => ({
    id,
    lead_source: 'INSTANT_FORM',
    changes: [
      { field: 'name', value: '' },
      { field: 'name', value: name },
      { field: 'phone_number', value: '2145550142' },
    ],
  });
  const body = { object: 1, time: 1614334356, entry: [entry(7012, 'Ann Doe'), entry(7013, 'Bob Roe')] };
  expect(leadsOf({ preset: 'tiktok', aliases: true }, body)).toEqual([
    { fullName: 'Ann Doe', phone: '2145550142', once: '7012' },
    { fullName: 'Bob Roe', phone: '2145550142', once: '7013' },
  ]);
  expect(leadsOf({ preset: 'tiktok' }, { lead_id: '7', field_data: [] })).toEqual([{ once: '7' }]);
});

test('Meta’s testing tool makes a test lead of a form without e-mail, too', () => {
  const body = { field_data: [{ name: 'full_name', values: ['<test lead: dummy data for full_name>'] }] };
  expect(leadsOf({ preset: 'metaLead' }, body)).toEqual([{ test: true }]);
});

test('A form builder without a preset: answers that are ids of choices (Tally)', () => {
  const options = [
    { id: 'a1', text: 'Texas' },
    { id: 'b2', text: 'Ohio' },
  ];
  const body = {
    eventType: 'FORM_RESPONSE',
    data: {
      responseId: 'r1',
      fields: [
        { key: 'q1', label: 'Your name', type: 'INPUT_TEXT', value: 'Jane Doe' },
        { key: 'q2', label: 'State', type: 'DROPDOWN', value: ['a1'], options },
        { key: 'q3', label: 'Also in', type: 'CHECKBOXES', value: ['a1', 'b2', 'Guam'], options },
        { key: 'q4', label: 'Phone', type: 'INPUT_PHONE_NUMBER', value: null },
      ],
    },
  };
  const inbound: Inbound = {
    once: ['data.responseId'],
    aliases: true,
    pairs: [
      {
        list: ['data.fields'],
        key: ['label'],
        value: ['value'],
        choices: { list: 'options', key: 'id', value: 'text' },
      },
    ],
    fields: { states: { from: ['Also in'] } },
  };
  expect(leadsOf(inbound, body)).toEqual([
    { fullName: 'Jane Doe', state: 'Texas', states: 'Texas, Ohio, Guam', once: 'r1' },
  ]);
});

test('A list of one in XML is read as a list of several (ADF)', () => {
  const name = (part: string, text: string) => ({ '@part': part, '#text': text });
  const inbound: Inbound = {
    pairs: [{ into: 'name', list: ['adf.contact.name'], key: ['@part'], value: ['["#text"]'] }],
    fields: { firstName: { from: ['name.first'] }, lastName: { from: ['name.last'] } },
  };
  const several = { adf: { contact: { name: [name('first', 'Jane'), name('last', 'Doe')] } } };
  expect(leadsOf(inbound, several)).toEqual([{ firstName: 'Jane', lastName: 'Doe' }]);
  expect(leadsOf(inbound, { adf: { contact: { name: name('first', 'Jane') } } })).toEqual([
    { firstName: 'Jane' },
  ]);
});

test('LinkedIn: the answers of a fetched lead, by question', () => {
  const answer = (questionId: number, answerDetails: object) => ({ questionId, answerDetails });
  const body = {
    testLead: true,
    formResponse: {
      answers: [
        answer(1, { textQuestionAnswer: { answer: 'Jane' } }),
        answer(2, { multipleChoiceAnswer: { options: [4, 5] } }),
      ],
    },
  };
  const fields: Inbound['fields'] = { firstName: { from: ['answers.1'] }, roof: { from: ['answers.2'] } };
  expect(leadsOf({ preset: 'linkedin', fields }, body)).toEqual([
    { firstName: 'Jane', roof: '4, 5', test: true },
  ]);
});

test.each([
  ['a number in parts', { areaCode: '214', exchange: '555', lineNumber: '0142' }, 'phone', '+12145550142'],
  [
    'a number with the code of its country',
    { dialCode: '+1', number: '2145550142' },
    'phone',
    '+12145550142',
  ],
  ['a number with the name of its country', { country: 'US', phone: '2145550142' }, 'phone', '+12145550142'],
  ['a number in several spellings', { e164: '+12145550142', national: 'x' }, 'phone', '+12145550142'],
  [
    'choices by number, and another one',
    { 0: 'Roof', 1: 'Siding', other: 'Gutters' },
    undefined,
    'Roof, Siding, Gutters',
  ],
  [
    'a time of the day',
    { timeInput: '10:30', hourSelect: '10', minuteSelect: '30', ampm: 'AM' },
    undefined,
    '10:30 AM',
  ],
  [
    'an address',
    { street: '1 Main St', city: 'Dallas', state: 'TX', zip: '75201' },
    undefined,
    '1 Main St, Dallas, TX, 75201',
  ],
] as const)('A map with %s is one text', (_what, value, as, text) => {
  expect(leadsOf({ fields: { answer: { from: ['answer'], as } } }, { answer: value })).toEqual([
    { answer: text },
  ]);
});

test('Common names are mapped without being listed, wherever the preset finds them', () => {
  const fields: Inbound['fields'] = { category: { const: 'Solar' }, state: { from: ['region'] } };
  const body = { first_name: 'Ann', 'Phone Number': '214-555-0187', region: 'TX', comment: 'hello' };
  expect(leadsOf({ aliases: true, fields }, body)).toEqual([
    { category: 'Solar', firstName: 'Ann', phone: '214-555-0187', state: 'TX' },
  ]);
  expect(leadsOf({ rest: 'keep', fields }, body)).toMatchObject([{ comment: 'hello', state: 'TX' }]);
});

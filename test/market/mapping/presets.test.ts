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

test('Common names are mapped without being listed, wherever the preset finds them', () => {
  const fields: Inbound['fields'] = { category: { const: 'Solar' }, state: { from: ['region'] } };
  const body = { first_name: 'Ann', 'Phone Number': '214-555-0187', region: 'TX', comment: 'hello' };
  expect(leadsOf({ aliases: true, fields }, body)).toEqual([
    { category: 'Solar', firstName: 'Ann', phone: '214-555-0187', state: 'TX' },
  ]);
  expect(leadsOf({ rest: 'keep', fields }, body)).toMatchObject([{ comment: 'hello', state: 'TX' }]);
});

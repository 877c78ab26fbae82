import { describe, expect, test } from 'vitest';
import { compileBareText, compileTemplate } from '../../../src/market/protocol/template.js';
import type { Scope } from '../../../src/market/protocol/scope.js';
import type { Value } from '../../../src/market/protocol/values.js';
import { digest, LEAD } from './recordings.js';

const scope: Scope = {
  lead: {
    ...LEAD,
    zip: '75201-1234',
    interests: ['roof', 'windows'],
    creditScore: '700..749',
    income: '$75,000',
    dob: '1985-03-07',
    homeowner: 'yes',
    city: 'Cañon “City”',
    blank: '  ',
  },
  terms: { price: 45.5, post_id: 'post-1', received_at: '2026-11-24T04:33:05.120Z', test: false },
  ping: {
    id: '26635027',
    answer: { response: { lead_id: 7, bids: [{ bid_id: 'b1' }], tags: ['a', 'b'] } },
    headers: { 'x-trace': 't-1' },
    capture: { token: 'tok' },
  },
  values: { TYPE: 26, live: true },
  secret: (name) => (name === 'KEY' ? 's3cret' : undefined),
  now: Date.UTC(2026, 10, 24),
  currency: 'USD',
  test: false,
  digest,
};

const render = (text: string): Value => compileTemplate(text, 'post').render(scope);

describe('A template', () => {
  test.each<[string, Value]>([
    ['no placeholder', 'no placeholder'],
    ['{{ lead.firstName }} {{lead.lastName}}', 'Marisol Okafor'],
    ['{{ lead["firstName"] }}', 'Marisol'],
    ['{{ lead.nothing }}', undefined],
    ['{{ lead.constructor }}', undefined],
    ['[{{ lead.nothing }}]', '[]'],
    ['{{ values.TYPE }}', 26],
    ['{{ values.live }}', true],
    ['{{ secret.KEY }}', 's3cret'],
    ['{{ secret.OTHER }}', undefined],
    ['{{ price }}', 45.5],
    ['{{ ping.id }}', '26635027'],
    ['{{ ping.answer.response.lead_id }}', 7],
    ['{{ ping.answer.response.bids[0].bid_id }}', 'b1'],
    ['{{ ping.answer.response.tags }}', ['a', 'b']],
    ['{{ ping.answer.response }}', undefined],
    ['{{ ping.headers["X-Trace"] }}', 't-1'],
    ['{{ ping.capture.token }}', 'tok'],
    ['{{ "{{" }} is a text', '{{ is a text'],
    ['{{ lead.interests }}', ['roof', 'windows']],
    ['{{ lead.interests }}!', 'roof, windows!'],
  ])('renders %s', (text, value) => expect(render(text)).toEqual(value));

  test.each<[string, Value]>([
    ['{{ lead.firstName | upper }}', 'MARISOL'],
    ['{{ lead.interests | upper }}', ['ROOF', 'WINDOWS']],
    ['{{ lead.firstName | lower | slice: 0, 3 }}', 'mar'],
    ['{{ lead.firstName | slice: -3 }}', 'sol'],
    ['{{ lead.firstName | truncate: 4 }}', 'Mari'],
    ['{{ lead.nothing | default: "0" }}', '0'],
    ['{{ lead.blank | default: "none" }}', 'none'],
    ['{{ lead.nothing | upper }}', undefined],
    ['{{ lead.homeowner | lookup: "Yes", "Own", "no", "Rent" }}', 'Own'],
    ['{{ lead.city | lookup: "x", "y", "other" }}', 'other'],
    ['{{ lead.city | lookup: "x", "y" }}', undefined],
    ['{{ lead.phone | digits }}', '12145550142'],
    ['{{ lead.phone | phone: "national" }}', '2145550142'],
    ['{{ lead.phone | phone: e164 }}', '+12145550142'],
    ['{{ lead.phone | phone: dashes }}', '214-555-0142'],
    ['{{ lead.phone | phone: parts, 2 }}', '555'],
    ['{{ lead.dob | date: "MM/DD/YYYY" }}', '03/07/1985'],
    ['{{ lead.dob | date: "M/D/YY" }}', '3/7/85'],
    ['{{ received_at | date: "YYYY-MM-DD hh:mm:ss A", "America/Chicago" }}', '2026-11-23 10:33:05 PM'],
    ['{{ lead.city | date: "YYYY" }}', undefined],
    ['{{ lead.dob | age }}', 41],
    ['{{ lead.zip | zip5 }}', '75201'],
    ['{{ lead.income | number }}', 75000],
    ['{{ lead.city | number }}', undefined],
    ['{{ lead.homeowner | boolean }}', true],
    ['{{ lead.homeowner | boolean: "Y", "N" }}', 'Y'],
    ['{{ lead.creditScore | range_min }}', 700],
    ['{{ lead.creditScore | range_max }}', 749],
    ['{{ price | money: "cents" }}', 4550],
    ['{{ price | money: "plain" }}', '45.50'],
    ['{{ lead.email | md5 }}', digest('md5', LEAD.email)],
    ['{{ lead.email | sha256 | truncate: 8 }}', digest('sha256', LEAD.email).slice(0, 8)],
    ['{{ lead.city | base64 }}', Buffer.from('Cañon “City”').toString('base64')],
    ['{{ lead.landingPage | url }}', 'https%3A%2F%2Fquotes.example%2Fauto'],
    ['{{ lead.city | ascii }}', 'Canon "City"'],
    ['{{ "<a&b>" | xml }}', '&lt;a&amp;b&gt;'],
    ['{{ "say \\"hi\\"" | json }}', 'say \\"hi\\"'],
  ])('filters %s', (text, value) => expect(render(text)).toEqual(value));

  test.each([
    [
      '{{ lead.zip',
      '"{{ lead.zip" can\'t be read; write a placeholder like {{ lead.phone | phone: "national" }}',
    ],
    [
      '{{ ping.answer./GATE/QUOTE/@NO }}',
      "can't be read; ping.answer is for JSON; give a value of XML a name in the capture of the ping’s answer, and write {{ ping.capture.NAME }}",
    ],
    ['{{ }}', '"{{ }}" is empty; write it like {{ lead.zip }}'],
    ['{% if lead %}', 'has a tag {% … %}; there are none, only placeholders like {{ lead.zip }}'],
    ['{{ leed.zip }}', '"leed.zip" is nothing that a template knows'],
    ['{{ process.env.KEY }}', '"process.env.KEY" is nothing that a template knows'],
    ['{{ lead }}', '"lead" names nothing; write it like lead.name or lead["a name"]'],
    ['{{ lead.zip | zip }}', 'there is no filter "zip"; did you mean zip5?'],
    ['{{ lead.zip | slice }}', 'the filter slice has 0 arguments; write it like slice: 0, 5'],
    ['{{ lead.dob | date: "mm/dd/jjjj" }}', '"mm/dd/jjjj" is not a form of dates'],
    [
      '{{ lead.phone | phone: local }}',
      '"local" is not a form of phones; they are national, e164, dashes, parts',
    ],
    ['{{ floor }}', '"floor" is not known in a post; it is in a ping'],
    ['{{ ping.price }}', '"ping.price" is not a part of a ping’s answer'],
    ['{{ ping.answer.a..b }}', '"ping.answer.a..b": the path can\'t be read as a path at character 3'],
    ['x'.repeat(4001), 'has 4001 characters; a template has at most 4000'],
  ])('is refused with a remedy: %s', (text, message) =>
    expect(() => compileTemplate(text, 'post')).toThrow(message),
  );

  test.each([
    ['{{ lead.firstName }}', '"lead.firstName" says who the person is, which no ping does; remove it'],
    ['{{ lead.Phone_Number }}', 'says who the person is'],
    ['{{ lead.e_mail }}', 'says who the person is'],
    ['{{ post_id }}', '"post_id" is not known in a ping; it is in a post and a status'],
    ['{{ ping.id }}', '"ping.id" is of the answer to the ping, which a ping does not have; use ping_id'],
  ])('of a ping can’t name the person, or what is not known yet: %s', (text, message) =>
    expect(() => compileTemplate(text, 'ping')).toThrow(message),
  );

  test('of a body without structure must say how each placeholder is escaped', () => {
    expect(() => compileBareText('id={{ lead.zip }}', 'post')).toThrow(
      'must end with a filter that says how it is escaped: xml, url, json, raw',
    );
    expect(compileBareText('id={{ lead.city | url }}', 'post').render(scope)).toBe(
      'id=Ca%C3%B1on%20%E2%80%9CCity%E2%80%9D',
    );
  });
});

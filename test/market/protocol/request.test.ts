import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRequest, type RenderedRequest } from '../../../src/market/protocol/request.js';
import type { Scope } from '../../../src/market/protocol/scope.js';
import { elementsOf, parseXml, xmlAsData, xmlTextOf } from '../../../src/market/protocol/xmlDocument.js';
import type { RequestTerms } from '../../../src/market/model/protocol.js';
import { wellFormed } from '../../../src/market/protocol/values.js';
import { requestScope } from './recordings.js';

const empty = { requests: {}, answers: {} };

const scopeWith = (lead: Record<string, string>, scope: Partial<Scope> = {}): Scope => ({
  ...requestScope(empty, 'post'),
  ...scope,
  lead,
});

function compiled(terms: RequestTerms) {
  return compileRequest(terms, { step: 'post', url: 'https://buyer.example/leads' }, (path, message) => {
    throw new Error(`${path.join('.')}: ${message}`);
  });
}

function rendered(terms: RequestTerms, scope: Scope): RenderedRequest {
  const request = compiled(terms).render(scope);
  if ('problem' in request) throw new Error(request.problem);
  return request;
}

function faultsOf(terms: RequestTerms): string[] {
  const faults: string[] = [];
  compileRequest(terms, { step: 'post', url: 'https://buyer.example/leads' }, (path, message) => {
    faults.push(`${path.join('.')}: ${message}`);
  });
  return faults;
}

describe('A lead can’t leave its place', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 200 });

  test('in JSON', () => {
    const { render } = compiled({ json: { a: { b: '{{ lead.text }}' }, accepted: false } });
    fc.assert(
      fc.property(texts, (text) => {
        const request = render(scopeWith({ text }));
        const body: unknown = 'body' in request ? JSON.parse(request.body ?? '') : request;
        const kept = text.trim() === '' ? {} : { b: wellFormed(text) };
        expect(body).toEqual({ a: kept, accepted: false });
      }),
    );
  });

  test('in a form, in a query and in the path', () => {
    const { render } = compiled({
      url: 'https://buyer.example/a/{{ lead.text | default: "none" }}/b?x={{ lead.text }}',
      query: { q: '{{ lead.text }}', z: '1' },
      form: { first: '{{ lead.text }}', last: 'x' },
    });
    fc.assert(
      fc.property(texts, (text) => {
        const request = render(scopeWith({ text }));
        if ('problem' in request) {
          // A value of dots alone would be another path.
          expect(text.replace(/[\t\n\r]/g, '').trim()).toMatch(/^\.{1,2}$/);
          return;
        }
        const url = new URL(request.url);
        expect(url.origin).toBe('https://buyer.example');
        expect(url.pathname.split('/')).toHaveLength(4);
        const sent = wellFormed(text);
        expect(url.searchParams.get('x')).toBe(sent);
        expect(url.searchParams.get('q')).toBe(text.trim() === '' ? null : sent);
        expect([...new URLSearchParams(request.body).keys()]).toEqual(
          text.trim() === '' ? ['last'] : ['first', 'last'],
        );
      }),
    );
  });

  test('in XML, in an attribute, and in XML inside a text', () => {
    const { render } = compiled({
      xml: {
        Lead: {
          '@id': '{{ lead.text }}',
          Name: '{{ lead.text }}',
          Note: { '#cdata': '{{ lead.text }}' },
          Inner: { '#xml': { Doc: { Name: '{{ lead.text }}' } } },
        },
      },
    });
    fc.assert(
      fc.property(texts, (text) => {
        const request = render(scopeWith({ text }));
        if ('problem' in request) throw new Error(request.problem);
        const root = parseXml(request.body ?? '');
        const [lead] = root === undefined ? [] : elementsOf(root);
        expect(lead && elementsOf(lead).map(({ name }) => name)).toEqual(['Name', 'Note', 'Inner']);
        const inner = lead && elementsOf(lead)[2];
        const document = parseXml((inner && xmlTextOf(inner)) ?? '');
        expect(document && elementsOf(document).map(({ name }) => name)).toEqual(['Doc']);
      }),
    );
  });

  test('in a header', () => {
    const { render } = compiled({
      headers: { 'X-City': '{{ lead.text }}' },
      auth: { bearer: '{{ lead.text }}' },
    });
    fc.assert(
      fc.property(texts, (text) => {
        const request = render(scopeWith({ text }));
        if ('problem' in request) throw new Error(request.problem);
        for (const value of Object.values(request.headers)) expect(value).not.toMatch(/[\r\n\0]/);
      }),
    );
  });
});

describe('A request', () => {
  test('keeps types in JSON, and leaves out what is blank or for test leads only', () => {
    const terms: RequestTerms = {
      json: {
        age: '{{ lead.age | number }}',
        owner: '{{ lead.homeowner | boolean }}',
        fixed: 7,
        missing: '{{ lead.missing }}',
        empty: { value: '{{ lead.missing }}', blank: 'empty' },
        none: { value: '{{ lead.missing }}', blank: 'null' },
        other: { value: '{{ lead.missing }}', blank: 'NA' },
        test: { value: 1, onlyFor: 'test' },
        live: { value: 1, onlyFor: 'live' },
        list: ['{{ lead.age }}', '{{ lead.missing }}'],
        value: { value: 'a map' },
        doc: { '#json': { a: '{{ lead.age }}' } },
      },
    };
    const { body } = rendered(terms, scopeWith({ age: '41', homeowner: 'yes' }));
    expect(JSON.parse(body ?? '')).toEqual({
      ...{ age: 41, owner: true, fixed: 7, empty: '', none: null, other: 'NA', live: 1, list: ['41'] },
      ...{ value: { value: 'a map' }, doc: '{"a":"41"}' },
    });
    const test = rendered(terms, scopeWith({}, { test: true }));
    expect(JSON.parse(test.body ?? '')).toMatchObject({ test: 1 });
  });

  test('writes attributes, repeated and nil elements, and elements for blank values', () => {
    const { body = '' } = rendered(
      {
        xml: {
          'x:Lead': {
            '@xmlns:x': 'urn:x',
            '@none': '{{ lead.missing }}',
            Item: ['a', { '@id': 1, '#text': 'b & c' }],
            Empty: '{{ lead.missing }}',
            Left: { value: '{{ lead.missing }}', blank: 'omit' },
            Nil: { value: '{{ lead.missing }}', blank: 'null' },
          },
        },
      },
      scopeWith({}),
    );
    expect(body.split('\n')[1]).toBe(
      '<x:Lead xmlns:x="urn:x"><Item>a</Item><Item id="1">b &amp; c</Item><Empty></Empty>' +
        '<Nil xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"></Nil></x:Lead>',
    );
    const root = parseXml(body);
    expect(root && xmlAsData(root)).toMatchObject({
      Lead: { Item: ['a', { '@id': '1', '#text': 'b & c' }] },
    });
  });

  test('proves who sends it in each of the ways', () => {
    const auth = (terms: RequestTerms['auth']) =>
      rendered({ json: {}, auth: terms }, scopeWith({}, { values: {} }));
    expect(auth({ basic: { user: 'gavel', password: 'pä:ss' } }).headers.authorization).toBe(
      `Basic ${Buffer.from('gavel:pä:ss').toString('base64')}`,
    );
    expect(auth({ bearer: 'abc' }).headers.authorization).toBe('Bearer abc');
    expect(auth({ header: { name: 'X_KEY', value: 'abc' } }).headers.x_key).toBe('abc');
    expect(auth({ query: { name: 'key', value: 'a b' } }).url).toBe('https://buyer.example/leads?key=a+b');
    const tokenUrl = 'https://auth.example/token';
    expect(auth({ oauth2: { tokenUrl, clientId: 'id', clientSecret: 's' } }).oauth2).toMatchObject({
      tokenUrl,
    });
  });

  test('writes SOAP 1.2 with its action in the type', () => {
    const { headers, body } = rendered(
      { soap: { version: '1.2', action: 'urn:AddLead', body: { AddLead: { Zip: '{{ lead.zip }}' } } } },
      scopeWith({ zip: '75201' }),
    );
    expect(headers['content-type']).toBe('application/soap+xml; charset=utf-8; action="urn:AddLead"');
    expect(body).toContain('<soap:Body><AddLead><Zip>75201</Zip></AddLead></soap:Body></soap:Envelope>');
  });

  test('is not sent without a stored secret', () => {
    const { render } = compiled({ form: { Key: '{{ secret.KEY }}' } });
    expect(render(scopeWith({}))).toEqual({ problem: 'the secret KEY is not stored' });
  });

  test('is not sent with a body over 256 KiB', () => {
    const { render } = compiled({ json: Array.from({ length: 20 }, () => '{{ lead.text }}') });
    expect(render(scopeWith({ text: 'x'.repeat(30_000) }))).toEqual({ problem: 'the body is over 256 KiB' });
  });

  test.each<[RequestTerms, string]>([
    [{ json: {}, form: {} }, ': has json and form; a request has one body'],
    [{ method: 'GET', json: {} }, 'method: is GET, which has no body; write query instead of the body'],
    [
      { form: { a: { b: '1' } } },
      'form.a: is a map, and a form is flat; name each value itself, such as a[b] or a.b',
    ],
    [
      { xml: { a: '1', b: '2' } },
      'xml: is not one element, which a document is; write the name of its root as the only key',
    ],
    [{ xml: { 'a b': '1' } }, 'xml.a b: "a b" is not the name of an element; attributes begin with @'],
    [{ json: { a: { value: '1', onlyFor: 'tests' } } }, 'json.a.onlyFor: "tests" is neither test nor live'],
    [{ headers: { Host: 'x' } }, 'headers.Host: is set by Gavel; remove it'],
    [{ headers: { 'a b': 'x' } }, 'headers.a b: "a b" is not the name of a header'],
    [
      { url: 'https://{{ values.host }}/x' },
      'url: has no host that is written out; write it like https://buyer.example/leads/{{ values.id }}',
    ],
    [{ auth: { basic: { user: 'a' }, bearer: 'b' } }, 'auth: has basic and bearer; keep one of them'],
    [
      { text: '{{ lead.zip }}' },
      'text: each placeholder of a text must end with a filter that says how it is escaped: xml, url, json, raw; write it like {{ lead.zip | url }}',
    ],
    [{ json: { a: ['{{ nope }}'] } }, 'json.a.0: "nope" is nothing that a template knows'],
  ])('is refused with its place: %j', (terms, fault) => expect(faultsOf(terms).join('\n')).toContain(fault));
});

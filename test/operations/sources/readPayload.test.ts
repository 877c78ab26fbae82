import { expect, test } from 'vitest';
import { readPayload } from '../../../src/operations/sources/readPayload.js';

const FORM = 'application/x-www-form-urlencoded';
const LATIN = 'first_name=Ren%E9e&last+name=M%FCller%2B&phone=2145550142';
const RENEE = { first_name: 'Renée', 'last name': 'Müller+', phone: '2145550142' };

async function documentOf(body: string | Buffer, type?: string) {
  const { document } = await readPayload(Buffer.from(body as string), type, {});
  return document;
}

test.each([
  ['in its content type', LATIN, `${FORM}; charset=ISO-8859-1`, RENEE],
  ['in quotes', LATIN, `${FORM};charset="windows-1252"`, RENEE],
  ['with marks of its own', 'note=%93Soon%94', `${FORM}; charset=windows-1252`, { note: '“Soon”' }],
  ['in _charset_', `_charset_=windows-1252&${LATIN}`, FORM, { _charset_: 'windows-1252', ...RENEE }],
  ['although it is UTF-8', 'first_name=Ren%C3%A9e', `${FORM}; charset=ISO-8859-1`, { first_name: 'Renée' }],
  ['that nobody knows', 'first_name=Ren%C3%A9e', `${FORM}; charset=x-none`, { first_name: 'Renée' }],
])('A form may name its charset %s', async (_where, body, type, document) => {
  expect(await documentOf(body, type)).toEqual(document);
});

test('JSON may name its charset', async () => {
  const body = Buffer.from('{"first_name":"Renée"}', 'latin1');
  expect(await documentOf(body, 'application/json; charset=iso-8859-1')).toEqual({ first_name: 'Renée' });
});

test('A charset that is not named is not guessed', async () => {
  await expect(documentOf(LATIN, FORM)).rejects.toThrow('The form is not in UTF-8. Send it in UTF-8.');
});

test.each([
  ['application/octet-stream', '{"phone":"1"}', { phone: '1' }],
  ['text/plain', '\ufeff [{"phone":"1"}]', [{ phone: '1' }]],
  ['application/xml', '<lead><phone>1</phone></lead>', { lead: { phone: '1' } }],
  [
    'text/xml; charset=utf-8',
    '<?xml version="1.0"?><lead id="7"><a>x</a><a>y</a></lead>',
    { lead: { '@id': '7', a: ['x', 'y'] } },
  ],
  [FORM, '<lead><phone>1</phone></lead>', { lead: { phone: '1' } }],
  [undefined, 'phone=1', { phone: '1' }],
])('A body with the type %s is read by what it is', async (type, body, document) => {
  expect(await documentOf(body, type)).toEqual(document);
});

test.each([
  ['application/xml', '<lead><phone>1</lead>', 'The body is not XML'],
  ['application/xml', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'The body is not XML'],
  ['application/pdf', '%PDF', 'Send application/json'],
])('A body with the type %s is refused if it is %j', async (type, body, message) => {
  await expect(documentOf(body, type)).rejects.toThrow(message);
});

/** A faulty request with a real person's data, and its expected status. */
export interface BadRequest {
  fault: string;
  status: number;
  path: string;
  init: RequestInit;
}

const json = { 'content-type': 'application/json' };
const lead = '/api/leads';

/** All kinds of faulty requests, each with the full personal data. */
export function badRequests(person: Record<string, string>): BadRequest[] {
  const known = { seller: 'ACME1234', category: 'sold', ...person };
  const query = new URLSearchParams(known).toString();
  const whole = Object.values(person).join(' ');
  const file = new FormData();
  file.set('notes', new Blob([whole]), `${whole}.txt`);

  const sent = (fault: string, status: number, path: string, init: RequestInit = {}): BadRequest => ({
    fault,
    status,
    path,
    init: { method: 'POST', ...init },
  });
  const body = (fault: string, status: number, fields: object, headers: Record<string, string> = {}) =>
    sent(fault, status, lead, {
      headers: { ...json, ...headers },
      body: JSON.stringify({ ...known, ...fields }),
    });
  const raw = (fault: string, status: number, type: string, text: string) =>
    sent(fault, status, lead, { headers: { 'content-type': type }, body: text });

  return [
    body('a field is missing', 400, { firstName: '', subId: whole }),
    body('values of no form', 400, { state: whole, zip: whole, phone: whole, email: whole, ip: whole }),
    body('no such category', 400, { category: whole }),
    body('values of no type', 400, { firstName: [whole], lastName: { whole } }),
    body('an idempotency key too long', 400, {}, { 'idempotency-key': whole.repeat(10) }),
    body('another seller', 401, { seller: whole }),
    body('no key at all', 401, {}, { authorization: `Bearer ${whole}` }),
    body('a value too long', 413, { subId: whole.repeat(200) }),
    body('a name too long', 413, { [whole.repeat(2)]: whole }),
    body('a body too long', 413, { subId: whole.repeat(2000) }),
    raw('no JSON', 400, 'application/json', `{"firstName": ${whole}`),
    raw('no object', 400, 'application/json', JSON.stringify([whole])),
    raw('JSON as a form', 400, 'application/x-www-form-urlencoded', JSON.stringify(known)),
    raw('invalid multipart', 400, 'multipart/form-data; boundary=x', whole),
    raw('text', 415, 'text/plain', whole),
    sent('a file', 415, lead, { body: file }),
    sent('all given twice', 400, `${lead}?${query}&${query}`),
    sent('no such address', 404, `/${encodeURIComponent(whole)}?${query}`),
    sent('no such lead', 404, `${lead}/${encodeURIComponent(whole)}?${query}`, { method: 'GET' }),
    sent('no such method', 405, `${lead}?${query}`, { method: 'DELETE' }),
    sent('no address at all', 400, `/api/%zz?${query}`),
    sent('a line too long', 431, `${lead}?${query}${encodeURIComponent(whole.repeat(2000))}`),
  ];
}

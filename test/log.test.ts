import { expect, test } from 'vitest';
import { createLog } from '../src/log.js';

test('The log leaves out the person of a lead and of a request, and every key', () => {
  const lines: string[] = [];
  const log = createLog({ LOG_LEVEL: 'info' }, 'test', { write: (line) => void lines.push(line) });
  const fields = { firstName: 'Zebulon', phone: '555-123-4567' };
  const request = { headers: { authorization: 'Bearer Zebulon' }, body: fields, query: fields };
  log.info({ event: 'careless', lead: { _id: '01a2', fields }, request, stored: { key: 'Zebulon' } });
  log.info({ event: 'careless', fields, body: fields, query: fields, secret: 'Zebulon', req: request });
  expect(lines).toHaveLength(2);
  expect(lines.join('')).toContain('01a2');
  expect(lines.join('')).not.toMatch(/zebulon|4567/i);
});

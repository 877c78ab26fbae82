import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../../src/packageRoot.js';
import { toDecimal } from '../../../src/market/money.js';
import { PRESETS } from '../../../src/market/protocol/presets/presets.js';
import { compiledPreset, readRecording, requestScope } from './recordings.js';

const folder = join(packageRoot, 'test/market/protocol/presets');
const recorded = readdirSync(folder).map((file) => {
  const preset = file.replace(/\.yaml$/, '');
  return { preset, recording: readRecording(readFileSync(join(folder, file), 'utf8')) };
});

test('Every preset has recorded requests and answers', () => {
  expect(recorded.map(({ preset }) => preset).sort()).toEqual(Object.keys(PRESETS).sort());
});

const requests = recorded.flatMap(({ preset, recording }) =>
  Object.entries(recording.requests)
    .filter(([step]) => step !== 'token')
    .map(([step, request]) => ({ preset, step: step as 'ping' | 'post' | 'status', request, recording })),
);

describe('A preset writes the recorded request', () => {
  test.each(requests)('$preset, $step', ({ preset, step, request, recording }) => {
    const path = request.target.replace(/\?.*$/, '');
    const compiled = compiledPreset(preset, recording, `https://${request.headers.Host}${path}`);
    const rendered = compiled[step]?.request.render(requestScope(recording, step));
    if (rendered === undefined || 'problem' in rendered) throw new Error(JSON.stringify(rendered));
    const url = new URL(rendered.url);
    expect(rendered.method).toBe(request.method);
    expect(url.pathname + url.search).toBe(request.target);
    // Some recordings lack the declaration of XML 1.0, which is optional.
    const declaration = request.body?.startsWith('<?xml') === true ? '' : /^<\?xml[^>]*>\n/;
    expect(rendered.body?.replace(declaration, '')).toBe(request.body);
    const { 'Content-Type': type, Authorization: authorization, ...others } = request.headers;
    if (type !== undefined) expect(rendered.headers['content-type']).toBe(type);
    if (rendered.oauth2 === undefined) expect(rendered.headers.authorization).toBe(authorization);
    for (const name of ['SOAPAction', 'Idempotency-Key'] as const)
      expect(rendered.headers[name.toLowerCase()]).toBe(others[name]);
  });
});

const answers = recorded.flatMap(({ preset, recording }) =>
  Object.entries(recording.answers).map(([name, answer]) => ({ preset, name, answer, recording })),
);

describe('A preset reads the recorded answer', () => {
  test.each(answers)('$preset, $name', ({ preset, answer, recording }) => {
    const { step, means, bid, ...said } = answer.expect;
    const compiled = compiledPreset(preset, recording, 'https://buyer.example/');
    const headers = Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value]);
    const raw = {
      status: answer.status,
      headers: Object.fromEntries(headers) as Record<string, string>,
      text: answer.body ?? '',
    };
    const reading = compiled[step]?.read(raw, 'USD');
    // A buyer that asks for another attempt has not answered either.
    expect(reading?.means === 'again' ? 'unclear' : reading?.means).toBe(means);
    if (bid !== undefined) expect(toDecimal(reading?.bid ?? 0, 'USD').toFixed(2)).toBe(bid);
    expect(reading).toMatchObject(said);
  });
});

import { Worker } from '@temporalio/worker';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { workflowBundle } from '../support/stack.js';
import { fromText } from '../histories/historyFile.js';
import { LIVES } from '../histories/lives.js';
import { PERSON } from '../support/source.js';

const folder = fileURLToPath(new URL('../histories', import.meta.url));

const recorded = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ file, history: fromText(readFileSync(join(folder, file), 'utf8')) }));

test('Every life that was recorded is lived the same way by today’s workflows', async () => {
  const histories = recorded.map(({ file, history }) => ({ workflowId: file, history }));
  const replayed: { file: string; error: string | undefined }[] = [];
  const options = { workflowBundle: { codePath: workflowBundle() } };
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories))
    replayed.push({ file: workflowId, error: error?.message });
  expect(replayed).toEqual(recorded.map(({ file }) => ({ file, error: undefined })));
});

test('Every kind of life is recorded', () => {
  expect(LIVES.filter((life) => !recorded.some(({ file }) => file.endsWith(`${life}.json`)))).toEqual([]);
});

test('No history names the person', () => {
  const { firstName, lastName, phone, email } = PERSON;
  const named = recorded.filter(({ history }) => {
    const words = wordsIn(history);
    return [firstName, lastName, phone, email].some((value) => words.includes(value));
  });
  expect(named.map(({ file }) => file)).toEqual([]);
});

/** Every text of a history; payloads are the bytes of what the workflow and its steps said. */
function wordsIn(value: unknown): string {
  if (typeof value === 'string') return `${value}\n`;
  if (value instanceof Uint8Array) return `${Buffer.from(value).toString('utf8')}\n`;
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value).map(wordsIn).join('');
}

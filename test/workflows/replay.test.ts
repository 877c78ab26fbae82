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

test('Every recorded history replays with the current workflows', async () => {
  const histories = recorded.map(({ file, history }) => ({ workflowId: file, history }));
  const replayed: { file: string; error: string | undefined }[] = [];
  const options = { workflowBundle: { codePath: workflowBundle() } };
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories))
    replayed.push({ file: workflowId, error: error?.message });
  expect(replayed).toEqual(recorded.map(({ file }) => ({ file, error: undefined })));
});

test('Every scenario in lives.ts has a recorded history', () => {
  expect(LIVES.filter((life) => !recorded.some(({ file }) => file.endsWith(`${life}.json`)))).toEqual([]);
});

test('No history contains personal data', () => {
  const { firstName, lastName, phone, email } = PERSON;
  const named = recorded.filter(({ history }) => {
    const words = wordsIn(history);
    return [firstName, lastName, phone, email].some((value) => words.includes(value));
  });
  expect(named.map(({ file }) => file)).toEqual([]);
});

/** All texts of a history, including the payloads of the workflow and its activities. */
function wordsIn(value: unknown): string {
  if (typeof value === 'string') return `${value}\n`;
  if (value instanceof Uint8Array) return `${Buffer.from(value).toString('utf8')}\n`;
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value).map(wordsIn).join('');
}

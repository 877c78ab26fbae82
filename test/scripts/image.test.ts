import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';
import { compiledGavel, workflowBundle } from '../support/stack.js';

const dockerfile = readFileSync(join(packageRoot, 'Dockerfile'), 'utf8');

/** What the image is built of: the sources of each COPY that takes them from this folder. */
const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, words = '']) =>
  words.trim().split(/\s+/).slice(0, -1),
);

describe('The Dockerfile', () => {
  test.each([...new Set(copied)])('copies %s, which exists and is let in by .dockerignore', (source) => {
    const letIn = readFileSync(join(packageRoot, '.dockerignore'), 'utf8').split('\n');
    expect(existsSync(join(packageRoot, source))).toBe(true);
    expect(letIn).toContain(`!${source}`);
  });

  test('starts a program that its build makes', () => {
    expect(dockerfile).toContain('"dist/src/cli/gavel.js"');
  });
});

describe('The build', () => {
  const [program = ''] = compiledGavel();

  test('makes a command line that starts without the sources', () => {
    const help = spawnSync(process.execPath, [program, '--help'], { encoding: 'utf8' });
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: gavel');
  }, 30_000);

  test('makes the bundle that a worker loads', () => {
    expect(existsSync(workflowBundle())).toBe(true);
  });
});

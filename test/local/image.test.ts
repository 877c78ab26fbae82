import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/local/packageRoot.js';

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
  // Inside this folder, where the compiled files find their packages and that they are modules.
  const local = join(packageRoot, '.local', 'test');
  let dist: string;
  let built: ReturnType<typeof run>;

  const run = (script: string, ...args: string[]) =>
    spawnSync(process.execPath, [script, ...args], { cwd: packageRoot, encoding: 'utf8' });

  beforeAll(() => {
    mkdirSync(local, { recursive: true });
    dist = mkdtempSync(join(local, 'build-'));
    const compile = ['-p', 'tsconfig.build.json', '--outDir', dist];
    // The types of the same sources are a check of their own.
    built = run('node_modules/typescript/bin/tsc', ...compile, '--noCheck');
  }, 120_000);

  afterAll(() => {
    rmSync(dist, { recursive: true, force: true });
  });

  test('makes a command line that starts without the sources', () => {
    expect(built).toMatchObject({ status: 0, stdout: '' });
    const help = run(join(dist, 'src/cli/gavel.js'), '--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: gavel');
  }, 30_000);

  test('makes the bundle that a worker loads', () => {
    expect(run(join(dist, 'src/temporal/buildBundle.js'))).toMatchObject({ status: 0 });
  }, 60_000);
});

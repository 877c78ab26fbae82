import type { PartialStrykerOptions } from '@stryker-mutator/api/core';

/** Files that `npm run mutation` leaves out, with the reason. */
export const EXCLUDED = [
  // Mostly sentences, whose mutants are other sentences.
  'src/market/wording/**',
  'src/market/model/reason.ts',
];

export const REPORT = '.local/mutation/report.html';

const OPTIONS: PartialStrykerOptions = {
  plugins: ['./test/mutation/plugins.mjs'],
  testRunner: 'market',
  ignorers: ['wording'],
  coverageAnalysis: 'perTest',
  ignorePatterns: ['.local', 'dist'],
  tempDirName: '.local/mutation/sandboxes',
  reporters: ['progress-append-only', 'json', 'html'],
  jsonReporter: { fileName: '.local/mutation/report.json' },
  htmlReporter: { fileName: REPORT },
  // A test that hangs in a loop costs this much. On a busy machine a run takes several times its usual time.
  timeoutMS: 10_000,
  timeoutFactor: 0.2,
  concurrency: 2,
  ignoreStatic: true,
  warnings: false,
};

/** @param patterns of the files to change */
export const optionsFor = (patterns: readonly string[]): PartialStrykerOptions => ({
  ...OPTIONS,
  mutate: [...patterns, ...EXCLUDED.map((path) => `!${path}`)],
});

import { expect, test } from 'vitest';
import { buildIdOf } from '../../src/worker/workerBuild.js';

const bundleOf = (code: string, sources: string) => `${code}\n//# sourceMappingURL=data:${sources}`;

test('A build id depends on the workflow code and not on the bundling machine', () => {
  const build = buildIdOf('1.2.0', bundleOf('sell()', 'app'));
  expect(build).toMatch(/^1\.2\.0-[0-9a-f]{8}$/);
  expect(buildIdOf('1.2.0', bundleOf('sell()', 'another folder'))).toBe(build);
  expect(buildIdOf('1.2.0', bundleOf('resell()', 'app'))).not.toBe(build);
});

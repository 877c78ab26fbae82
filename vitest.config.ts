import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** The embedded servers, once for all projects of a run; see test/support/stack.setup.ts. */
const stack = 'test/support/stack.setup.ts';

function project(
  name: string,
  include: string[],
  options: TestProjectInlineConfiguration['test'] = {},
): TestProjectInlineConfiguration {
  return { test: { name, include, environment: 'node', ...options } };
}

const onServers = { globalSetup: stack, testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      // Properties are shown on ten thousand cases, which take seconds where other work has the cores.
      project('unit', ['test/{market,docs}/**/*.test.ts'], { testTimeout: 60_000 }),
      project('scenario', ['test/scenarios/**/*.test.ts'], onServers),
      project('workflow', ['test/workflows/**/*.test.ts', 'test/temporal/**/*.test.ts'], onServers),
      project('api', ['test/{api,store,buyers,activities}/**/*.test.ts', 'test/*.test.ts'], onServers),
      project('e2e', ['test/{cli,local,faults,bench}/**/*.test.ts'], { ...onServers, testTimeout: 90_000 }),
      project('browser', ['test/browser/**/*.test.ts'], { ...onServers, testTimeout: 90_000 }),
    ],
  },
});

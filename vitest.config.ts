import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** What is made once for all projects of a run: the embedded servers, and the compiled product. */
const stack = 'test/support/stack.setup.ts';
const compiled = 'test/support/compiled.setup.ts';

function project(
  name: string,
  include: string[],
  options: TestProjectInlineConfiguration['test'] = {},
): TestProjectInlineConfiguration {
  // A file finds loaded what files before it have loaded: loading it all anew for each took a third of the time.
  const defaults = { environment: 'node', isolate: false, sequence: { groupOrder: 1 } } as const;
  return { test: { name, include, ...defaults, ...options } };
}

const onServers = { globalSetup: [stack, compiled], testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      // Property tests take seconds when other work has the cores.
      project('unit', ['test/{market,docs}/**/*.test.ts'], { testTimeout: 60_000 }),
      project('scenario', ['test/scenarios/**/*.test.ts'], onServers),
      project('workflow', ['test/{workflows,temporal,worker}/**/*.test.ts'], onServers),
      // Many of these wait more than they work: they have a worker more, and so their turn before the others.
      project('api', ['test/{api,operations,store,buyers,activities}/**/*.test.ts', 'test/*.test.ts'], {
        ...onServers,
        maxWorkers: 3,
        sequence: { groupOrder: 0 },
      }),
      project('e2e', ['test/{cli,local,terminal,scripts,faults,bench}/**/*.test.ts'], {
        ...onServers,
        testTimeout: 90_000,
      }),
      project('browser', ['test/browser/**/*.test.ts'], { ...onServers, testTimeout: 90_000 }),
    ],
  },
});

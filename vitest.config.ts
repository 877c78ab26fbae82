import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { LongFilesFirst } from './test/support/longFilesFirst.js';
import { ProjectTimes } from './test/support/projectTimes.js';

/** Set up once for all projects of a run: the embedded servers and the compiled product. */
const stack = 'test/support/stack.setup.ts';
const compiled = 'test/support/compiled.setup.ts';

function project(
  name: string,
  include: string[],
  options: TestProjectInlineConfiguration['test'] = {},
): TestProjectInlineConfiguration {
  // With `isolate`, each file loads all modules again, which takes a third of the time.
  return {
    test: {
      name,
      include,
      environment: 'node',
      isolate: false,
      hookTimeout: 60_000,
      // One second, the default, is little where other work has the cores.
      expect: { poll: { timeout: 15_000 } },
      ...options,
    },
  };
}

// One group: no worker waits for the end of a project. Three workers on two cores, because most tests wait more than they
// compute.
const onServers = {
  globalSetup: [stack, compiled],
  testTimeout: 30_000,
  maxWorkers: 3,
  sequence: { groupOrder: 1 },
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongFilesFirst },
    // The projects share what is compiled.
    experimental: { fsModuleCache: true },
    reporters: ['default', new ProjectTimes()],
    projects: [
      // Property tests take seconds when other work has the cores.
      project('unit', ['test/{market,docs}/**/*.test.ts'], { testTimeout: 60_000 }),
      project('scenario', ['test/scenarios/**/*.test.ts'], onServers),
      project('workflow', ['test/{workflows,temporal,worker}/**/*.test.ts'], onServers),
      project(
        'api',
        ['test/{api,clients,operations,store,buyers,activities}/**/*.test.ts', 'test/*.test.ts'],
        onServers,
      ),
      project('e2e', ['test/{cli,local,terminal,scripts,faults,bench}/**/*.test.ts'], {
        ...onServers,
        testTimeout: 90_000,
      }),
      project('browser', ['test/browser/**/*.test.ts'], { ...onServers, testTimeout: 90_000 }),
    ],
  },
});

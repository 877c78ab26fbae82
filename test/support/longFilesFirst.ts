import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A worker keeps what it has loaded while the next file is of the same project, so each project's files are together. */
const PROJECTS = ['unit', 'e2e', 'scenario', 'workflow', 'browser', 'api'];

/** Files that take 10 s or more, the longest first; docs/testing.md has the seconds. The short ones fill the gaps at the end. */
export const LONG = [
  'local/start',
  'cli/processes',
  'faults/rollout',
  'faults/temporalAway',
  'cli/brokenService',
  'faults/workersComeAndGo',
  'faults/capExact',
  'faults/pingCaps',
  'faults/databaseAway',
  'cli/commands/backupCommands',
  'local/production',
  'scenarios/scenarios',
  'workflows/longLife',
  'browser/temporalUi',
  'api/crowd',
  'api/withdraw',
  'api/connections',
  'api/outages',
];

const place = (names: string[], name: string): number => {
  const index = names.indexOf(name);
  return index === -1 ? names.length : index;
};

const fileOf = ({ moduleId }: TestSpecification): string => /test\/(.*)\.test\.ts$/.exec(moduleId)?.[1] ?? '';

/** Vitest's own order is by size in a fresh clone: then a worker that starts a long file last keeps the other ones waiting. */
export class LongFilesFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    return specifications.toSorted(
      (a, b) =>
        place(PROJECTS, a.project.name) - place(PROJECTS, b.project.name) ||
        place(LONG, fileOf(a)) - place(LONG, fileOf(b)) ||
        fileOf(a).localeCompare(fileOf(b)),
    );
  }
}

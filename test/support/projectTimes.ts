import type { Reporter, TestModule } from 'vitest/node';

/** A run of fewer files prints no times by project. */
const FEWEST_FILES = 20;
const LONGEST_FILES = 10;

/** Seconds of a file's imports, hooks and tests. */
function secondsOf(file: TestModule): number {
  const { collectDuration, setupDuration, duration } = file.diagnostic();
  return (collectDuration + setupDuration + duration) / 1000;
}

const sum = (numbers: number[]): number => numbers.reduce((total, each) => total + each, 0);
const row = (name: string, seconds: number, more: string): string =>
  `  ${name.padEnd(44)} ${seconds.toFixed(1).padStart(7)} s  ${more}`;

/** Prints the seconds of each project and of the longest files. Files run in parallel, so the sum exceeds the run. */
export class ProjectTimes implements Reporter {
  onTestRunEnd(files: readonly TestModule[]): void {
    if (files.length < FEWEST_FILES) return;
    const projects = [...new Set(files.map(({ project }) => project.name))].map((name) => {
      const own = files.filter(({ project }) => project.name === name);
      return row(name, sum(own.map(secondsOf)), `${own.length} files`);
    });
    const longest = files.toSorted((a, b) => secondsOf(b) - secondsOf(a)).slice(0, LONGEST_FILES);
    const slow = longest.map((file) => row(file.relativeModuleId, secondsOf(file), file.project.name));
    console.log(['', 'Seconds of files, by project:', ...projects, 'Longest files:', ...slow].join('\n'));
  }
}

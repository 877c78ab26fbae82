/** Receives a short description of the current step, for the person who waits. */
export type Progress = (text: string) => void;

const LIST = new Intl.ListFormat('en-GB');

/**
 * Reports which of some parts are still being started.
 * @returns a function that takes a part off the list once its promise has resolved
 */
export function reportStarting(
  progress: Progress,
  names: readonly string[],
): <T>(name: string, ready: Promise<T>) => Promise<T> {
  const left = new Set(names);
  const report = (): void => {
    if (left.size > 0) progress(`Starting ${LIST.format(left)}`);
  };
  report();
  return async (name, ready) => {
    const result = await ready;
    left.delete(name);
    report();
    return result;
  };
}

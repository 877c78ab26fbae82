/** What one piece of work came to. */
export interface Done {
  /** Absent when none was begun. */
  workflowId?: string;
  /** Whether the lead was sold in time; the floor sells nothing. */
  sold?: boolean;
  /** Why it was not done: the status of the answer and its text, or an error. */
  failed?: string;
}

export interface Load<T> {
  /** What each piece came to. */
  done: T[];
  /** How long each took, ms. */
  latencies: number[];
  /** How long all of them took together. */
  seconds: number;
}

/**
 * Does `count` pieces of work, always `concurrency` at a time: as soon as one is done the next begins.
 * @param work must not reject
 */
export async function load<T>(count: number, concurrency: number, work: () => Promise<T>): Promise<Load<T>> {
  const done: T[] = [];
  const latencies: number[] = [];
  const began = performance.now();
  let left = count;
  const oneAfterAnother = async (): Promise<void> => {
    while (left-- > 0) {
      const started = performance.now();
      done.push(await work());
      latencies.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, oneAfterAnother));
  return { done, latencies, seconds: (performance.now() - began) / 1000 };
}

/** Result of one piece of work. */
export interface Done {
  /** Absent if no workflow was started. */
  workflowId?: string;
  /** Whether the lead was sold in time; the floor sells nothing. */
  sold?: boolean;
  /** Reason of a failure: status and text of the answer, or an error. */
  failed?: string;
}

export interface Load<T> {
  /** Results of the pieces. */
  done: T[];
  /** Duration of each, ms. */
  latencies: number[];
  /** Total duration. */
  seconds: number;
}

/**
 * Does `count` pieces of work, always `concurrency` at a time: each starts as soon as another is done.
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

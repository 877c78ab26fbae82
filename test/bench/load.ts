/** One piece of work that has ended. */
export interface Piece<T> {
  result: T;
  /** Its duration, ms. */
  ms: number;
  /** When it ended: ms since the start. */
  at: number;
}

export interface Load<T> {
  pieces: Piece<T>[];
  /** Total duration. */
  seconds: number;
}

/**
 * Does `count` pieces of work, always `concurrency` at a time: each starts as soon as another has ended.
 * @param work must not reject
 */
export async function load<T>(count: number, concurrency: number, work: () => Promise<T>): Promise<Load<T>> {
  const pieces: Piece<T>[] = [];
  const began = performance.now();
  let left = count;
  await closedLoop(
    Math.min(concurrency, count),
    () => left-- > 0,
    work,
    (result, ms) => pieces.push({ result, ms, at: performance.now() - began }),
  );
  return { pieces, seconds: (performance.now() - began) / 1000 };
}

/** A measurement under constant load. */
export interface Watch<T, S> {
  seconds: number;
  concurrency: number;
  /** Must end, and must not reject. */
  work: () => Promise<T>;
  /** Called at the start of the measurement; what it returns is called at its end. */
  watch: () => () => S;
}

/**
 * Does work for some time, always `concurrency` at a time, and returns the pieces that ended within it. The time starts
 * when `concurrency` pieces have ended, and pieces that are still under way at its end don't count, so that all of it is
 * under full load.
 */
export async function loadFor<T, S>({
  seconds,
  concurrency,
  work,
  watch,
}: Watch<T, S>): Promise<Load<T> & { seen: S }> {
  const pieces: Piece<T>[] = [];
  let ended = 0;
  let began: number | undefined;
  let isOver = false;
  let finish: (seen: { seen: S; seconds: number }) => void;
  const measured = new Promise<{ seen: S; seconds: number }>((resolve) => (finish = resolve));
  const begin = (now: number): void => {
    began = now;
    const look = watch();
    setTimeout(() => {
      isOver = true;
      finish({ seen: look(), seconds: (performance.now() - now) / 1000 });
    }, seconds * 1000);
  };
  const running = closedLoop(
    concurrency,
    () => !isOver,
    work,
    (result, ms) => {
      const now = performance.now();
      if (began !== undefined && !isOver) pieces.push({ result, ms, at: now - began });
      if (++ended === concurrency) begin(now);
    },
  );
  const [result] = await Promise.all([measured, running]);
  return { pieces, ...result };
}

async function closedLoop<T>(
  concurrency: number,
  goesOn: () => boolean,
  work: () => Promise<T>,
  ended: (result: T, ms: number) => void,
): Promise<void> {
  const oneAfterAnother = async (): Promise<void> => {
    while (goesOn()) {
      const started = performance.now();
      ended(await work(), performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, oneAfterAnother));
}

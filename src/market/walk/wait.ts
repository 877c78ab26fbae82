/** What somebody waits for: a moment, UTC ms, or something that comes before it. */
export interface Pause {
  until: number;
  unless?: () => boolean;
}

/** Something that goes on in time, and says each time what it waits for; it goes on with whether that came before its moment. */
export type Course<T> = Generator<Pause, T, boolean>;

/** Waits; true if the awaited event came before the time. */
export function* pause(until: number, unless?: () => boolean): Course<boolean> {
  return yield { until, ...(unless && { unless }) };
}

/** Several courses at once; each goes on when its own time has come. */
export function* sideBySide<T>(now: () => number, courses: readonly Course<T>[]): Course<T[]> {
  const results = new Map<number, T>();
  const paused = new Map<number, Pause>();
  const goOn = (i: number, isEarly: boolean): void => {
    const step = courses[i]?.next(isEarly);
    paused.delete(i);
    if (step?.done === true) results.set(i, step.value);
    else if (step) paused.set(i, step.value);
  };
  for (const i of courses.keys()) goOn(i, false);
  while (paused.size > 0) {
    const all = [...paused.values()];
    yield { until: Math.min(...all.map(({ until }) => until)), unless: () => all.some(isOver) };
    for (const [i, each] of [...paused]) {
      if (isOver(each)) goOn(i, true);
      else if (each.until <= now()) goOn(i, false);
    }
  }
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}

const isOver = ({ unless }: Pause): boolean => unless?.() === true;

/** A course that others run beside, as far as it has come. */
export interface Running {
  course: Course<unknown>;
  paused: Pause;
}

/** Starts a course; undefined if it ends at once. */
export function begin(course: Course<unknown>): Running | undefined {
  const step = course.next(false);
  return step.done === true ? undefined : { course, paused: step.value };
}

/** Resumes every course that need not wait, until all must wait or have ended. Returns the others. */
export function goOn(running: readonly Running[], now: number): Running[] {
  let left = [...running];
  for (;;) {
    const next = left.find(({ paused }) => isOver(paused) || paused.until <= now);
    if (next === undefined) return left;
    const step = next.course.next(isOver(next.paused));
    left = left.flatMap((each) => {
      if (each !== next) return [each];
      return step.done === true ? [] : [{ course: each.course, paused: step.value }];
    });
  }
}

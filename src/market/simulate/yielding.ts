/** Work that may be left for a while between its steps: it yields where that can be. */
export type Steps<T> = Generator<undefined, T>;

/** Does all of it without a pause. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

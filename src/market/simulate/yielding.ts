/** Work that may be left for a while between its steps: it yields where that can be. */
export type Yielding<T> = Generator<undefined, T>;

/** Does all of it without a pause. */
export function runToEnd<T>(steps: Yielding<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

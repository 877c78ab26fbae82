/** Work that can be interrupted at each `yield`, so that a long computation does not block the event loop. */
export type Yielding<T> = Generator<undefined, T>;

/** Runs all of it without interruption. */
export function runToEnd<T>(steps: Yielding<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises';

interface Sleeper {
  until: number;
  unless?: (() => boolean) | undefined;
  wake: (isEarly: boolean) => void;
}

/** A clock that skips time while all that go by it sleep. Times in UTC ms. */
export class SimulatedClock {
  private readonly sleepers: Sleeper[] = [];

  constructor(private at: number) {}

  now(): number {
    return this.at;
  }

  /** Sleeps until a time; true if a condition ended the sleep before. */
  sleep(until: number, unless?: () => boolean): Promise<boolean> {
    return new Promise((wake) => this.sleepers.push({ until, unless, wake }));
  }

  /** When the next sleeper wakes; infinite if nobody sleeps. */
  nextAt(): number {
    return Math.min(...this.sleepers.map(({ until }) => until));
  }

  /** Advances to a time. Sleepers wake at their own times. */
  async passTo(at: number): Promise<void> {
    await this.settle();
    while (this.nextAt() <= at) {
      this.at = Math.max(this.at, this.nextAt());
      await this.settle();
    }
    this.at = Math.max(this.at, at);
  }

  /** Waits until all sleep, at the current time. */
  async settle(): Promise<void> {
    for (;;) {
      await nextTurn();
      const i = this.sleepers.findIndex(({ until, unless }) => unless?.() === true || until <= this.at);
      const [next] = i < 0 ? [] : this.sleepers.splice(i, 1);
      if (next === undefined) return;
      next.wake(next.unless?.() === true);
    }
  }
}

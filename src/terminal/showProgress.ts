import ora from 'ora';
import { onOneLine } from './terminal.js';
import type { Progress } from './progress.js';

export interface ShownProgress {
  progress: Progress;
  /** Takes the last line away on a terminal, and stops the clock. */
  done: () => void;
}

const TICK_MS = { terminal: 1000, lines: 3000 };

/**
 * Shows on stderr what is being done: a spinner on a terminal, else a line for each new thing.
 * @param clock whether the seconds since the start are shown while one thing takes long, so that it is never silent
 */
export function showProgress(
  stream: NodeJS.WriteStream = process.stderr,
  { clock = false }: { clock?: boolean } = {},
): ShownProgress {
  // A terminal without a width (a pseudo-terminal without a size) has no space for a spinner.
  const isTerminal = stream.isTTY && stream.columns !== 0;
  const shown = isTerminal ? spinnerOn(stream) : linesOn(stream);
  const started = Date.now();
  let last = '';
  let timer: NodeJS.Timeout | undefined;
  const timed = (): string => `${last} (${Math.round((Date.now() - started) / 1000)} s)`;
  const tick = (): void => shown.show(timed());
  return {
    progress: (said) => {
      const text = onOneLine(said);
      if (text === last) return;
      last = text;
      shown.show(clock && isTerminal ? timed() : text);
      clearInterval(timer);
      if (clock) timer = setInterval(tick, isTerminal ? TICK_MS.terminal : TICK_MS.lines).unref();
    },
    done: () => {
      clearInterval(timer);
      last = '';
      shown.done();
    },
  };
}

export async function withProgress<T>(work: (progress: Progress) => Promise<T>): Promise<T> {
  const shown = showProgress();
  try {
    return await work(shown.progress);
  } finally {
    shown.done();
  }
}

interface Shown {
  show(text: string): void;
  done(): void;
}

const linesOn = (stream: NodeJS.WriteStream): Shown => ({
  show: (text) => void stream.write(`${text} …\n`),
  done: () => undefined,
});

function spinnerOn(stream: NodeJS.WriteStream): Shown {
  // Its own handling of Ctrl-C would end the process before the parts have ended.
  const spinner = ora({ stream, discardStdin: false });
  return {
    show: (text) => {
      if (spinner.isSpinning) spinner.text = text;
      else spinner.start(text);
    },
    done: () => void spinner.stop(),
  };
}

import ora from 'ora';
import { onOneLine } from '../cli/terminal.js';
import type { Progress } from './progress.js';

export interface ShownProgress {
  progress: Progress;
  /** Takes the last line away, where it stands still. */
  done(): void;
}

/** Shows on stderr what is being done: a spinner on a terminal, else a line for each new thing. */
export function showProgress(stream: NodeJS.WriteStream = process.stderr): ShownProgress {
  let last = '';
  // A terminal without a width (a pseudo-terminal nobody has sized) has no place for a spinner.
  if (!stream.isTTY || stream.columns === 0) {
    return {
      progress: (said) => {
        const text = onOneLine(said);
        if (text !== last) stream.write(`${text} …\n`);
        last = text;
      },
      done: () => undefined,
    };
  }
  // Its own handling of Ctrl-C would end the process before the parts have ended.
  const spinner = ora({ stream, discardStdin: false });
  return {
    progress: (said) => {
      const text = onOneLine(said);
      if (spinner.isSpinning) spinner.text = text;
      else spinner.start(text);
    },
    done: () => {
      spinner.stop();
    },
  };
}

import { findBinary } from '../src/local/servers/findPrograms.js';

/** The browser for the browser tests: `CHROMIUM_PATH`, else one on PATH. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  return (
    env.CHROMIUM_PATH ??
    findBinary(['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'], env)
  );
}

const TICK_MS = 5;

/**
 * Sends N a second, independent of the answers, like unrelated people. Stopping it resolves with all answers, including
 * outstanding ones.
 * @param send must not reject
 */
export function openLoop<T>(perSecond: number, send: () => Promise<T>): { stop: () => Promise<T[]> } {
  const began = performance.now();
  const sent: Promise<T>[] = [];
  const timer = setInterval(() => {
    const due = ((performance.now() - began) / 1000) * perSecond;
    while (sent.length < due) sent.push(send());
  }, TICK_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return Promise.all(sent);
    },
  };
}

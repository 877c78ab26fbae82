const TICK_MS = 5;

/**
 * Sends so many a second, however long the answers take, as people do who know nothing of each other. Stopping it
 * resolves with every answer, also those that are still to come.
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

/**
 * Starts a clock of the processor time of this process, and returns what reads it, in ms. Other load of the machine does
 * not count, so a limit of it holds on a busy machine.
 */
export function processorClock(): () => number {
  const started = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  };
}

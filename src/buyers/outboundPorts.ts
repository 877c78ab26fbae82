import { SettingsError } from '../config.js';

/** Whether a port may be contacted. */
export type PortRule = (port: number) => boolean;

/**
 * Ports from 1024 on that are never a buyer's web server. The first two lines are from the Fetch standard ("bad port"):
 * their protocols could execute a request as commands. The others belong to databases, queues, remote control and
 * cluster management, some of which execute any `POST`.
 */
const NEVER_WEB = new Set([
  ...[1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566],
  ...[6665, 6666, 6667, 6668, 6669, 6679, 6697, 10_080],
  ...[1433, 1521, 3306, 5432, 5984, 6379, 9042, 9200, 9300, 11_211, 27_017, 27_018, 27_019],
  ...[2181, 4222, 5671, 5672, 7233, 9092],
  ...[2375, 2376, 2379, 2380, 6443, 8200, 8500, 10_250, 10_255],
  ...[3389, 5900, 5901, 5902, 5903, 5985, 5986],
]);

const DEFAULT_RULE: PortRule = (port) =>
  port === 80 || port === 443 || (port >= 1024 && !NEVER_WEB.has(port));

/**
 * The ports of OUTBOUND_PORTS; by default 80, 443, and ports from 1024 on that may be a web server's.
 * @throws SettingsError if an entry is neither a port nor a range
 */
export function readOutboundPorts(setting = ''): PortRule {
  const ranges = setting
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map(readRange);
  return ranges.length === 0
    ? DEFAULT_RULE
    : (port) => ranges.some(([first, last]) => port >= first && port <= last);
}

function readRange(entry: string): [first: number, last: number] {
  const [, first = '', last = first] = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(entry) ?? [];
  const range: [number, number] = [Number(first), Number(last)];
  if (first === '' || range[0] < 1 || range[1] > 65_535 || range[0] > range[1])
    throw new SettingsError(
      `OUTBOUND_PORTS names "${entry}", which is neither a port (8443) nor a range of ports (9000-9099).`,
    );
  return range;
}

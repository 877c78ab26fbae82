import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LocalStackError } from '../../src/local/processes/localStackError.js';
import { waitUntil } from '../../src/local/processes/waitUntil.js';
import { findBinary } from '../../src/local/servers/findPrograms.js';
import { secantusdb } from '../../src/local/servers/localMongodb.js';
import { anyPort } from '../../src/local/servers/ports.js';
import type { ReplacedServer } from './onServers.js';

const PROGRAM = 'secantusd-rs';
const INSTALL = 'cargo install secantus-mdb --version 0.5.3-beta.193 --locked';

/**
 * SecantusDB's server in Rust, which comes closer to the cost of MongoDB than the one in Python. It lacks some queries of
 * the product, but none of a lead that is sold at once.
 */
export const nativeDatabase: ReplacedServer = {
  name: 'mongodb',
  async start(servers, dir) {
    const program = findBinary([PROGRAM], process.env);
    if (program === undefined)
      throw new LocalStackError(`${PROGRAM} is not on the PATH. Install it (${INSTALL}), and try again.`);
    const data = join(dir, 'secantusdb-rs');
    mkdirSync(data, { recursive: true });
    const port = await anyPort();
    const { args, addresses, isReady } = secantusdb(port, data);
    await servers.start({
      command: { name: 'mongodb', server: true, command: program, args },
      ports: [port],
      ready: (part) => waitUntil(part, isReady),
    });
    return addresses;
  },
};

/**
 * Parses a client's stream in chunks, and returns the names of the requests completed by each chunk.
 */
export type RequestReader = (chunk: Buffer) => string[];

/** Requests with which the driver maintains its connections, independent of leads. */
const UPKEEP = ['hello', 'isMaster', 'ismaster', 'ping', 'endSessions'];

const OP_MSG = 2013;
const HEADER_BYTES = 16;

/**
 * MongoDB's commands with their collection: `find leads`, `bulkWrite`. Each is one round trip: by default
 * every OP_MSG has a reply, and the driver sends the next one on a connection after it.
 */
export function mongodbRequests(): RequestReader {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const names: string[] = [];
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const message = rest.subarray(0, rest.readInt32LE(0));
      rest = rest.subarray(message.length);
      const name = message.readInt32LE(12) === OP_MSG ? commandOf(message) : undefined;
      if (name !== undefined && !UPKEEP.includes(name)) names.push(name);
    }
    return names;
  };
}

/**
 * The first element of the body names the command; its value, if a string, is the collection. It follows the flags (4
 * bytes), the kind of the section (1), the document's length (4) and the element's type (1); see "OP_MSG" in MongoDB's
 * wire protocol and bsonspec.org.
 */
function commandOf(message: Buffer): string {
  const typeAt = HEADER_BYTES + 9;
  const nameEnds = message.indexOf(0, typeAt + 1);
  const name = message.toString('utf8', typeAt + 1, nameEnds);
  const isText = message[typeAt] === 2;
  if (!isText) return name;
  const textAt = nameEnds + 5;
  return `${name} ${message.toString('utf8', textAt, message.indexOf(0, textAt))}`;
}

/**
 * Redis commands by name. Each write is one round trip, because the client does not batch and a request has at most one
 * command.
 */
export function redisRequests(): RequestReader {
  return (chunk) =>
    [...chunk.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n([A-Za-z]+)\r\n/g)].map(([, name = '']) =>
      name.toLowerCase(),
    );
}

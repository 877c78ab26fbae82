import { createServer } from 'node:http';
import { isSigned } from './isSigned.mjs';

const secret = process.env.GAVEL_SECRET ?? '';
if (!secret.startsWith('whsec_'))
  throw new Error('Set GAVEL_SECRET to your secret, which starts with whsec_');

const posts = new Map(); // Answers to posts by post_id. Use a database with a unique index on post_id.

function answerTo(message) {
  switch (message.type) {
    case 'ping':
      return { bid: message.state === 'TX' && message.floor <= 31 ? 31.0 : 0 };
    case 'post':
      // Posts may be retried: give the same answer, and take the lead only once.
      if (!posts.has(message.post_id)) posts.set(message.post_id, take(message));
      return posts.get(message.post_id);
    case 'post_cancelled':
      posts.set(message.post_id, { accepted: false, reason: 'cancelled' }); // Drop the lead if you took it.
      return {};
    case 'post_status':
      return posts.get(message.post_id) ?? { accepted: null };
    default:
      console.log(message); // A notice: won, billed, lost, …
      return {};
  }
}

/** Stores the lead in your system, or refuses it. */
const take = ({ lead }) => (lead.phone ? { accepted: true } : { accepted: false, reason: 'no phone' });

async function answer(request) {
  let body = Buffer.alloc(0); // As received: the signature is over these bytes.
  for await (const chunk of request) {
    body = Buffer.concat([body, chunk]);
    if (body.length > 1_000_000) throw new Error('The exchange sends no body of this length');
  }
  if (!isSigned(secret, request.headers, body)) return [401, {}];
  return [200, answerTo(JSON.parse(body))];
}

createServer((request, response) => {
  const send = ([status, body]) => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  };
  answer(request).then(send, (error) => {
    console.error(error);
    send([500, {}]);
  });
}).listen(process.env.PORT ?? 8080);

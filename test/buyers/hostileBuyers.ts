import { gzipSync } from 'node:zlib';
import { bytes, chunked, endless, KiB, ok, says, whole, type RawAnswer } from './rawServer.js';

/** A buyer's raw reaction to a ping, and the reason of its contract in the round. */
export const HOSTILE: readonly [how: string, answer: RawAnswer, reason: string, detail?: string][] = [
  ['it sends nothing', () => undefined, 'timeout'],
  ['it drips an answer, byte by byte', endless(whole, 'x', 50), 'timeout'],
  ['it drips its headers, byte by byte', endless(`${ok}X-Slow: `, 'x', 50), 'timeout'],
  ['it drips its status line', endless('HTTP/1.1 200 ', 'K', 50), 'timeout'],
  ['its body is shorter than its Content-Length', bytes(`${whole}{"bid":40}`), 'timeout'],
  ['it stops in the middle of a chunk', bytes(`${chunked}ff\r\n{"bid":40}`), 'timeout'],
  ['it sends early hints without end', endless('', 'HTTP/1.1 103 Early Hints\r\n\r\n', 1), 'timeout'],
  ['it sends chunk extensions without end', endless(`${chunked}1;`, 'x'.repeat(KiB), 1), 'timeout'],
  [
    'it sends headers without end',
    endless(ok, `X-A: ${'x'.repeat(KiB)}\r\n`),
    'invalid_response',
    'headers over 16 KiB',
  ],
  [
    'it sends one header without end',
    endless(`${ok}X-A: `, 'x'.repeat(KiB)),
    'invalid_response',
    'headers over 16 KiB',
  ],
  [
    'it sends a body without end',
    endless(`${ok}\r\n`, 'x'.repeat(KiB)),
    'invalid_response',
    'answer over 64 KiB',
  ],
  [
    'it sends chunks without end',
    endless(chunked, `400\r\n${'x'.repeat(KiB)}\r\n`),
    'invalid_response',
    'answer over 64 KiB',
  ],
  [
    'it sends trailers without end',
    endless(`${chunked}0\r\n`, `X-A: ${'x'.repeat(KiB)}\r\n`),
    'invalid_response',
    'headers over 16 KiB',
  ],
  ['it announces a huge answer', bytes(`${ok}Content-Length: 9999999999\r\n\r\n`), 'timeout'],
  [
    'its answer is a gzip bomb',
    says(gzipSync(Buffer.alloc(20 * KiB * KiB, ' ')), 'Content-Encoding: gzip\r\n'),
    'invalid_response',
    'answer over 64 KiB',
  ],
  [
    'its answer is a nested gzip bomb',
    says(gzipSync(gzipSync(Buffer.alloc(20 * KiB * KiB, ' '))), 'Content-Encoding: gzip, gzip\r\n'),
    'invalid_response',
    'answer over 64 KiB',
  ],
  [
    'its gzip is truncated',
    says(gzipSync('{"bid":40}').subarray(0, -4), 'Content-Encoding: gzip\r\n'),
    'invalid_response',
    'its gzip data are broken or incomplete',
  ],
  [
    'its gzip is truncated by a closed connection',
    (socket) =>
      void socket.end(
        Buffer.concat([
          Buffer.from(`${ok}Content-Encoding: gzip\r\n\r\n`),
          gzipSync('{"bid":40}').subarray(0, 9),
        ]),
      ),
    'invalid_response',
    'its gzip data are broken or incomplete',
  ],
  [
    'it drips gzip, byte by byte',
    endless(`${ok}Content-Encoding: gzip\r\nContent-Length: 1000\r\n\r\n`, '\u0000', 50),
    'timeout',
  ],
  [
    'its content coding has a very long name',
    says('{"bid":40}', `Content-Encoding: ${'x'.repeat(8 * KiB)}\r\n`),
    'invalid_response',
    'an unknown content coding',
  ],
  [
    'it refuses with an HTML page',
    bytes('HTTP/1.1 422 Unprocessable\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>'),
    'http_error',
    'HTTP 422',
  ],
  [
    'it refuses and never sends the announced body',
    bytes('HTTP/1.1 422 Unprocessable\r\nContent-Length: 1000\r\n\r\n'),
    'timeout',
  ],
  ['its answer is null', says('null'), 'invalid_response', 'null; send an object: {"bid": 45.00}'],
  [
    'every key of its answer is null',
    says('{"bid":null,"shared_bid":null,"bid_id":null,"expires_in_ms":null,"reason":null}'),
    'no_bid',
  ],
  [
    'it closes the connection',
    (socket) => void socket.destroy(),
    'unreachable',
    'the connection was closed before the whole answer',
  ],
  [
    'it resets the connection',
    (socket) => void socket.resetAndDestroy(),
    'unreachable',
    'the connection was reset before the whole answer',
  ],
  [
    'it resets the connection in the middle',
    (socket) => void socket.write(`${whole}{"bid":`, () => socket.resetAndDestroy()),
    'unreachable',
  ],
  [
    'it closes the connection in the middle',
    (socket) => void socket.end(`${whole}{"bid":40}`),
    'unreachable',
    'the connection was closed before the whole answer',
  ],
  [
    'it does not speak HTTP',
    bytes('220 smtp.example ESMTP\r\n'),
    'unreachable',
    'the answer is not valid HTTP',
  ],
  [
    'its Content-Length is not a number',
    bytes(`${ok}Content-Length: 1e1\r\n\r\n{"bid":40}`),
    'unreachable',
    'the answer does not match its Content-Length',
  ],
  ['its Content-Length is negative', bytes(`${ok}Content-Length: -1\r\n\r\n{"bid":40}`), 'unreachable'],
  [
    'it sends two Content-Length headers',
    bytes(`${ok}Content-Length: 10\r\nContent-Length: 20\r\n\r\n{"bid":40}`),
    'unreachable',
  ],
  [
    'it sends a Content-Length and chunks',
    bytes(`${ok}Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{"bid":40}\r\n0\r\n\r\n`),
    'unreachable',
  ],
  ['its chunk size is not a number', bytes(`${chunked}zz\r\n{"bid":40}`), 'unreachable'],
  [
    'its body is longer than its Content-Length',
    bytes(`${ok}Content-Length: 4\r\n\r\n{"bid":40}`),
    'invalid_response',
  ],
  [
    'it redirects',
    bytes(`HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n`),
    'http_error',
    'HTTP 302; redirects are not followed',
  ],
  [
    'it upgrades to another protocol',
    bytes('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n{"bid":40}'),
    'unreachable',
  ],
  ['its answer is not JSON', says('<html>'), 'invalid_response'],
  ['its answer is empty', says(''), 'invalid_response'],
  ['its answer is half JSON', says('{"bid":40'), 'invalid_response'],
  ['its answer is two JSON documents', says('{"bid":40}{"bid":40}'), 'invalid_response'],
  ['its answer is nested deeply', says('['.repeat(30_000)), 'invalid_response'],
  [
    'its bid is nested deeply',
    says(`{"bid":${'['.repeat(30_000)}${']'.repeat(30_000)}}`),
    'invalid_response',
  ],
  [
    'its answer has keys without end',
    says(`{${Array.from({ length: 5000 }, (_, i) => `"k${i}":1`).join(',')}}`),
    'invalid_response',
  ],
  ['its bid is 1e400', says('{"bid":1e400}'), 'invalid_response'],
  ['its bid is 1e300', says('{"bid":1e300}'), 'invalid_response'],
  ['its bid has ten thousand decimals', says(`{"bid":40.${'1'.repeat(10_000)}}`), 'invalid_response'],
  ['its bid is negative', says('{"bid":-40}'), 'invalid_response'],
  ['its bid is -0', says('{"bid":-0}'), 'no_bid'],
  [
    'its bid is a string',
    says('{"bid":"40"}'),
    'invalid_response',
    'bid is a string ("40"); send a number without quotes',
  ],
  [
    'its bid has a fraction of a cent',
    says('{"bid":40.001}'),
    'invalid_response',
    'bid has too many decimals (40.001); USD has 2',
  ],
  ['its bid is under __proto__', says('{"__proto__":{"bid":40}}'), 'invalid_response'],
  [
    'its bid is under constructor.prototype',
    says('{"constructor":{"prototype":{"bid":40}}}'),
    'invalid_response',
  ],
  ['its answer is in UTF-16', says(Buffer.from('\ufeff{"bid":40}', 'utf16le')), 'invalid_response'],
];

/** Tolerated errors: the bid is still read. */
export const FORGIVEN: readonly [how: string, answer: string][] = [
  ['a byte order mark before it', '\ufeff{"bid":40}'],
  ['a duplicate key, of which the last counts', '{"bid":10,"bid":40}'],
  ['prototype keys beside it', '{"__proto__":{"bid":1},"constructor":null,"bid":40}'],
  ['an exponent', '{"bid":4e1}'],
  ['more zeros than the currency has decimals', '{"bid":40.00000000000000000000000}'],
  ['whitespace around it', ' \r\n\t{ "bid" : 40 }\n'],
  ['an id that is too long', `{"bid":40,"bid_id":"${'x'.repeat(60_000)}"}`],
  ['an id that is a number of 60,000 digits', `{"bid":40,"bid_id":${'1'.repeat(60_000)}}`],
  [
    'ids and other keys of wrong types',
    '{"bid":40,"bid_id":[],"expires_in_ms":"soon","reason":{},"shared_bid":"1"}',
  ],
  [
    'null in every other key',
    '{"bid":40,"bid_id":null,"expires_in_ms":null,"reason":null,"shared_bid":null}',
  ],
];

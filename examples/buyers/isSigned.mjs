import { createHmac, timingSafeEqual } from 'node:crypto';

/** Returns whether the exchange sent this request. Header names must be in lower case; `body` is the raw body. */
export function isSigned(secret, headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures = '' } = headers;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const hmac = createHmac('sha256', key)
    .update(`${id}.${timestamp}.`)
    .update(body ?? '');
  const right = Buffer.from(`v1,${hmac.digest('base64')}`);
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature);
    return given.length === right.length && timingSafeEqual(given, right);
  });
}

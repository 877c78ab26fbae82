import type { Change } from './exchange.js';

/** Keys that a later version of the protocol may add. */
export const withUnknownKeys: Change = (message) => ({
  ...message,
  payload: { ...message.payload, a_new_key: 'of a later version', another: { nested: [1, null, true] } },
});

export const IGNORE = 'ignore keys that you don’t know; later versions of the protocol may add some';

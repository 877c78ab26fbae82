import { KEY_FORM } from '../../store/keys/apiKeys.js';

const EVERY_KEY = new RegExp(KEY_FORM, 'g');

/** A body without keys: Jotform sends the whole address of its webhook, with the key in it, as one of its values. */
export function withoutKeys(body: Buffer): Buffer {
  const text = body.toString('latin1');
  return EVERY_KEY.test(text) ? Buffer.from(text.replace(EVERY_KEY, '(key)'), 'latin1') : body;
}

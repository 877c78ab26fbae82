import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Binary } from 'mongodb';

const ALGORITHM = 'aes-256-gcm';
/** Bytes of keys, of the nonce before each ciphertext, and of the tag after it (NIST SP 800-38D). */
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts bytes with AES-256-GCM: nonce, ciphertext, tag. The context says what the bytes are and whose. They can be
 * decrypted only with the same context, so no stored value can be substituted for another.
 */
export function encrypt(key: Buffer, plain: Buffer, context: string): Binary {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context));
  return new Binary(Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
}

/** @throws Error if the key or the context is not the one of the encryption, or the bytes were modified */
export function decrypt(key: Buffer, { buffer, position }: Binary, context: string): Buffer {
  const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, position);
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}

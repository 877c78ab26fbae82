import { createHash, createHmac } from 'node:crypto';
import type { Outlet } from '../../market/model/outlet.js';
import type { OwnMessage } from '../send.js';

/** An access key of S3-compatible storage. */
export interface S3Key {
  id: string;
  secret: string;
}

const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

interface S3Request {
  to: NonNullable<Outlet['s3']>;
  key: S3Key;
  method: 'PUT' | 'DELETE';
  /** The object's name after the prefix. */
  name: string;
  body: string;
  at: Date;
}

/**
 * A request to S3-compatible storage, signed as AWS describes (Signature Version 4, "Authenticating Requests: Using the
 * Authorization Header"), with the bucket in the path.
 */
export function s3Request({ to, key, method, name, body, at }: S3Request, timeoutMs: number): OwnMessage {
  const { bucket, prefix = '', region } = to;
  const path = `/${[bucket, ...`${prefix}${name}`.split('/')].map(encodeSegment).join('/')}`;
  const url = new URL(to.url.replace(/\/$/, '') + path);
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const payload = sha256(body);
  const headers: Record<string, string> = {
    host: url.host,
    'x-amz-content-sha256': payload,
    'x-amz-date': time,
  };
  const names = Object.keys(headers).join(';');
  const canonical = [
    method,
    url.pathname,
    '',
    ...Object.entries(headers).map(([header, value]) => `${header}:${value}`),
    '',
    names,
    payload,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const signingKey = [region, 's3', 'aws4_request'].reduce<Buffer>(hmac, hmac(`AWS4${key.secret}`, day));
  const signature = createHmac('sha256', signingKey).update(toSign).digest('hex');
  return {
    url: url.href,
    timeoutMs,
    // The same content under the same name: a repeated request changes nothing.
    isRepeatable: true,
    request: {
      method,
      body: method === 'PUT' ? body : undefined,
      headers: {
        ...headers,
        'content-type': 'text/csv; charset=utf-8',
        authorization: `AWS4-HMAC-SHA256 Credential=${key.id}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
      },
    },
  };
}

/** Percent-encoding as the signature wants it: all but RFC 3986's unreserved characters. */
const encodeSegment = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** The keys of the setting S3_KEYS, by name: `NAME:ID:SECRET`, separated by commas. */
export function readS3Keys(setting = ''): ReadonlyMap<string, S3Key> {
  const entries = setting.split(',').filter((entry) => entry !== '');
  return new Map(
    entries.map((entry) => {
      const [name = '', id = '', secret = ''] = entry.trim().split(':');
      return [name, { id, secret }];
    }),
  );
}

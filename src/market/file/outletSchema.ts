import Type from 'typebox';
import { isDigestTime } from '../calendar/digestTime.js';
import { FieldName, listOf, text as refined, Url, whole } from './values.js';

const optional = Type.Optional;

const text = (title: string, example: string, pattern: string) =>
  Type.String({ title, examples: [example], pattern, maxLength: 300 });

const Email = text('an e-mail address', 'leads@buyer.example', '^[^\\s<>@,;"]{1,64}@[\\w.-]{1,253}$');
const DigestTime = refined('a duration from 5m to 24h, or a time of day', '08:00', isDigestTime, 10);
const Host = text('a host name', 'sftp.buyer.example', '^[\\w.-]{1,253}$');
const HostKey = text(
  'a SHA-256 fingerprint of a host key',
  'SHA256:uNiVztksCsDhcc0u9e8BrVQaatWXJIb0MTHQvPYsMmo',
  '^SHA256:[A-Za-z0-9+/]{43}=?$',
);
const Path = text('a path without ..', '/incoming', '^(?!.*(^|/)\\.\\.(/|$))[^\\u0000-\\u001f]+$');

/** An outlet of a contract as the market file writes it. */
export const OutletInFile = Type.Object(
  {
    email: optional(
      Type.Object(
        {
          to: listOf(Email, 'a list of e-mail addresses', { maxItems: 10, uniqueItems: true }),
          digest: optional(DigestTime),
        },
        { title: 'an outlet by e-mail' },
      ),
    ),
    sftp: optional(
      Type.Object(
        {
          host: Host,
          port: optional(whole('a port', 1, 65_535, 22)),
          user: text('a user name', 'gavel', '^[^\\s:]{1,100}$'),
          hostKey: HostKey,
          directory: optional(Path),
        },
        { title: 'an outlet by SFTP' },
      ),
    ),
    s3: optional(
      Type.Object(
        {
          url: Url,
          bucket: text('a bucket', 'leads', '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$'),
          region: text('a region', 'us-east-1', '^[a-z0-9-]{1,40}$'),
          key: text('a name of S3_KEYS', 'northwind', '^[\\w-]{1,64}$'),
          prefix: optional(Path),
        },
        { title: 'an outlet to S3-compatible storage' },
      ),
    ),
    webhook: optional(Type.Object({ url: Url }, { title: 'an outlet to a webhook' })),
    slack: optional(Type.Object({ url: Url }, { title: 'an outlet to Slack' })),
    fields: optional(listOf(FieldName, 'a list of field names', { uniqueItems: true, maxItems: 100 })),
    timeoutMs: optional(whole('a timeout in milliseconds', 1000, 30_000, 10_000)),
  },
  { title: 'an outlet', minProperties: 1 },
);

import type { Settings } from '../../config.js';
import { channelOf, type Outlet } from '../../market/model/outlet.js';
import type { Resolve } from '../guardedConnector.js';
import type { Delivery } from '../notice.js';
import { readOutboundRules, type OutboundSettings } from '../outboundRules.js';
import type { PostReading, PostResult } from '../post.js';
import { signatureOf, secretsIn, type OwnMessage, type Reply, type Secret, type Send } from '../send.js';
import { describeStatus } from '../answerFaults.js';
import { cancelMailOf, digestMailOf, mailOf, openMailer, type Digest, type SmtpSettings } from './email.js';
import { csvOf, rowOf, type OutletPost, type Row } from './row.js';
import { readS3Keys, s3Request } from './s3.js';
import { openSftpFiles, sftpFailure } from './sftp.js';

/*
 * The transport of leads to buyers without a server for posts (docs/decisions/outlets.md). `accepted` means that the
 * channel has taken the lead. A delivery can be repeated: the message id, the name of the file or the id of the row is
 * that of the post.
 */

/** The settings of outlets, beside those of outbound connections. */
export const OUTLET_SETTINGS = ['SMTP_URL', 'SMTP_FROM', 'SFTP_KEY', 'S3_KEYS'] as const;

export type OutletSettings = OutboundSettings &
  SmtpSettings &
  Partial<Pick<Settings, (typeof OUTLET_SETTINGS)[number]>>;

/** A cancelled post. */
export interface CancelledPost {
  postId: string;
  leadId: string;
}

export interface Outlets {
  /** Sends a lead. Any failure becomes a reading; nothing is thrown. */
  deliver(outlet: Outlet, post: OutletPost, secret: Secret): Promise<PostResult>;
  /** Withdraws a file, or tells the recipient that the lead was not sold to it. */
  cancel(outlet: Outlet, post: CancelledPost, secret: Secret): Promise<Delivery>;
  /** Sends leads together by e-mail. */
  sendDigest(outlet: Outlet, digest: Digest): Promise<PostResult>;
  /** Whether messages can be sent by e-mail. */
  hasMailServer: boolean;
}

interface Options {
  /** Sends HTTP requests within the outbound rules. */
  send: Send;
  resolve?: Resolve;
}

/** @throws SettingsError if a setting on outbound connections can't be read */
export function openOutlets(settings: OutletSettings, { send, resolve }: Options): Outlets {
  const mailer = openMailer(settings);
  const keys = readS3Keys(settings.S3_KEYS);
  const files = openSftpFiles({
    rules: readOutboundRules(settings),
    resolve,
    privateKey: settings.SFTP_KEY,
  });

  const sftp = async (work: Promise<void>): Promise<PostReading> => {
    try {
      await work;
      return { answer: 'accepted' };
    } catch (error) {
      return { answer: 'uncertain', detail: sftpFailure(error) };
    }
  };
  const store = async (
    { s3: to, timeoutMs }: Outlet & { s3: NonNullable<Outlet['s3']> },
    what: { method: 'PUT' | 'DELETE'; name: string; body: string },
  ): Promise<PostReading> => {
    const key = keys.get(to.key);
    if (key === undefined) return { answer: 'uncertain', detail: `no key "${to.key}"; see S3_KEYS` };
    return readHttp(await send(s3Request({ to, key, ...what, at: new Date() }, timeoutMs)));
  };

  async function post(outlet: Outlet, lead: OutletPost, secret: Secret): Promise<PostReading> {
    const row = rowOf(lead, outlet);
    const name = `${lead.postId}.csv`;
    const { timeoutMs, email, sftp: server, s3, webhook, slack } = outlet;
    if (email !== undefined) return mailer.send(mailOf(email, lead, row), timeoutMs);
    if (server !== undefined) return sftp(files.put(server, name, csvOf(row), timeoutMs));
    if (s3 !== undefined) return store({ ...outlet, s3 }, { method: 'PUT', name, body: csvOf(row) });
    if (webhook !== undefined)
      return readHttp(
        await send(webhookRow(webhook.url, lead.postId, { row, secret, timeoutMs })),
        webhook.url,
      );
    if (slack !== undefined)
      return readHttp(await send(slackMessage(slack.url, slackText(lead, row), timeoutMs)));
    return { answer: 'uncertain', detail: 'the outlet has no channel' };
  }

  async function cancel(
    outlet: Outlet,
    { postId, leadId }: CancelledPost,
    secret: Secret,
  ): Promise<PostReading> {
    const name = `${postId}.csv`;
    const { timeoutMs, email, sftp: server, s3, webhook, slack } = outlet;
    if (email !== undefined) return mailer.send(cancelMailOf(email, postId), timeoutMs);
    if (server !== undefined) return sftp(files.remove(server, name, timeoutMs));
    if (s3 !== undefined) return store({ ...outlet, s3 }, { method: 'DELETE', name, body: '' });
    const row: Row = [
      ['post_id', postId],
      ['lead_id', leadId],
      ['cancelled', true],
    ];
    if (webhook !== undefined)
      return readHttp(
        await send(webhookRow(webhook.url, `${postId}.cancelled`, { row, secret, timeoutMs })),
        webhook.url,
      );
    const text = `The lead of post ${postId} was not sold to you and is not billed. Do not use it.`;
    if (slack !== undefined) return readHttp(await send(slackMessage(slack.url, text, timeoutMs)));
    return { answer: 'uncertain', detail: 'the outlet has no channel' };
  }

  return {
    hasMailServer: settings.SMTP_URL !== undefined && settings.SMTP_FROM !== undefined,
    sendDigest: (outlet, digest) => timed(mailer.send(digestMailOf(outlet, digest), outlet.timeoutMs)),
    deliver: async (outlet, lead, secret) => timed(post(outlet, lead, secret)),
    cancel: async (outlet, lead, secret) => {
      const { ms, ...result } = await timed(cancel(outlet, lead, secret));
      const detail = result.detail ?? `by ${channelOf(outlet) ?? 'no channel'}`;
      return result.answer === 'accepted'
        ? { ms, delivered: true, detail }
        : { ms, delivered: false, final: result.answer === 'refused', detail };
    },
  };
}

/** What an outlet sends of a lead, for people. */
export function renderOutlet(outlet: Outlet, lead: OutletPost): string {
  const row = rowOf(lead, outlet);
  const { email, sftp, s3, webhook, slack } = outlet;
  const name = `${lead.postId}.csv`;
  if (email !== undefined) {
    const { to, subject, text } = mailOf(email, lead, row);
    return `To: ${to.join(', ')}\nSubject: ${subject}\n\n${text}`;
  }
  if (sftp !== undefined)
    return `${sftp.user}@${sftp.host}:${sftp.directory ?? '.'}/${name}\n\n${csvOf(row)}`;
  if (s3 !== undefined) return `${s3.url}/${s3.bucket}/${s3.prefix ?? ''}${name}\n\n${csvOf(row)}`;
  if (webhook !== undefined) return `POST ${webhook.url}\n\n${JSON.stringify(Object.fromEntries(row))}`;
  return slack === undefined ? '' : slackText(lead, row);
}

async function timed(work: Promise<PostReading>): Promise<PostResult> {
  const started = performance.now();
  const result = await work;
  return { ms: Math.round(performance.now() - started), ...result };
}

/** The row as a JSON object, signed like all messages to the buyer (docs/buyer.md). */
function webhookRow(
  url: string,
  id: string,
  { row, secret, timeoutMs }: { row: Row; secret: Secret; timeoutMs: number },
): OwnMessage {
  const body = JSON.stringify(Object.fromEntries(row));
  const headers = { 'content-type': 'application/json', ...signatureOf(id, body, secretsIn(secret)) };
  return { url, timeoutMs, isRepeatable: true, request: { method: 'POST', headers, body } };
}

/** A repeated message would be shown twice, so a dropped connection is left to the post's retries. */
const slackMessage = (url: string, text: string, timeoutMs: number): OwnMessage => ({
  url,
  timeoutMs,
  isRepeatable: false,
  request: {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text, unfurl_links: false, unfurl_media: false }),
  },
});

function slackText(lead: OutletPost, row: Row): string {
  const test = lead.test ? '[test] ' : '';
  const lines = row.map(([name, value]) => `*${slackEscaped(name)}:* ${slackEscaped(String(value))}`);
  return [`${test}New lead: ${slackEscaped(lead.category)}`, ...lines].join('\n');
}

/** Slack's three control characters ("Formatting text for app surfaces"); without them a text can't mention anybody. */
const slackEscaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * Any 2xx means that the service took the message. All other statuses are tried again: they are about the operator's
 * settings or the service, not about the lead.
 */
function readHttp(reply: Reply, url?: string): PostReading {
  switch (reply.kind) {
    case 'timeout':
      return { answer: 'uncertain', detail: 'no answer in time' };
    case 'unreachable':
    case 'oversized':
      return { answer: 'uncertain', detail: reply.detail };
    case 'answer': {
      const { status, headers = {}, retryAfterMs } = reply;
      if ((status >= 200 && status < 300) || isScriptAnswer(url, status, headers.location))
        return { answer: 'accepted' };
      return { answer: 'uncertain', detail: describeStatus(status), retryAfterMs };
    }
  }
}

/**
 * A Google Apps Script has run when it answers; its answer is a redirect to the text that it returned (Apps Script,
 * "Content Service", "Redirects").
 */
function isScriptAnswer(url: string | undefined, status: number, location: string | undefined): boolean {
  const hostOf = (text: string | undefined): string =>
    text !== undefined && URL.canParse(text) ? new URL(text).hostname : '';
  return (
    status === 302 &&
    hostOf(url) === 'script.google.com' &&
    hostOf(location) === 'script.googleusercontent.com'
  );
}

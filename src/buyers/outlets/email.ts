import type { Transporter } from 'nodemailer';
import type SMTPTransport from 'nodemailer/lib/smtp-transport/index.js';
import type { Settings } from '../../config.js';
import type { Outlet } from '../../market/model/outlet.js';
import type { PostReading } from '../post.js';
import { rowOf, type OutletPost, type Row } from './row.js';

export type SmtpSettings = Partial<Pick<Settings, 'SMTP_URL' | 'SMTP_FROM'>>;

/** Opens connections to the operator's SMTP server: one for each message, with TLS. */
export interface Mailer {
  send(mail: Mail, timeoutMs: number): Promise<PostReading>;
}

interface Mail {
  to: readonly string[];
  /** Makes the `Message-ID`: the same at each attempt, so that mail servers recognise a repeated message. */
  id: string;
  subject: string;
  text: string;
  html: string;
}

export const NO_MAIL_SERVER = 'no SMTP server; see SMTP_URL and SMTP_FROM';

/** @param settings without SMTP_URL every message stays unsent */
export function openMailer({ SMTP_URL, SMTP_FROM }: SmtpSettings): Mailer {
  const transports = new Map<number, Transporter<SMTPTransport.SentMessageInfo>>();
  return {
    send: async (mail, timeoutMs) => {
      if (SMTP_URL === undefined || SMTP_FROM === undefined)
        return { answer: 'uncertain', detail: NO_MAIL_SERVER };
      // Loaded when first used: most processes never send a message.
      const { createTransport } = await import('nodemailer');
      const transport = transports.get(timeoutMs) ?? createTransport(smtpOptions(SMTP_URL, timeoutMs));
      transports.set(timeoutMs, transport);
      const domain = SMTP_FROM.replace(/^.*@/, '').replace(/>.*$/, '');
      try {
        const sent = transport.sendMail({
          from: SMTP_FROM,
          to: [...mail.to],
          messageId: `<${mail.id}@${domain}>`,
          subject: mail.subject,
          text: mail.text,
          html: mail.html,
          headers: { 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
        });
        // The limits of the connection are each for one step; this one is for all of them.
        const { rejected } = await Promise.race([sent, timeout(timeoutMs)]);
        const some = `${rejected.length} of ${mail.to.length} recipients were refused`;
        return { answer: 'accepted', detail: rejected.length === 0 ? undefined : some };
      } catch (error) {
        return failed(error);
      }
    },
  };
}

/** Rejects after this time. */
const timeout = (ms: number): Promise<never> =>
  new Promise((_resolve, reject) => {
    setTimeout(
      () => reject(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
      ms,
    ).unref();
  });

function smtpOptions(url: string, timeoutMs: number): SMTPTransport.Options {
  const { protocol, hostname, port, username, password } = new URL(url);
  const secure = protocol === 'smtps:';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    // A server on this machine needs no TLS; to any other one nothing is sent without it.
    requireTLS: !secure && !/^(localhost|127\.|\[?::1)/.test(hostname),
    auth:
      username === ''
        ? undefined
        : { user: decodeURIComponent(username), pass: decodeURIComponent(password) },
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  };
}

/** Codes of errors by which the server refused the recipients or the message. */
const REFUSED = ['EENVELOPE', 'EMESSAGE'];

/** The server's words may repeat addresses, so only its code is kept. A 4xx, and any other failure, is tried again. */
function failed(error: unknown): PostReading {
  const { code = 'connection failed', responseCode } = error as { code?: string; responseCode?: number };
  const detail = responseCode === undefined ? `SMTP: ${code}` : `SMTP ${responseCode}`;
  const isFinal = REFUSED.includes(code) && (responseCode ?? 0) >= 500;
  return isFinal ? { answer: 'refused', detail } : { answer: 'uncertain', detail };
}

/** The message about a sold lead. Its subject, which notifications show, names no person. */
export function mailOf({ to }: NonNullable<Outlet['email']>, post: OutletPost, row: Row): Mail {
  const test = post.test ? '[test] ' : '';
  return {
    to,
    id: post.postId,
    subject: `${test}New lead: ${post.category} (${post.postId.slice(0, 8)})`,
    text: textOf(row),
    html: tableOf(row),
  };
}

const textOf = (row: Row): string => row.map(([name, value]) => `${name}: ${String(value)}`).join('\n');

const tableOf = (row: Row): string =>
  `<table>${row.map(([name, value]) => `<tr><th align="left">${escaped(name)}</th><td>${escaped(String(value))}</td></tr>`).join('')}</table>`;

/** Sold leads that are sent in one message. */
export interface Digest {
  /** The same at each attempt. */
  id: string;
  posts: readonly OutletPost[];
  /** Sold ones that are not sent any more, and why. */
  leftOut: readonly { postId: string; why: string }[];
}

export function digestMailOf({ email, fields }: Outlet, { id, posts, leftOut }: Digest): Mail {
  const rows = posts.map((post) => rowOf(post, { fields }));
  const test = posts.length > 0 && posts.every((post) => post.test) ? '[test] ' : '';
  const categories = [...new Set(posts.map(({ category }) => category))].join(', ');
  const leads = posts.length === 1 ? '1 new lead' : `${posts.length} new leads`;
  const notes = leftOut.map(
    ({ postId, why }) => `The lead of post ${postId} was sold to you and is not sent: ${why}.`,
  );
  return {
    to: email?.to ?? [],
    id,
    subject: `${test}${leads}${categories === '' ? '' : `: ${categories}`} (${id.slice(0, 8)})`,
    text: [...rows.map(textOf), ...notes].join('\n\n'),
    html: [...rows.map(tableOf), ...notes.map((note) => `<p>${escaped(note)}</p>`)].join('<hr>'),
  };
}

/** The message that a post was cancelled. */
export const cancelMailOf = ({ to }: NonNullable<Outlet['email']>, postId: string): Mail => {
  const text = `The lead of post ${postId} was not sold to you and is not billed. Do not use it.`;
  return {
    to,
    id: `${postId}.cancelled`,
    subject: `Cancelled: ${postId.slice(0, 8)}`,
    text,
    html: `<p>${text}</p>`,
  };
};

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

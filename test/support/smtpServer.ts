import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** A mail server that keeps its messages. */
export interface MailServer {
  port: number;
  /** Messages as received, with their recipients. */
  messages: { to: string[]; raw: string }[];
  /** The code with which it answers the next recipients or messages; by default it takes them. */
  refuses: { recipient?: number; message?: number };
  close(): Promise<void>;
}

export async function startMailServer(): Promise<MailServer> {
  const messages: MailServer['messages'] = [];
  const refuses: MailServer['refuses'] = {};
  const failure = (responseCode: number) =>
    Object.assign(new Error('no, dear john.doe@email.com'), { responseCode });
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo: (_address, _session, done) => {
      done(refuses.recipient === undefined ? null : failure(refuses.recipient));
    },
    onData: (stream, session, done) => {
      void text(stream).then((raw) => {
        if (refuses.message === undefined) {
          messages.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw });
          done();
        } else {
          done(failure(refuses.message));
        }
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    messages,
    refuses,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

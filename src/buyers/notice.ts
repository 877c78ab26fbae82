import { isFinalRefusal } from '../market/model/delivery.js';
import type { Message, Reply, Send } from './send.js';

/** The result of a delivery. `final`: the recipient refuses it, and a retry is useless. */
export type Delivery = { ms: number; detail: string } & (
  | { delivered: true }
  | { delivered: false; final: boolean; retryAfterMs?: number }
);

/** Sends a notification to a buyer or seller; any 2xx confirms it. */
export async function sendNotice(send: Send, message: Message): Promise<Delivery> {
  return readDelivery(await send(message));
}

export function readDelivery(reply: Reply): Delivery {
  const { ms } = reply;
  switch (reply.kind) {
    case 'timeout':
      return { ms, delivered: false, final: false, detail: 'no answer in time' };
    case 'unreachable':
    case 'oversized':
      return { ms, delivered: false, final: false, detail: reply.detail };
    case 'answer': {
      const { status, retryAfterMs } = reply;
      const detail = `HTTP ${status}`;
      if (status >= 200 && status < 300) return { ms, delivered: true, detail };
      return { ms, delivered: false, final: isFinalRefusal(status), detail, retryAfterMs };
    }
  }
}

import type { Protocol } from '../../model/protocol.js';
import { DUPLICATE, REFUSED } from './words.js';

/** Pingtree, source API in JSON, with a token for each step. Refusals have a status of 201 too. */
export const pingtree: Protocol = {
  ping: {
    request: {
      auth: { header: { name: 'Authorization', value: '{{ secret.PING_TOKEN }}' } },
      json: {
        state: '{{ lead.state }}',
        zip_code: '{{ lead.zip | zip5 }}',
        age: '{{ lead.age | number }}',
        sub1: '{{ values.source }}',
        transaction_id: '{{ ping_id }}',
      },
    },
    answer: {
      reads: 'json',
      bid: { at: ['bid', 'price', 'payout'] },
      id: { at: 'transaction_id' },
      bidWhen: { at: 'status', is: ['ping_accept'] },
      noBidWhen: {
        at: 'status',
        is: ['ping_reject', 'missingField', 'invalidField', ...REFUSED, ...DUPLICATE],
      },
      reason: { at: 'message' },
    },
  },
  post: {
    request: {
      auth: { header: { name: 'Authorization', value: '{{ secret.POST_TOKEN }}' } },
      json: {
        transaction_id: '{{ ping.id }}',
        first_name: '{{ lead.firstName }}',
        last_name: '{{ lead.lastName }}',
        email: '{{ lead.email }}',
        mobile: '{{ lead.phone | phone: national }}',
        city: '{{ lead.city }}',
        state: '{{ lead.state }}',
        zip_code: '{{ lead.zip | zip5 }}',
        jornaya: '{{ lead.jornayaLeadId }}',
      },
    },
    answer: {
      reads: 'json',
      acceptedWhen: { at: 'status', is: ['accept', 'accepted', 'post_accept'] },
      duplicateWhen: { at: 'status', is: DUPLICATE },
      refusedWhen: {
        at: 'status',
        is: ['post_reject', 'missingField', 'invalidField', ...REFUSED],
      },
      reason: { at: 'message' },
      id: { at: 'transaction_id' },
    },
  },
};

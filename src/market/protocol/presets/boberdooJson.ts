import type { Protocol } from '../../model/protocol.js';

/** boberdoo, apiJSON.php: the same in JSON. */
export const boberdooJson: Protocol = {
  ping: {
    request: {
      json: {
        Request: {
          Key: '{{ secret.KEY }}',
          API_Action: 'pingPostLead',
          Format: 'JSON',
          Mode: 'ping',
          Return_Best_Price: '1',
          TYPE: '{{ values.TYPE }}',
          SRC: '{{ values.SRC }}',
          Test_Lead: { value: '1', onlyFor: 'test' },
          IP_Address: '{{ lead.ip }}',
          Zip: '{{ lead.zip | zip5 }}',
          State: '{{ lead.state }}',
          TCPA_Language: '{{ lead.tcpaText }}',
        },
      },
    },
    answer: {
      reads: 'json',
      bid: { at: 'response.price' },
      id: { at: 'response.lead_id' },
      bidWhen: { at: 'response.status', is: ['Matched'] },
      noBidWhen: { at: 'response.status', is: ['Unmatched'] },
    },
  },
  post: {
    request: {
      json: {
        Request: {
          Key: '{{ secret.KEY }}',
          API_Action: 'pingPostLead',
          Format: 'JSON',
          Mode: 'post',
          Lead_ID: '{{ ping.id }}',
          TYPE: '{{ values.TYPE }}',
          SRC: '{{ values.SRC }}',
          Test_Lead: { value: '1', onlyFor: 'test' },
          First_Name: '{{ lead.firstName }}',
          Last_Name: '{{ lead.lastName }}',
          Phone: '{{ lead.phone | phone: national }}',
          Email: '{{ lead.email }}',
          Zip: '{{ lead.zip | zip5 }}',
          State: '{{ lead.state }}',
        },
      },
    },
    answer: {
      reads: 'json',
      acceptedWhen: { at: 'response.status', is: ['Matched'] },
      refusedWhen: { at: 'response.status', is: ['Unmatched', 'Error'] },
      reason: { at: 'response.error' },
      id: { at: 'response.lead_id' },
    },
  },
};

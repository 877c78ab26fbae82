import type { Protocol } from '../../model/protocol.js';
import { BOBERDOO_PING, BOBERDOO_POST } from './boberdooXml.js';

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
    answer: BOBERDOO_PING,
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
    answer: BOBERDOO_POST,
  },
};

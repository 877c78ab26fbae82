import { showAudit } from './auditOperations.js';
import { compareBooks, showStatement } from './booksOperations.js';
import { showBuyers, topUp } from './buyersOperations.js';
import { resolvePost, retryLead } from './leadCallOperations.js';
import { endKey, makeKey, showKeys } from './keysOperations.js';
import {
  eraseLeads,
  findLeads,
  findLeadsOfPerson,
  showErasures,
  showLead,
  showPerson,
  withdraw,
} from './leadsOperations.js';
import { putMarket, showMarket } from './marketOperations.js';
import { showReasons } from './unsoldOperations.js';
import type { Operation } from './operation.js';
import {
  pauseBuyer,
  pauseCampaign,
  pauseContract,
  resumeBuyer,
  resumeCampaign,
  resumeContract,
  showCampaigns,
  showContracts,
} from './pauseOperations.js';
import { testPostbacks } from './postbacksOperations.js';
import { renewSecret, showSecret } from './secretsOperations.js';
import { simulate } from './simulate/simulateOperation.js';
import { testBuyer } from './buyersTestOperation.js';
import { showSuppressions, suppress, unsuppress } from './suppressionsOperations.js';

/** Everything that the admin API does, in the order of its document. */
export const OPERATIONS: readonly Operation[] = [
  showMarket,
  putMarket,
  showCampaigns,
  pauseCampaign,
  resumeCampaign,
  showContracts,
  pauseContract,
  resumeContract,
  simulate,
  testPostbacks,
  findLeads,
  findLeadsOfPerson,
  showReasons,
  showLead,
  showPerson,
  withdraw,
  resolvePost,
  retryLead,
  eraseLeads,
  showErasures,
  showKeys,
  makeKey,
  endKey,
  showSecret,
  renewSecret,
  showBuyers,
  pauseBuyer,
  resumeBuyer,
  topUp,
  testBuyer,
  showStatement,
  compareBooks,
  showSuppressions,
  suppress,
  unsuppress,
  showAudit,
];

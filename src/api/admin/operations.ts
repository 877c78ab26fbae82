import { showAudit } from './audit.js';
import { compareBooks, showStatement } from './books.js';
import { showBuyers, topUp } from './buyers.js';
import { resolvePost, retryLead } from './leadCalls.js';
import { endKey, makeKey, showKeys } from './keys.js';
import {
  eraseLeads,
  findLeads,
  findLeadsOfPerson,
  showErasures,
  showLead,
  showPerson,
  withdraw,
} from './leads.js';
import { putMarket, showMarket } from './market.js';
import { showReasons } from './unsold.js';
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
} from './pauses.js';
import { testPostbacks } from './postbacks.js';
import { renewSecret, showSecret } from './secrets.js';
import { simulate } from './simulate.js';
import { testBuyer } from './buyerTest.js';
import { showSuppressions, suppress, unsuppress } from './suppressions.js';

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

import { showAudit } from './auditOperations.js';
import { checkBooksOperation, showStatement } from './books/booksOperations.js';
import { showBuyers, topUpBuyer } from './market/buyersOperations.js';
import { resolvePost, retryLead } from './leads/leadActionOperations.js';
import { revokeKeyOperation, createKeyOperation, showKeys } from './keys/keysOperations.js';
import {
  eraseLeads,
  findLeads,
  findLeadsOfPerson,
  showErasures,
  showLead,
  showPerson,
  withdrawLeadOperation,
} from './leads/leadsOperations.js';
import { applyMarketOperation, showMarket } from './market/marketOperations.js';
import { showMarketVersion, showMarketVersions } from './market/versionsOperations.js';
import { showUnsoldReasons } from './leads/unsoldOperations.js';
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
} from './market/pauseOperations.js';
import { shareSpecs } from './market/specsOperations.js';
import { testPostbacks } from './market/postbacksOperations.js';
import { rotateSecretOperation, showSecret } from './keys/secretsOperations.js';
import {
  removeNamedSecretOperation,
  setNamedSecretOperation,
  showNamedSecrets,
} from './keys/namedSecretsOperations.js';
import {
  replaySource,
  showFailedPayload,
  showFailedPayloads,
  trySource,
} from './sources/sourcesOperations.js';
import { simulate } from './simulate/simulateOperation.js';
import { tryContract } from './market/tryContractOperation.js';
import { testBuyer } from './market/buyersTestOperation.js';
import { showSuppressions, suppress, unsuppress } from './suppressionsOperations.js';

/** All operations, in the order of the OpenAPI document. */
export const OPERATIONS: readonly Operation[] = [
  showMarket,
  applyMarketOperation,
  showMarketVersions,
  showMarketVersion,
  showCampaigns,
  pauseCampaign,
  resumeCampaign,
  shareSpecs,
  showContracts,
  pauseContract,
  resumeContract,
  simulate,
  testPostbacks,
  findLeads,
  findLeadsOfPerson,
  showUnsoldReasons,
  showLead,
  showPerson,
  withdrawLeadOperation,
  resolvePost,
  retryLead,
  eraseLeads,
  showErasures,
  showKeys,
  createKeyOperation,
  revokeKeyOperation,
  showSecret,
  rotateSecretOperation,
  showNamedSecrets,
  setNamedSecretOperation,
  removeNamedSecretOperation,
  trySource,
  showFailedPayloads,
  showFailedPayload,
  replaySource,
  showBuyers,
  pauseBuyer,
  resumeBuyer,
  topUpBuyer,
  testBuyer,
  tryContract,
  showStatement,
  checkBooksOperation,
  showSuppressions,
  suppress,
  unsuppress,
  showAudit,
];

import { ApplicationFailure } from '@temporalio/activity';
import { UnknownLeadError } from '../src/store/leads/leads.js';
import { auditUpdate } from './auditUpdate.js';
import { cancelPost, forgottenPosts } from './cancelPost.js';
import { deliverPost } from './deliverPost.js';
import { endLead, withdrawLead } from './endLead.js';
import { holdPost } from './holdPost.js';
import { erasePersons } from './erasePersons.js';
import { markPending } from './markPending.js';
import { endPing, pricePing } from './pricePing.js';
import { runRound } from './runRound.js';
import { dueDigests, sendDigest } from './sendDigest.js';
import { nextMail, sendMail } from './sendMail.js';
import { settlePost } from './settlePost.js';
import { tellBuyer } from './tellBuyer.js';
import { tellSeller } from './tellSeller.js';
import type { Deps } from './deps.js';

/**
 * A step that fails without retries if the lead is not stored: a retry does not help, and its workflow fails with the reason.
 * If the lead is restored later, the sweep starts a new workflow, as after every failure.
 */
const ofLead =
  <Request, Result>(step: (request: Request) => Promise<Result>) =>
  async (request: Request): Promise<Result> => {
    try {
      return await step(request);
    } catch (error) {
      if (!(error instanceof UnknownLeadError)) throw error;
      throw ApplicationFailure.create({ type: 'UnknownLead', message: error.message, nonRetryable: true });
    }
  };

/** The steps of a lead's life that touch the world, as plain functions for the worker to register. */
export function createActivities(deps: Deps) {
  return {
    runRound: ofLead(runRound(deps)),
    pricePing: pricePing(deps),
    endPing: endPing(deps),
    deliverPost: ofLead(deliverPost(deps)),
    settlePost: ofLead(settlePost(deps)),
    cancelPost: cancelPost(deps),
    holdPost: ofLead(holdPost(deps)),
    markPending: ofLead(markPending(deps)),
    endLead: ofLead(endLead(deps)),
    withdrawLead: withdrawLead(deps),
    auditUpdate: auditUpdate(deps),
    forgottenPosts: forgottenPosts(deps),
    erasePersons: erasePersons(deps),
    tellSeller: tellSeller(deps),
    tellBuyer: tellBuyer(deps),
    dueDigests: dueDigests(deps),
    sendDigest: sendDigest(deps),
    nextMail: nextMail(deps),
    sendMail: sendMail(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;

import { ApplicationFailure } from '@temporalio/activity';
import { withoutWords } from '../src/market/auction/asking.js';
import type { Round } from '../src/market/model/round.js';
import { UnknownLeadError } from '../src/store/leads/leads.js';
import { announceAnswer } from './announceAnswer.js';
import { askAgain } from './askAgain.js';
import { askMissed } from './askMissed.js';
import { askTier } from './askTier.js';
import { auditUpdate } from './auditUpdate.js';
import { cancelPost } from './cancelPost.js';
import { deliverPost } from './deliverPost.js';
import { endLead } from './endLead.js';
import { forgottenPosts } from './forgottenPosts.js';
import { holdPost } from './holdPost.js';
import { erasePersons } from './erasePersons.js';
import { markPending } from './markPending.js';
import { runRound } from './runRound.js';
import { dueDigests, sendDigest } from './sendDigest.js';
import { sellLead } from './sellLead.js';
import { settlePost } from './settlePost.js';
import { settleTurns } from './settleTurns.js';
import { tellBuyer } from './tellBuyer.js';
import { tellSeller } from './tellSeller.js';
import { withdrawLead } from './withdrawLead.js';
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

/** A step whose round goes into a history, which can't be erased: without the buyers' own words. */
const forHistory =
  <Request, Result extends object | string>(step: (request: Request) => Promise<Result>) =>
  async (request: Request): Promise<Result> => {
    const result = await step(request);
    return isRound(result) ? withoutWords(result) : result;
  };

const isRound = <Result extends object | string>(result: Result): result is Result & Round =>
  typeof result === 'object' && 'entries' in result;

/** The steps of a lead's life that touch the world, as plain functions for the worker to register. */
export function createActivities(deps: Deps) {
  return {
    announceAnswer: announceAnswer(deps),
    runRound: forHistory(ofLead(runRound(deps))),
    askTier: forHistory(ofLead(askTier(deps))),
    askMissed: forHistory(ofLead(askMissed(deps))),
    askAgain: forHistory(ofLead(askAgain(deps))),
    sellLead: ofLead(sellLead(deps)),
    deliverPost: ofLead(deliverPost(deps)),
    settlePost: ofLead(settlePost(deps)),
    cancelPost: cancelPost(deps),
    holdPost: holdPost(deps),
    settleTurns: settleTurns(deps),
    markPending: markPending(deps),
    endLead: endLead(deps),
    withdrawLead: withdrawLead(deps),
    auditUpdate: auditUpdate(deps),
    forgottenPosts: forgottenPosts(deps),
    erasePersons: erasePersons(deps),
    tellSeller: tellSeller(deps),
    tellBuyer: tellBuyer(deps),
    dueDigests: dueDigests(deps),
    sendDigest: sendDigest(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;

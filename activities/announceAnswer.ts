import type { OutcomeAnswer } from '../src/market/model/lead.js';
import type { Deps } from './deps.js';

export interface AnswerRequest {
  leadId: string;
  answerTo: string;
  outcome: OutcomeAnswer;
}

/** Answers the source of a lead, if it still waits. */
export const announceAnswer =
  ({ announce }: Pick<Deps, 'announce'>) =>
  async ({ leadId, answerTo, outcome }: AnswerRequest): Promise<void> =>
    announce?.(leadId, answerTo, outcome);

import { randomUUID } from 'node:crypto';
import type { FieldValue } from '../../market/fields/reading.js';
import { sendNotice } from '../notice.js';
import type { PostResult } from '../post.js';
import type { SignedMessage } from '../send.js';
import {
  asked,
  cancelled,
  endpoint,
  exchange,
  newPost,
  posted,
  type Exchange,
  type World,
} from './exchange.js';
import {
  clearPost,
  delivered,
  faultOf,
  isUnsupported,
  refusalOf,
  type Check,
  type Finding,
} from './findings.js';
import { altered, FORGERIES } from './forgeries.js';
import { sampleNotices, type SampleNotice } from './sampleNotices.js';
import { IGNORE, withUnknownKeys } from './unknownKeys.js';

const sameAnswer = (a: PostResult, b: PostResult): boolean =>
  a.answer === b.answer &&
  (a.answer !== 'accepted' || b.answer !== 'accepted' || a.buyerLeadId === b.buyerLeadId);

const REMEMBER =
  'store each post_id before you take the lead, under a unique index, and answer a known post_id as you did the first time';

/** Letters outside ASCII, which break a signature that is computed over re-encoded text. */
const UNICODE: Record<string, FieldValue> = {
  firstName: 'Zoë',
  lastName: 'O’Neill-Łącki',
  note: '家 🏠 \\u00e9',
};

/** Near the limits of a lead: 100 fields, and values of several kilobytes. */
const MANY_FIELDS: Record<string, FieldValue> = Object.fromEntries(
  Array.from({ length: 80 }, (_, i) => [`custom_${i}`, i === 0 ? ['roof', 'solar'] : 'x'.repeat(600)]),
);

/** Requirements of posts, status questions, cancel notices and notices; the first of a kind is what the others build on. */
export const POST_CHECKS: Check[] = [
  {
    check: 'post: answered',
    run: async (world) => {
      const found = await posted(world, newPost(world));
      const finding = clearPost(found, 'a signed post');
      const { answer } = found;
      if (finding.result === 'failed' || answer.answer === 'uncertain' || answer.detail === undefined)
        return finding;
      const isKept = answer.answer === 'refused' || !answer.detail.includes('not kept');
      return isKept ? finding : { ...finding, result: 'failed', remedy: answer.detail };
    },
  },
  ...FORGERIES.map(({ what, remedy, alter }) => ({
    check: `post: refused ${what}`,
    run: async (world: World) =>
      refusalOf(await posted(world, newPost(world), altered(alter(world.secret))), `a post ${what}`, remedy),
  })),
  { check: 'post: sent again', run: repeated },
  { check: 'post: sent again at the same time', run: repeatedAtOnce },
  { check: 'post: unknown keys ignored', run: unknownKeys },
  {
    check: 'post: letters outside ASCII',
    run: async (world) =>
      clearPost(
        await posted(world, newPost(world, { ...world.newLead(), ...UNICODE })),
        'a post with “Zoë” and an emoji',
        {
          unsigned: 'compute the signature over the bytes as received, not over text that was read from them',
          crash: 'read the body as UTF-8',
        },
      ),
  },
  {
    check: 'post: many fields',
    run: async (world) =>
      clearPost(
        await posted(world, newPost(world, { ...world.newLead(), ...MANY_FIELDS })),
        'a post of 50 KB with 80 custom fields, one of them a list',
        { crash: 'a lead can have 100 fields and 64 KiB, and lists as values' },
      ),
  },
  {
    check: 'post: incomplete lead',
    run: async (world) =>
      clearPost(await posted(world, newPost(world, { state: 'TX' })), 'a post whose lead has only a state', {
        crash: 'refuse what you can’t use: 200 {"accepted": false, "reason": "incomplete"}',
      }),
  },
  { check: 'status question: known post', run: knownStatus },
  { check: 'status question: unknown post', run: unknownStatus },
  { check: 'cancel notice', run: cancellation },
  { check: 'cancel notice: unknown post', run: strayCancellation },
  ...sampleNotices().map((notice) => noticeCheck(`notice: ${notice.payload.type}`, notice)),
  noticeCheck('notice: unknown type', {
    id: `${randomUUID()}.of_a_later_version`,
    payload: { type: 'of_a_later_version', test: true },
  }),
];

async function repeated(world: World): Promise<Finding> {
  const sent = 'the same post twice, with the same post_id';
  const post = newPost(world);
  const first = await posted(world, post);
  const second = await posted(world, post);
  const unclear = [first, second].map((one) => clearPost(one, sent)).find(isFailed);
  if (unclear !== undefined) return unclear;
  if (!sameAnswer(first.answer, second.answer))
    return {
      result: 'failed',
      sent,
      came: `first ${first.came}, then ${second.came}`,
      remedy: REMEMBER,
    };
  return unlessRefused(first, { result: 'passed', sent, came: `first ${first.came}, then ${second.came}` });
}

async function repeatedAtOnce(world: World): Promise<Finding> {
  const post = newPost(world);
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => posted(world, post)));
  const sent = 'the same post five times at the same moment, as if connections broke';
  const clear = all.filter(({ answer }) => answer.answer !== 'uncertain');
  const last = await posted(world, post);
  const finding = clearPost(last, sent);
  if (isFailed(finding)) return finding;
  const other = clear.find(({ answer }) => !sameAnswer(answer, last.answer));
  if (other === undefined) return unlessRefused(last, finding);
  return { result: 'failed', sent, came: `${other.came}, and ${last.came}`, remedy: REMEMBER };
}

const isFailed = ({ result }: Finding): boolean => result === 'failed';

/** The finding, unless the server refused the lead: then it can neither sell it twice nor drop it. */
const unlessRefused = ({ answer, came }: Exchange<PostResult>, finding: Finding): Finding =>
  answer.answer === 'refused'
    ? {
        ...finding,
        result: 'skipped',
        came: `your server refused the lead (${came}); give one that it takes with --lead FILE`,
      }
    : finding;

async function unknownKeys(world: World): Promise<Finding> {
  const sent = 'a post with keys that this version does not have';
  const before = await posted(world, newPost(world));
  const found = await posted(world, newPost(world), withUnknownKeys);
  const { came, reply } = found;
  const isStrict = before.answer.answer === 'accepted' && isUnsupported(found);
  const advice = { crash: IGNORE };
  return isStrict
    ? { result: 'failed', sent, came, ...faultOf(reply, '', 'accepted', advice) }
    : clearPost(found, sent, advice);
}

async function knownStatus(world: World): Promise<Finding> {
  const post = newPost(world);
  const before = await posted(world, post);
  const found = await asked(world, post.postId);
  const sent = 'a status question about a post that you answered';
  const { came, reply, answer } = found;
  if (isUnsupported(found)) return { result: 'skipped', sent, came };
  if (answer.status === 'silent')
    return { result: 'failed', sent, came, ...faultOf(reply, answer.detail, 'accepted') };
  // After an unclear answer to the post, each answer to the question is right.
  if ([answer.status, 'uncertain'].includes(before.answer.answer)) return { result: 'passed', sent, came };
  const remedy = `the post was answered with ${before.answer.answer}; answer the question the same`;
  return { result: 'failed', sent, came, remedy };
}

async function unknownStatus(world: World): Promise<Finding> {
  const found = await asked(world, randomUUID());
  const sent = 'a status question about a post that you never got';
  const { came, reply, answer } = found;
  if (isUnsupported(found)) return { result: 'skipped', sent, came };
  if (answer.status === 'unknown') return { result: 'passed', sent, came };
  const crash = 'answer {"accepted": null} if you don’t know the post';
  if (answer.status === 'silent')
    return { result: 'failed', sent, came, ...faultOf(reply, answer.detail, 'accepted', { crash }) };
  return { result: 'failed', sent, came, remedy: crash };
}

async function cancellation(world: World): Promise<Finding> {
  const post = newPost(world);
  const before = await posted(world, post);
  const found = await cancelled(world, post);
  const sent = 'a cancel notice for a post that you answered';
  const delivery = delivered(found, sent);
  if (delivery.result !== 'passed') return delivery;
  const status = await asked(world, post.postId);
  if (status.answer.status === 'accepted')
    return {
      result: 'failed',
      sent,
      came: `${found.came}; then the status question: ${status.came}`,
      remedy: 'drop the lead: after the notice it is not yours, so answer {"accepted": false}',
    };
  const again = await posted(world, post);
  if (again.answer.answer === 'accepted')
    return {
      result: 'failed',
      sent,
      came: `${found.came}; then the same post again: ${again.came}`,
      remedy: 'keep the post_id of a cancelled post, and refuse the post if it comes again',
    };
  return unlessRefused(before, delivery);
}

async function strayCancellation(world: World): Promise<Finding> {
  const found = await cancelled(world, { postId: randomUUID(), leadId: randomUUID() });
  return delivered(found, 'a cancel notice for a post that you never got');
}

function noticeCheck(check: string, { id, payload }: SampleNotice): Check {
  return {
    check,
    run: async (world) => {
      const message: SignedMessage = { ...endpoint(world, 'notices'), id, payload };
      const found = await exchange(world, (send) => sendNotice(send, message));
      return delivered(found, `a notice of the type ${payload.type}`);
    },
  };
}

import Type from 'typebox';
import { categorySlug } from '../../market/model/market.js';
import { recordAuditEvent } from '../../store/audit.js';
import { setSpecsAccess, type SpecsAccess } from '../../store/market/specs.js';
import { findCampaignByName, findSellerByName } from '../findByName.js';
import { CategoryName, SellerName } from '../inputs.js';
import { operation } from '../operation.js';

const optional = Type.Optional;

export const shareSpecs = operation({
  id: 'shareSpecs',
  summary: 'Share the specs page of a campaign by a link, make it public, or end its links',
  tag: 'Market',
  route: 'POST /admin/campaigns/:seller/:category/specs',
  scope: 'market:write',
  input: {
    seller: SellerName,
    category: CategoryName,
    access: optional(
      Type.Unsafe<SpecsAccess>(
        Type.Enum(['link', 'new_link', 'public', 'none'], {
          type: 'string',
          title: 'link, new_link, public or none',
          description:
            '`link` (default): anyone with the link can read the page; the link stays the same. `new_link`: older links end. `public`: anybody can, also at the address of seller and category. `none`: all links end',
        }),
      ),
    ),
  },
  output: Type.Object(
    {
      campaign: Type.String(),
      access: Type.Enum(['link', 'public', 'none'], { type: 'string' }),
      path: optional(
        Type.String({ description: 'The page’s path on the Lead API; absent if there is no link' }),
      ),
      url: optional(Type.String({ description: 'The whole address, if PUBLIC_URL is set' })),
    },
    { $id: 'SpecsShared', title: 'Who can read the specs page of a campaign' },
  ),
  failures: ['notFound'],
  async run({ database, by, publicUrl }, { seller: named, category, access = 'link' }) {
    const { code, slug } = await findSellerByName(database, named);
    const { id } = await findCampaignByName(database, `${code}/${categorySlug(category)}`);
    const link = await setSpecsAccess(database, id, access);
    await recordAuditEvent(database, by, {
      kind: 'campaign',
      id,
      did: 'specs shared',
      values: [{ path: 'access', to: access }],
    });
    if (link === undefined) return { campaign: id, access: 'none' as const };
    const first = link.public === true ? slug : link.token;
    const path = `/specs/${encodeURIComponent(first)}/${categorySlug(category)}`;
    return {
      campaign: id,
      access: link.public === true ? ('public' as const) : ('link' as const),
      path,
      url: publicUrl === undefined ? undefined : publicUrl.replace(/\/$/, '') + path,
    };
  },
});

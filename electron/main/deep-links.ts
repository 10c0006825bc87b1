/**
 * Links of the scheme vouchsafe: from a page or a mail. Each names a thing by its id and leads to a question whether to
 * look at it; none can do anything by itself.
 */
import { z } from 'zod';
import { AppError } from '../../core/base/app-error.ts';
import { id32, line, offerIdText, type RoleName } from '../views.ts';
import { linkLengthMax, linkScheme } from './link-scheme.ts';
import { requirementRoute, tradeRoute } from './window-routes.ts';

const network = z.strictObject({
  /** Whose signature the network file must have: the user gets the file itself by another way. */
  signer: id32,
  name: line(80).trim().min(1).optional(),
});

/**
 * The route in the window that a link leads to, for a profile with these roles; null where there is none yet.
 * @throws AppError `LINK_INVALID`, `LINK_NEEDS_PROFILE`
 */
export function routeOfLink(link: string, roles: readonly RoleName[] | null): string {
  if (link.length > linkLengthMax || !URL.canParse(link)) throw invalid();
  const { protocol, host, pathname, searchParams, username, password, port, hash } = new URL(link);
  if (protocol !== `${linkScheme}:` || username !== '' || password !== '' || port !== '' || hash !== '') throw invalid();
  const side = roles?.includes('owner') ? 'owner' : 'consumer';
  const [id, ...more] = pathname.split('/').filter((part) => part !== '');
  if (more.length > 0) throw invalid();
  if (host === 'network' && id === undefined) {
    const query = network.safeParse(Object.fromEntries(searchParams));
    if (!query.success || [...searchParams].length !== Object.keys(query.data).length) throw invalid();
    const { signer, name } = query.data;
    return `/welcome?${new URLSearchParams({ signer, ...(name === undefined ? {} : { name }) }).toString()}`;
  }
  if (searchParams.size > 0) throw invalid();
  const route =
    host === 'requirement' && id32.safeParse(id).success
      ? requirementRoute(id as string, side)
      : host === 'offer' && offerIdText.safeParse(id).success
        ? tradeRoute(id as string, side)
        : null;
  if (route === null) throw invalid();
  if (roles === null) throw needsProfile();
  return route;
}

function needsProfile(): AppError {
  return new AppError('LINK_NEEDS_PROFILE', {
    what: 'The link shows something of a network, and there is no profile here yet that takes part in one.',
    consequence: 'It was not followed, and nothing was changed.',
    remedy: 'Join the network that it is about, then open the link again.',
  });
}

function invalid(): AppError {
  return new AppError('LINK_INVALID', {
    what: 'The link that was opened is none that Vouchsafe knows.',
    consequence: 'It was not followed, and nothing was changed.',
    remedy: 'Ask whoever sent it for a new one; it may have been cut short or changed on its way.',
  });
}

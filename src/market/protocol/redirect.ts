const LONGEST_REDIRECT = 2000;

/**
 * The address that a buyer wants the person to be sent to. It is a stranger's text: only an https address without user
 * name and password is passed on, and Gavel itself never fetches it.
 * @returns the address in its normal form; undefined if it can't be used
 */
export function usableRedirect(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed.length > LONGEST_REDIRECT || !URL.canParse(trimmed) || /[\s\p{Cc}]/u.test(trimmed))
    return undefined;
  const { protocol, username, password, hostname, href } = new URL(trimmed);
  const isPlain = protocol === 'https:' && username === '' && password === '' && hostname.includes('.');
  return isPlain && href.length <= LONGEST_REDIRECT ? href : undefined;
}

/** The roles that somebody applies for. */
import { hasText, useTexts } from '../../app/texts.ts';

/** Roles in words. */
export function Roles({ roles }: { readonly roles: readonly string[] }) {
  const t = useTexts('pkg');
  return roles.map((role) => (hasText('pkg', `role.${role}`) ? t(`role.${role}`) : role)).join(', ');
}

/** The owner's offers and grants: what was promised to whom, what it waits for, and how to take it back. */
import { useRoute } from 'wouter';
import { GrantList } from './grant-list.tsx';

/** Routes: `/grants`, `/grants/:offerId`. */
export default function Grants() {
  const [, chosen] = useRoute('/grants/:offerId');
  return <GrantList selected={chosen?.offerId ?? null} />;
}

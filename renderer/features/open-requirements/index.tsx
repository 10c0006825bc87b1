/** Requirements of others: what can be met with the user's data, and the offer to do so. */
import { useRoute } from 'wouter';
import { RequirementList } from './requirement-list.tsx';

/** Routes: `/open-requirements`, `/open-requirements/:requestId`. */
export default function OpenRequirements() {
  const [, chosen] = useRoute('/open-requirements/:requestId');
  return <RequirementList selected={chosen?.requestId ?? null} />;
}

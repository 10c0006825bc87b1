/** What a consumer asks for: the list of its requirements, one of them beside it, and the builder. */
import { useLocation, useRoute } from 'wouter';
import { useTexts } from '../../app/texts.ts';
import { SplitView } from '../../ui/index.ts';
import { RequirementBuilder } from './requirement-builder.tsx';
import { RequirementDetail } from './requirement-detail.tsx';
import { RequirementList } from './requirement-list.tsx';

/** The screens under /requirements. */
export default function Requirements() {
  const t = useTexts('requirements');
  const [, navigate] = useLocation();
  const [isBuilder] = useRoute('/requirements/new');
  const [, params] = useRoute('/requirements/:requestId');
  if (isBuilder) return <RequirementBuilder />;
  const requestId = params?.requestId ?? null;
  const close = () => navigate('/requirements');
  return (
    <SplitView
      list={<RequirementList selected={requestId} />}
      detail={requestId === null ? null : <RequirementDetail key={requestId} requestId={requestId} onClose={close} />}
      detailLabel={t('requirement')}
      onClose={close}
    />
  );
}

/** The network that the profile works on, and the networks that this installation runs. */
import { useLocation, useRoute } from 'wouter';
import { useApp, useProfile } from '../../app/state.tsx';
import { useTexts } from '../../app/texts.ts';
import { Page, PageHeader, Tabs } from '../../ui/index.ts';
import { JoinedNetwork } from './joined-network.tsx';
import { NewNetwork } from './new-network.tsx';
import { OwnNetwork } from './own-network.tsx';

/** The screen. */
export default function Network() {
  const t = useTexts('network');
  const { networks } = useApp();
  const profile = useProfile();
  const [, navigate] = useLocation();
  const [, place] = useRoute('/network/:tab/*?');
  const show = (tab: string) => navigate(`/network/${tab}`);
  const tabs = [
    ...networks.map((network) => ({ id: network.id, label: network.name, content: <OwnNetwork network={network} /> })),
    ...(profile === null
      ? []
      : [{ id: 'joined', label: t('joined', { profile: profile.name }), content: <JoinedNetwork isOwn={profile.networkId !== null} /> }]),
    { id: 'new', label: t('new'), content: <NewNetwork onMade={show} /> },
  ];
  const shown = tabs.find(({ id }) => id === place?.tab)?.id ?? tabs[0]?.id ?? 'new';
  return (
    <Page>
      <PageHeader title={t('title')} lead={t('lead')} />
      <Tabs label={t('title')} selected={shown} onSelect={show} tabs={tabs} />
    </Page>
  );
}

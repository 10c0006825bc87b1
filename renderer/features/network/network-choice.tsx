/** Which of the own networks an operator's screen is about; and what it shows where there is none, or it does not run. */
import { Network, Play } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { OwnNetworkView } from '../../../electron/views.ts';
import { useTask } from '../../api/client.ts';
import { useApp } from '../../app/state.tsx';
import { useTexts } from '../../app/texts.ts';
import { Button, EmptyState, LinkButton, Select, Stack, TaskProgress } from '../../ui/index.ts';

/** The chosen network, and the field that chooses where there are several. */
export function useOwnNetwork(): { readonly network: OwnNetworkView | null; readonly choice: ReactNode } {
  const t = useTexts('network');
  const { networks } = useApp();
  const [chosen, setChosen] = useState('');
  const network = networks.find(({ id }) => id === chosen) ?? networks.find(({ state }) => state === 'running') ?? networks[0] ?? null;
  const choice =
    networks.length > 1 && network !== null ? (
      <Select
        label={t('chooseNetwork')}
        hideLabel
        value={network.id}
        onChange={setChosen}
        options={networks.map(({ id, name }) => ({ id, label: name }))}
      />
    ) : null;
  return { network, choice };
}

/** Shows its content for a network that runs, and otherwise the one step that leads there. */
export function WhileRunning({
  network,
  children,
}: {
  readonly network: OwnNetworkView | null;
  readonly children: (networkId: string) => ReactNode;
}) {
  const t = useTexts('network');
  const starting = useTask('ownNetwork.start');
  if (network === null)
    return (
      <EmptyState
        icon={<Network />}
        title={t('noneTitle')}
        text={t('noneText')}
        action={
          <LinkButton to="/network" kind="primary">
            {t('toNetworks')}
          </LinkButton>
        }
      />
    );
  if (network.state === 'running' || network.state === 'partly-running') return <>{children(network.id)}</>;
  return (
    <Stack gap={4}>
      <EmptyState
        icon={<Network />}
        title={t('stoppedTitle', { name: network.name })}
        text={t('stoppedText')}
        action={
          <Button
            kind="primary"
            icon={<Play />}
            busy={starting.running || network.state === 'starting'}
            onPress={() => starting.start({ networkId: network.id })}
          >
            {t('start')}
          </Button>
        }
      />
      <TaskProgress task={starting} />
    </Stack>
  );
}

/** Says above every screen that a process which the profile needs was left alone, and starts it again at a press. */
import type { ServiceView } from '../../electron/views.ts';
import { useAction, useCall } from '../api/client.ts';
import { ErrorPanel } from '../ui/index.ts';
import styles from './shell.module.css';
import { useProfile } from './state.tsx';

/** The failing processes of this profile and of everybody; those of networks are on the network's own screen. */
export function FailingServices() {
  const profile = useProfile();
  const services = useCall('app.services', {});
  const failing = services.data?.filter(({ state, belongsTo }) => state === 'failing' && (belongsTo === null || belongsTo === profile?.id));
  if (failing === undefined || failing.length === 0) return null;
  return (
    <div className={styles.failing}>
      {failing.map((service) => (
        <Failing key={service.id} service={service} />
      ))}
    </div>
  );
}

function Failing({ service }: { readonly service: ServiceView }) {
  const restart = useAction('app.restartService');
  return <ErrorPanel compact error={service.error} onRetry={() => restart.start({ id: service.id })} />;
}

/** What is seen until the window knows what to show; index.html has the same, for the time before any script runs. */
import { Mark } from './mark.tsx';

/** The mark and the name. */
export function Starting() {
  return (
    <div className="starting">
      <Mark />
      <p>Vouchsafe</p>
    </div>
  );
}

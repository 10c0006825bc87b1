/** Catches what goes wrong while drawing, so that one screen's error is not the end of the window. */
import { Component, type ReactNode } from 'react';
import { ErrorPanel } from '../ui/index.ts';
import styles from './shell.module.css';

interface State {
  readonly error: Error | null;
}

/** Shows the error in the place of its children, with a way to draw them again. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override readonly state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return (
      <div className={styles.broken}>
        <ErrorPanel error={this.state.error} onRetry={() => this.setState({ error: null })} />
      </div>
    );
  }
}

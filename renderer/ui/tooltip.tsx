/** A word or two beside what the pointer or the focus is on. */
import type { ReactNode } from 'react';
import { Tooltip as AriaTooltip, Focusable, TooltipTrigger } from 'react-aria-components';
import styles from './tooltip.module.css';

/** Says `text` about its child, which must be able to take the focus. */
export function Tooltip({ text, children }: { readonly text: ReactNode; readonly children: ReactNode }) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      {children}
      <AriaTooltip offset={6} className={styles.tooltip ?? ''}>
        {text}
      </AriaTooltip>
    </TooltipTrigger>
  );
}

/** The same for text that is no control: it takes the focus by itself, so that a keyboard reaches what it says. */
export function TextTooltip({ text, children }: { readonly text: ReactNode; readonly children: ReactNode }) {
  return (
    <Tooltip text={text}>
      <Focusable>
        <span role="note" className={styles.text}>
          {children}
        </span>
      </Focusable>
    </Tooltip>
  );
}

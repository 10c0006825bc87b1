/** The mark of the application: a seal with a tick that is its letter too. */

/** The mark, in the colour of its text. */
export function Mark({ className }: { readonly className?: string | undefined }) {
  return (
    <svg viewBox="0 0 32 32" fill="none" aria-hidden="true" className={className}>
      <path
        d="M16 2.5 27 6.6v8.6c0 7-4.6 11.9-11 14.3C9.6 27.1 5 22.2 5 15.2V6.6L16 2.5Z"
        fill="currentColor"
        fillOpacity="0.14"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinejoin="round"
      />
      <path d="m10.5 13 4.7 7.5L22 10.5" stroke="currentColor" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

/** Swatch is the colour of a class beside what it stands for; "none" is a class without one. */
export function Swatch({ colour }: { colour: string }) {
  return (
    <svg className="swatch" viewBox="0 0 16 12" width="16" height="12" aria-hidden="true">
      <rect x="0.5" y="0.5" width="15" height="11" rx="2" fill={colour} />
    </svg>
  );
}

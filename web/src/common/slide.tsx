/** Slide is the browser's own slider: it keeps up with a key held down, and fingers know it. */
export function Slide(props: {
  label: string;
  /** What it stands at, in words. */
  said: string;
  max: number;
  step?: number;
  value: number;
  onChange: (value: number) => void;
}) {
  return (
    <input
      type="range"
      className="slide"
      min={0}
      max={props.max}
      step={props.step ?? 1}
      value={props.value}
      onChange={(event) => props.onChange(event.target.valueAsNumber)}
      aria-label={props.label}
      aria-valuetext={props.said}
    />
  );
}

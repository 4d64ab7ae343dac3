// The few signs of the officer's page, drawn large.
const PATHS = {
  map: 'M9 4 3 6.5v13L9 17l6 2.5 6-2.5V4l-6 2.5zM9 4v13M15 6.5v13',
  duties: 'M9 6h11M9 12h11M9 18h11M4 6l1 1 2-2M4 12l1 1 2-2M4 18l1 1 2-2',
  outbox: 'M4 13v6h16v-6h-5a3 3 0 0 1-6 0zM12 10V3M9 6l3-3 3 3',
  camera: 'M4 8h3l1.5-2.5h7L17 8h3v11H4zM12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z',
  me: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20.5c1.2-4 4.3-6 8-6s6.8 2 8 6',
  here: 'M12 2v4M12 18v4M2 12h4M18 12h4M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM12 13a1 1 0 1 0 0-2 1 1 0 0 0 0 2z',
  north: 'M12 3 7.5 20 12 17l4.5 3z',
} as const;

export function Icon({ name, turn }: { name: keyof typeof PATHS; turn?: number }) {
  return (
    <svg
      viewBox="0 0 24 24"
      width="26"
      height="26"
      className="patrol-icon"
      aria-hidden="true"
      style={turn === undefined ? undefined : { rotate: `${turn}deg` }}
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

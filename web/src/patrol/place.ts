// Where the phone is, for whoever of the page wants to know.
import { create } from 'zustand';
import type { LonLat } from '../api/types';

/** A fix as the phone gives it. */
export type Fix = {
  at: LonLat;
  /** In metres, 95 %; null where the phone does not say. */
  accuracy: number | null;
  /** Degrees from north, clockwise, while the phone moves. */
  heading: number | null;
  /** By the phone's clock, in milliseconds since 1970. */
  ms: number;
};

/** insecure: browsers give no place to a page without HTTPS. */
export type Seeking = 'off' | 'asking' | 'on' | 'denied' | 'unavailable' | 'insecure';

export const usePlace = create<{ seeking: Seeking; fix: Fix | null }>(() => ({ seeking: 'off', fix: null }));

/** Who is told of every fix: the state above holds the last one only. */
export const onFix = new Set<(fix: Fix) => void>();

let watch: number | null = null;

/** seek asks the phone for its place and follows it; asking twice changes nothing. */
export function seek(): void {
  if (watch !== null) return;
  if (!window.isSecureContext || !navigator.geolocation) {
    usePlace.setState({ seeking: 'insecure' });
    return;
  }
  usePlace.setState({ seeking: 'asking' });
  watch = navigator.geolocation.watchPosition(
    (position) => {
      const fix = asFix(position);
      usePlace.setState({ seeking: 'on', fix });
      for (const tell of onFix) tell(fix);
    },
    ({ code }) => {
      if (code === 1) leaveOff(); // denied: the browser will not ask again by itself
      usePlace.setState({ seeking: code === 1 ? 'denied' : 'unavailable' });
    },
    { enableHighAccuracy: true, maximumAge: 0, timeout: 30_000 },
  );
}

function leaveOff(): void {
  if (watch !== null) navigator.geolocation.clearWatch(watch);
  watch = null;
}

function asFix({ coords, timestamp }: GeolocationPosition): Fix {
  const known = (value: number | null) => (value !== null && Number.isFinite(value) ? value : null);
  return {
    at: [coords.longitude, coords.latitude],
    accuracy: known(coords.accuracy),
    heading: known(coords.heading),
    ms: Math.round(timestamp),
  };
}

/** circle is the outline of all places within so many metres of a place. */
export function circle([lon, lat]: LonLat, metres: number): LonLat[] {
  const degree = 111_195; // metres, on the sphere of the Earth's mean radius
  const [dy, dx] = [metres / degree, metres / degree / Math.cos((lat * Math.PI) / 180)];
  return Array.from({ length: 49 }, (_, step) => {
    const angle = (step / 24) * Math.PI;
    return [lon + dx * Math.cos(angle), lat + dy * Math.sin(angle)];
  });
}

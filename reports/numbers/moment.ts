import { NOT_AVAILABLE, THIN_SPACE, threeDigits } from './digits.js';

/** `2026-03-14 09:26 UTC` from an ISO string; never the reader's time zone, so that a page reads the same everywhere. */
export function utcMinute(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return NOT_AVAILABLE;
  return `${date.toISOString().slice(0, 10)} ${date.toISOString().slice(11, 16)} UTC`;
}

/** `2026-03-14` */
export function utcDay(iso: string): string {
  return utcMinute(iso).slice(0, 10);
}

/** `9 min 20 s` between two ISO strings. */
export function durationText(fromIso: string, toIso: string): string {
  return secondsText((Date.parse(toIso) - Date.parse(fromIso)) / 1000);
}

export function secondsText(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return NOT_AVAILABLE;
  if (seconds < 60) return `${threeDigits(seconds)}${THIN_SPACE}s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours > 0) return `${hours}${THIN_SPACE}h ${minutes}${THIN_SPACE}min`;
  return `${minutes}${THIN_SPACE}min ${whole % 60}${THIN_SPACE}s`;
}

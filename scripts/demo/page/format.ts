// Numbers and times as the page writes them.

const times = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

export const clockTime = (ms: number): string => times.format(new Date(ms));
export const count = (value: number): string => value.toLocaleString('en-GB');
/** ±0.1 s: rounded up, since the true time lies inside. */
export const uncertainty = (ms: number): string => `±${(Math.ceil(ms / 100) / 10).toFixed(1)} s`;
export const milliseconds = (ms: number): string => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0));

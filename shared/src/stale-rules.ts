// What a gate does when something that it was told is too old to rely on.
export const staleRules = ['warn', 'supervisor', 'refuse'] as const;

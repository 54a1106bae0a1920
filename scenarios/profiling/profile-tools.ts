/** The profilers of clinic, by their commands. */
export const PROFILE_TOOLS = ['doctor', 'flame', 'bubbleprof', 'heapprofiler'] as const;
export type ProfileTool = (typeof PROFILE_TOOLS)[number];

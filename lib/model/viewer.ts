/** Who asks. Until sign-in exists there is one: the operator on this machine. */
export interface Viewer {
  /** Recorded with everything the viewer does. */
  name: string;
  /** Names of the brokers they may see, or null for all. */
  brokers: readonly string[] | null;
  mayAct: boolean;
}

export const LOCAL_OPERATOR: Viewer = { name: "local operator", brokers: null, mayAct: true };

import { LOCAL_OPERATOR, type Viewer } from "../model/viewer.ts";

/** Who asks. Until sign-in exists everybody who reaches this process is its operator; it listens on loopback only. */
export async function viewer(): Promise<Viewer> {
  return LOCAL_OPERATOR;
}

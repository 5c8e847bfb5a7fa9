"use client";

import type { ComponentProps, ReactElement } from "react";
import { type Patch, patched, scopeParams } from "../../lib/client/scope.ts";
import { useAddress } from "../../lib/client/use-address.ts";
import { Link } from "./link.tsx";

/** The path with broker and time window of this page carried on, and `patch` over them. */
export function useScopedPath(): (path: string, patch?: Patch) => string {
  const address = useAddress();
  return (path, patch = {}) => {
    const [bare = "", own = ""] = path.split("?");
    const params = patched(scopeParams(address), { ...Object.fromEntries(new URLSearchParams(own)), ...patch }).toString();
    return params === "" ? bare : `${bare}?${params}`;
  };
}

/** A link to a page of ours that stays with the broker and in the time window of this page. */
export function ScopedLink({
  to,
  with: patch,
  ...props
}: Omit<ComponentProps<typeof Link>, "href"> & { to: string; with?: Patch }): ReactElement {
  const path = useScopedPath();
  return <Link {...props} href={path(to, patch)} />;
}

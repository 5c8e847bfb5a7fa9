import NextLink from "next/link";
import type { ComponentProps } from "react";

/** A link to a page of ours, by its path without the prefix. Tables have hundreds of them, so none is fetched before it is followed. */
export function Link(props: ComponentProps<typeof NextLink>) {
  return <NextLink prefetch={false} {...props} />;
}

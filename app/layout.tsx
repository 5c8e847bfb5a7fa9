import { GeistMono } from "geist/font/mono";
import { GeistSans } from "geist/font/sans";
import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import { connection } from "next/server";
import type { ReactNode } from "react";
import { THEME_COOKIE, themeOf } from "../components/layout/theme.ts";
import { href } from "../lib/client/href.ts";
import "./globals.css";

export const metadata: Metadata = { title: { default: "Perennial", template: "%s · Perennial" } };
export const viewport: Viewport = { colorScheme: "light dark", viewportFit: "cover" };

/** Every page is rendered for its request, the not-found page included: only so do its scripts carry the request's nonce. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  await connection();
  const theme = themeOf((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <html lang="en" data-theme={theme === "system" ? undefined : theme} className={`${GeistSans.variable} ${GeistMono.variable}`}>
      {/* As metadata of Next's it would be taken out at every change of the page, and browsers would ask for /favicon.ico. */}
      <head>
        <link rel="icon" href={href("/icon.svg")} type="image/svg+xml" sizes="any" />
      </head>
      <body>{children}</body>
    </html>
  );
}

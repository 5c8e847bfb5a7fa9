"use client";

import { Failure } from "../../components/ui/notice.tsx";

export default function DashboardError({ error, retry }: { error: unknown; retry: () => void }) {
  return <Failure what="This page" error={error} retry={retry} />;
}

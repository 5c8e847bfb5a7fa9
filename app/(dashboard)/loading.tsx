import { Notice } from "../../components/ui/notice.tsx";

export default function Loading() {
  return <Notice title="Reading …" role="status" />;
}

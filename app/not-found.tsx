import { Link } from "../components/layout/link.tsx";
import { Notice } from "../components/ui/notice.tsx";

export default function NotFound() {
  return (
    <main className="px-4 md:px-8">
      <h1 className="sr-only">Not found</h1>
      <Notice title="There is no such page.">
        <p>
          <Link href="/" className="text-ink underline underline-offset-3">
            Go to the overview
          </Link>
        </p>
      </Notice>
    </main>
  );
}

// A code that could not be drawn: WeChat's or the backend's reason in words, in the place of the code.
import { ErrorNotice } from "@/components/ErrorNotice";
import type { ErrorView } from "@/ipc/bindings";
import { HostError } from "@/ipc/call";

export function StartError({ view, onRetry }: { view: ErrorView; onRetry: () => void }) {
  return (
    <div data-testid="test-login-start-error">
      <ErrorNotice error={new HostError(view)} onRetry={onRetry} />
    </div>
  );
}

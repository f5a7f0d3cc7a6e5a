// The values for WeChat's console, following a draft as it is typed.
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import type { ConnectionDraft, SetupSheet } from "@/ipc/bindings";
import { call } from "@/ipc/call";
import { commands } from "@/ipc/host";

/** How long typing may pause before the sheet follows, in milliseconds. */
const pause = 150;

/** The sheet of a draft; null or undefined while it cannot be known. */
export function useSetupSheet(draft: ConnectionDraft): SetupSheet | null | undefined {
  // The secret does not matter here, and no cache shall hold one.
  const asked: ConnectionDraft = { ...draft, app_id: "", app_secret: null, display_name: "" };
  const [key] = useDebouncedValue(JSON.stringify(asked), pause);
  const { data } = useQuery({
    queryKey: ["setup-sheet", key],
    queryFn: () => call(commands.setupSheet(JSON.parse(key) as ConnectionDraft)),
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  return data;
}

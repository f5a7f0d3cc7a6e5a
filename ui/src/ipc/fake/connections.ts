// Connections in memory, with the rules of their fields in short; crates/domain has them in full.
import type {
  Connection,
  ConnectionDraft,
  FieldError,
  Rule,
  SetupValue,
  VerificationFile,
} from "../bindings";
import type { Commands } from "../contract";
import { here, listeners, ok, refuse, tellStatus, unreachable } from "./world";

type ConnectionCommands = Pick<
  Commands,
  | "checkConnection"
  | "connectionUsage"
  | "connections"
  | "knownConnections"
  | "createConnection"
  | "deleteConnection"
  | "replaceConnection"
  | "setConnectionEnabled"
  | "setupSheet"
>;

/** What a draft breaks. */
export function checkDraft(draft: ConnectionDraft, existing: Connection | null): FieldError[] {
  const rules: [string, Rule | null][] = [
    ["identifier", identifierRule(draft.identifier.trim(), existing)],
    [
      "display_name",
      draft.display_name.trim()
        ? draft.display_name.length > 64
          ? "display_name_length"
          : null
        : "required",
    ],
    ["app_id", shapeRule(draft.app_id.trim(), /^wx[0-9a-f]{16}$/, "app_id_shape")],
    [
      "app_secret",
      existing && !draft.app_secret
        ? null
        : shapeRule(draft.app_secret?.trim() ?? "", /^[0-9a-f]{32}$/, "app_secret_shape"),
    ],
    ["callback_url", callbackRule(draft)],
    ...fileRules(draft.verification_file ?? null),
  ];
  return rules.flatMap(([field, rule]) => (rule ? [{ field, rule }] : []));
}

function identifierRule(text: string, existing: Connection | null): Rule | null {
  if (existing) return text === existing.identifier ? null : "identifier_immutable";
  if (!text) return "required";
  if (!/^[a-z0-9-]+$/.test(text)) return "identifier_characters";
  if (text.length >= 32) return "identifier_length";
  return null;
}

function shapeRule(text: string, shape: RegExp, rule: Rule): Rule | null {
  if (!text) return "required";
  return shape.test(text) ? null : rule;
}

function callbackRule({ kind, callback_url }: ConnectionDraft): Rule | null {
  const text = callback_url?.trim() ?? "";
  if (kind === "wechat:miniprogram:default") return text ? "callback_url_not_for_kind" : null;
  if (!text) return "required";
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return "callback_url_shape";
  if (text.includes("#")) return "callback_url_fragment";
  return url.username || url.password ? "callback_url_credentials" : null;
}

function fileRules(file: VerificationFile | null): [string, Rule | null][] {
  if (!file) return [];
  const named = /^(MP_verify_[A-Za-z0-9]{16}|WW_verify_[A-Za-z0-9]{16}|[A-Za-z0-9]{10})\.txt$/.test(
    file.name,
  );
  const bytes = (file.content_base64.length * 3) / 4;
  return [
    ["verification_file.name", file.name ? (named ? null : "verification_file_name") : "required"],
    [
      "verification_file.content",
      bytes === 0 ? "verification_file_empty" : bytes > 16_388 ? "verification_file_size" : null,
    ],
  ];
}

/** What the backend refuses that cannot be known without it. */
function takenBy(draft: ConnectionDraft): FieldError[] {
  const taken = here.world.connections.some((one) => one.identifier === draft.identifier.trim());
  return taken ? [{ field: "identifier", rule: "identifier_taken" }] : [];
}

function settle(draft: ConnectionDraft, before: Connection | null): Connection {
  const now = Date.now();
  const id = before?.id ?? `c-${draft.identifier.trim()}`;
  const secret = draft.app_secret?.trim();
  if (secret) here.world.secrets.set(id, secret);
  const fingerprint = secret
    ? [...secret]
        .map((digit) => Number.parseInt(digit, 16))
        .map((n) => ((n * 7 + 3) % 16).toString(16))
        .join("")
    : "";
  return {
    id,
    kind: draft.kind,
    identifier: draft.identifier.trim(),
    display_name: draft.display_name.trim(),
    app_id: draft.app_id.trim(),
    secret: before && !secret ? before.secret : { fingerprint: fingerprint.slice(0, 12), set_at: now },
    settings: draft.settings ?? before?.settings ?? { type: "nothing" },
    push_token: draft.push_token
      ? { fingerprint: "0".repeat(12), set_at: now }
      : (before?.push_token ?? null),
    encoding_aes_key: draft.encoding_aes_key
      ? { fingerprint: "0".repeat(12), set_at: now }
      : (before?.encoding_aes_key ?? null),
    callback_url: draft.callback_url?.trim() || null,
    verification_file: draft.verification_file ?? null,
    login_only: draft.login_only ?? false,
    enabled: before?.enabled ?? true,
    platform_account: draft.platform_account ?? "pa-1",
    created_at: before?.created_at ?? now,
    updated_at: now,
  };
}

function store(connections: Connection[]): void {
  here.world.connections = connections.toSorted((a, b) => a.display_name.localeCompare(b.display_name));
  tellStatus();
  for (const hear of listeners.connections) hear();
}

const find = (id: string) => here.world.connections.find((one) => one.id === id);
const notFound = () => refuse({ type: "not_found" });

export const connectionCommands: ConnectionCommands = {
  checkConnection: async (draft, existing) => ok(checkDraft(draft, existing)),
  connections: async () => unreachable() ?? ok(here.world.connections),
  knownConnections: async () =>
    ok(here.world.connections.map(({ id, display_name, kind }) => ({ id, display_name, kind }))),
  connectionUsage: async (id) => {
    const connection = find(id);
    if (!connection) return notFound();
    const users = here.world.people.filter((user) =>
      user.bindings.some((one) => one.app_id === connection.app_id),
    );
    return ok({
      users: users.length,
      only_way_in: users.filter((user) => user.bindings.length === 1).length,
    });
  },
  createConnection: async (draft) => {
    const offline = unreachable();
    if (offline) return offline;
    const fields = [...checkDraft(draft, null), ...takenBy(draft)];
    if (fields.length > 0) return refuse({ type: "invalid_fields", fields });
    const created = settle(draft, null);
    store([...here.world.connections, created]);
    return ok(created);
  },
  replaceConnection: async (id, draft) => {
    const before = find(id);
    const offline = unreachable();
    if (offline) return offline;
    if (!before) return notFound();
    if (typeof draft.based_on === "number" && draft.based_on !== before.updated_at)
      return refuse({
        type: "backend",
        problem: { status: 409, code: "outdated", detail: "somebody else changed it" },
      });
    const fields = checkDraft(draft, before);
    if (fields.length > 0) return refuse({ type: "invalid_fields", fields });
    const after = settle(draft, before);
    store(here.world.connections.map((one) => (one.id === id ? after : one)));
    return ok(after);
  },
  setConnectionEnabled: async (id, enabled) => {
    const before = find(id);
    const offline = unreachable();
    if (offline) return offline;
    if (!before) return notFound();
    const after = { ...before, enabled, updated_at: Date.now() };
    store(here.world.connections.map((one) => (one.id === id ? after : one)));
    return ok(after);
  },
  deleteConnection: async (id) => {
    const offline = unreachable();
    if (offline) return offline;
    if (!find(id)) return notFound();
    store(here.world.connections.filter((one) => one.id !== id));
    return ok(null);
  },
  setupSheet: async (draft) => {
    const { server } = here.world.status;
    return ok(
      server
        ? {
            values: setupValues(draft, server.public_url),
            reach: reachOf(draft, server.public_url),
            ip_whitelist: false,
          }
        : null,
    );
  },
};

function setupValues(draft: ConnectionDraft, publicUrl: string): SetupValue[] {
  const base = publicUrl.replace(/\/$/, "");
  const callback = URL.canParse(draft.callback_url ?? "") ? (draft.callback_url ?? "") : null;
  const ours = `${base}/connections/social/${draft.identifier}/callback`;
  const redirect = draft.kind === "wechat:pc" && callback ? callback : ours;
  const host = new URL(redirect).hostname;
  const file = draft.verification_file?.name;
  const served: SetupValue[] = file ? [{ place: "verification_file_url", value: `${base}/${file}` }] : [];
  if (draft.kind === "wechat:miniprogram:default") {
    return [
      { place: "request_domain", value: base },
      { place: "mini_program_scan_url", value: `${base}/login/v1/miniprogram/scan` },
      ...served,
    ];
  }
  const place = draft.kind === "wechat:pc" ? "authorization_callback_domain" : "web_authorization_domain";
  return [{ place, value: host }, { place: "redirect_uri", value: redirect }, ...served];
}

function reachOf(draft: ConnectionDraft, publicUrl: string): "public" | "this_machine" {
  const asked =
    draft.kind === "wechat:pc" && URL.canParse(draft.callback_url ?? "") ? draft.callback_url : publicUrl;
  return asked && !/\/\/(127\.|localhost)/.test(asked) ? "public" : "this_machine";
}

// A connection as its form holds it, and the draft that goes to the host.
import type {
  Connection,
  ConnectionDraft,
  ConnectionKind,
  ConnectionSettings,
  VerificationFile,
} from "@/ipc/bindings";

/** The values of the form. Absent is empty, so that every input has a value. */
export interface ConnectionValues {
  kind: ConnectionKind;
  identifier: string;
  display_name: string;
  app_id: string;
  app_secret: string;
  /** What was chosen; null takes what is usual. */
  settings: ConnectionSettings | null;
  push_token: string;
  encoding_aes_key: string;
  callback_url: string;
  verification_file: VerificationFile | null;
  login_only: boolean;
  platform_account: string | null;
}

/** The kinds of connections, in the order of their cards. */
export const kinds = [
  "wechat:pc",
  "wechat:webpage-authorization",
  "wechat:miniprogram:default",
  "wechat:miniprogram:qrconnect",
  "wechat:miniprogram:app-launch",
  "wechat:mobile",
  "wechatmp-qrcode",
] as const;

/** Whether a browser comes back after a login of this kind. */
export const hasCallback = (
  kind: ConnectionKind,
): kind is Exclude<ConnectionKind, "wechat:miniprogram:default" | "wechat:miniprogram:app-launch"> =>
  kind !== "wechat:miniprogram:default" && kind !== "wechat:miniprogram:app-launch";

/** An empty form of a kind. */
export const emptyValues = (kind: ConnectionKind): ConnectionValues => ({
  kind,
  identifier: "",
  display_name: "",
  app_id: "",
  app_secret: "",
  settings: kind === "wechatmp-qrcode" ? { type: "pushes", mode: "encrypted" } : null,
  push_token: "",
  encoding_aes_key: "",
  callback_url: "",
  verification_file: null,
  login_only: false,
  platform_account: null,
});

/** The form of a stored connection. Its secret is not known here, so the field is empty. */
export const valuesOf = (connection: Connection): ConnectionValues => ({
  kind: connection.kind,
  identifier: connection.identifier,
  display_name: connection.display_name,
  app_id: connection.app_id,
  app_secret: "",
  settings: connection.settings,
  push_token: "",
  encoding_aes_key: "",
  callback_url: connection.callback_url ?? "",
  verification_file: connection.verification_file,
  login_only: connection.login_only,
  platform_account: connection.platform_account,
});

/**
 * What goes to the host, upon the connection it replaces. Blanks around pasted values are left out; WeChat's pages like
 * to add some.
 */
export const draftOf = (values: ConnectionValues, existing: Connection | null): ConnectionDraft => ({
  ...values,
  identifier: values.identifier.trim(),
  app_id: values.app_id.trim(),
  app_secret: values.app_secret.trim() || null,
  push_token: values.push_token.trim() || null,
  encoding_aes_key: values.encoding_aes_key.trim() || null,
  based_on: existing?.updated_at ?? null,
  callback_url: hasCallback(values.kind) ? values.callback_url.trim() || null : null,
});

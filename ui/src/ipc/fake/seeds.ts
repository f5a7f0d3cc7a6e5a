// The connections and sandbox apps that the story begins with.
import type { Connection, SandboxApp } from "../bindings";

const day = 86_400_000;

/** An AppSecret that the pretended WeChat refuses with 40125. */
export const wrongSecret = "deadbeefdeadbeefdeadbeefdeadbeef";

/** One connection of each kind. */
export function seedConnections(now: number): Connection[] {
  const connection = (
    given: Partial<Connection> & Pick<Connection, "id" | "kind" | "identifier">,
  ): Connection => ({
    display_name: given.identifier,
    app_id: "wx6f2a81c09be3d475",
    secret: { fingerprint: "9c41e07ab2d6", set_at: now - 41 * day },
    callback_url: null,
    verification_file: null,
    login_only: false,
    enabled: true,
    settings: { type: "nothing" },
    push_token: null,
    encoding_aes_key: null,
    platform_account: "pa-1",
    created_at: now - 200 * day,
    updated_at: now - 3 * day,
    ...given,
  });
  return [
    connection({
      id: "c-pc",
      kind: "wechat:pc",
      identifier: "shop-website",
      display_name: "商城网站",
      callback_url: "https://shop.example.com/login/wechat",
    }),
    connection({
      id: "c-mini",
      kind: "wechat:miniprogram:default",
      identifier: "shop-mini",
      display_name: "商城小程序",
      app_id: "wx0d93b7f21ac4e658",
      updated_at: now - 26 * day,
    }),
    connection({
      id: "c-page",
      kind: "wechat:webpage-authorization",
      identifier: "member-page",
      display_name: "Member page",
      app_id: "wxb41c7720e98fd36a",
      callback_url: "https://members.example.com/wechat",
      verification_file: { name: "MP_verify_aB3dE5fG7hJ9kL1m.txt", content_base64: btoa("aB3dE5fG7hJ9kL1m") },
      login_only: true,
      enabled: false,
      updated_at: now - 90 * day,
    }),
  ];
}

/** Test apps of the sandbox, one of each kind. */
export const seedApps: SandboxApp[] = [
  { kind: "wechat:pc", name: "Test website", app_id: "wx00000000000000a1", app_secret: "a1".repeat(16) },
  {
    kind: "wechat:webpage-authorization",
    name: "Test official account",
    app_id: "wx00000000000000b2",
    app_secret: "b2".repeat(16),
  },
  {
    kind: "wechat:miniprogram:default",
    name: "Test mini program",
    app_id: "wx00000000000000c3",
    app_secret: "c3".repeat(16),
  },
];

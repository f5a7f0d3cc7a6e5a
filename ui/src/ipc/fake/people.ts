// Believable people: Chinese and Latin names, with and without UnionID, some anonymous, some with metadata.
import type { Binding, Connection, MetadataItem, UserDetail, UserRow, SyncMark } from "../bindings";
import { base64, chance, hex, pick, text } from "./random";

const families = [
  ..."王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁",
];
const given =
  "梓涵 子轩 欣怡 浩然 雨桐 思远 晓燕 建国 丽华 志强 文静 嘉怡 俊杰 诗琪 宇航 佳宁 若曦 明轩 雪梅 海涛 静怡 一诺 晨曦 景行 书瑶 安然 锦程 念慈".split(
    " ",
  );
const nicknames =
  "阿北 小满 山里的猫 云深不知处 不吃香菜 夏至未至 南山南 豆沙包 半糖去冰 Luna 大橘 木子李 風鈴 老陈茶铺 Kai 🌙 星河 柚子茶 静水流深".split(
    " ",
  );
const latin =
  "Amelia Hart|Lukas Brandt|Chloé Martin|Ravi Menon|Sofia Rossi|Noah Lindqvist|Yuki Tanaka|Maria del Carmen Fuentes|Oleg Ivanov|Hannah Weiß".split(
    "|",
  );
const tiers = ['"gold"', '"silver"', '"standard"'];
const operators = ["wanli@ops", "service-desk", "import 2026-03"];

const minute = 60_000;
const day = 86_400_000;

/** People who use these connections, newest first. The same seed makes the same people. */
export function makePeople(
  count: number,
  connections: readonly Connection[],
  now: number,
  seed = 7,
): UserDetail[] {
  const next = chance(seed);
  return Array.from({ length: count }, (_, index) => makePerson(next, index, count, connections, now));
}

function makePerson(
  next: () => number,
  index: number,
  count: number,
  connections: readonly Connection[],
  now: number,
): UserDetail {
  const id = `01${text(next, 6, hex)}-${text(next, 4, hex)}-7${text(next, 3, hex)}-9${text(next, 3, hex)}-${text(next, 12, hex)}`;
  const created =
    now - Math.round((index / count) ** 1.7 * 400 * day) - Math.round(next() * 40 * minute) - 3 * minute;
  const foreign = next() < 0.14;
  const anonymous = next() < 0.08;
  const nickname = anonymous ? null : foreign ? pick(next, latin) : pick(next, nicknames);
  const name = !foreign && !anonymous && next() < 0.6 ? pick(next, families) + pick(next, given) : null;
  const phone =
    next() < 0.45 ? `+861${pick(next, ["38", "39", "50", "86", "77"])}${text(next, 8, "0123456789")}` : null;
  const unionId = next() < 0.7 ? `oY7K${text(next, 24, base64)}` : null;
  const used = connections.filter(
    (_connection, nth) => next() < (nth === index % connections.length ? 1 : 0.22),
  );
  return {
    id,
    name: name ?? nickname,
    status: next() < 0.03 ? "blocked" : "active",
    profile: {
      ...(nickname ? { nickname: { value: nickname, source: "we_chat" } } : {}),
      ...(name ? { name: { value: name, source: next() < 0.7 ? "operator" : "import" } } : {}),
      ...(phone ? { phone: { value: phone, source: next() < 0.6 ? "we_chat" : "operator" } } : {}),
      ...(next() < 0.2
        ? { email: { value: `${text(next, 7, "abcdefghijklmnop")}@example.com`, source: "person" } }
        : {}),
    },
    created_at: created,
    updated_at: created + Math.round(next() * (now - created)),
    bindings: used.map((connection, nth) =>
      binding(next, connection, nth === 0 || next() < 0.8 ? unionId : null, created, now),
    ),
    metadata: metadata(next, created, now),
    conflicts: [],
  };
}

function binding(
  next: () => number,
  connection: Connection,
  unionId: string | null,
  created: number,
  now: number,
): Binding {
  return {
    id: text(next, 32, hex),
    kind: connection.kind,
    connection: connection.display_name,
    app_id: connection.app_id,
    open_id: `oGZU${text(next, 24, base64)}`,
    union_id: unionId,
    first_seen: created,
    last_seen: created + Math.round(next() ** 0.3 * (now - created)),
  };
}

function metadata(next: () => number, created: number, now: number): MetadataItem[] {
  const item = (key: string, json: string): MetadataItem => ({
    key,
    json,
    sync: "synced",
    rejection: null,
    actor: pick(next, operators),
    at: created + Math.round(next() * (now - created)),
  });
  return [
    ...(next() < 0.15 ? [item("address", '{"city":"杭州","district":"西湖区","postcode":"310012"}')] : []),
    ...(next() < 0.5 ? [item("member_tier", pick(next, tiers))] : []),
    ...(next() < 0.25
      ? [item("note", pick(next, ['"回访过，周末方便"', '"prefers e-mail"', '"发票抬头已确认"']))]
      : []),
    ...(next() < 0.3 ? [item("points", String(Math.round(next() * 9000)))] : []),
  ];
}

const severity: SyncMark[] = ["synced", "pending", "rejected", "conflict"];

/** The line of the list for a person. */
export function rowOf(user: UserDetail): UserRow {
  const bound = user.bindings.find((one) => one.union_id) ?? user.bindings[0];
  const lastSeen = user.bindings.map((one) => one.last_seen);
  return {
    id: user.id,
    name: user.name,
    avatar_url: user.profile.avatar_url?.value ?? null,
    status: user.status,
    phone: user.profile.phone?.value ?? null,
    wechat_id: bound ? (bound.union_id ?? bound.open_id) : null,
    bindings: user.bindings.map((one) => ({ kind: one.kind, has_union_id: one.union_id !== null })),
    created_at: user.created_at,
    updated_at: user.updated_at,
    last_seen: lastSeen.length > 0 ? Math.max(...lastSeen) : null,
    sync: user.metadata.reduce<SyncMark>(
      (worst, { sync }) => (severity.indexOf(sync) > severity.indexOf(worst) ? sync : worst),
      user.conflicts.length > 0 ? "conflict" : "synced",
    ),
  };
}

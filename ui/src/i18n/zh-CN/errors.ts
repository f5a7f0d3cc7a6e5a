// 微信以外的各种失败：发生了什么、意味着什么、该怎么办。

import type { errors as en } from "../en/errors";
import { files } from "./files";
import { rejections } from "./rejections";

export const errors = {
  views: {
    invalid_fields: {
      title: "有几项没有通过校验",
      meaning: "尚未保存任何内容。",
      advice: "改正标出的字段后再保存。",
    },
    backend_unreachable: {
      title: "{{host}} 没有应答",
      meaning: "这一步需要后端。用户、绑定和自定义数据仍可查看，对自定义数据的修改也会保留。",
      advice: "检查网络，并确认后端正在运行。控制台会自动重试。",
    },
    still_loading: {
      title: "用户还在载入",
      meaning: "全部载入之前，导出的文件会缺人，导入时也会把已有的人当成新人。",
      advice: "等首次载入完成；如果已暂停，请先继续载入。",
    },
    not_a_backend: {
      title: "{{host}} 不是腰牌后端",
      meaning: "没有做任何更改，本机上的数据保持原样。",
      advice: "检查后端地址是否正确，以及是否有代理代替后端作了回答。",
    },
    backend: {
      title: "后端拒绝了请求",
      meaning: "没有做任何更改。",
      advice: "复制详情，交给后端的维护人员。",
    },
    not_found: {
      title: "内容已不存在",
      meaning: "它已在本机或由他人删除。",
      advice: "返回列表。",
    },
    local_store: {
      title: "本地文件无法读写",
      meaning: "刚才的操作没有存到这台电脑上。",
      advice: "确认磁盘有剩余空间、数据目录可写，然后再试。",
    },
    desktop: {
      title: "系统拒绝了操作",
      meaning: "文件没有写入，或剪贴板没有更新。",
      advice: "换一个文件夹，或再试一次。",
    },
  },
  files,
  codes: {
    malformed_request: {
      title: "后端无法理解这个请求",
      meaning: "控制台与后端的版本可能不一致。没有做任何更改。",
      advice: "升级版本较旧的一方。如果都是最新版，复制详情并反馈。",
    },
    invalid_fields: {
      title: "后端没有接受其中几项",
      meaning: "尚未保存任何内容。",
      advice: "改正标出的字段后再保存。",
    },
    unauthenticated: {
      title: "后端不接受当前的访问密钥",
      meaning: "密钥有误或已被吊销。本机已有的数据不受影响。",
      advice: "向管理员索取有效的密钥，用它重新启动控制台。",
    },
    forbidden: {
      title: "你的角色没有这项权限",
      meaning: "没有做任何更改。",
      advice: "请用户池管理员代为操作，或申请相应的角色。",
    },
    not_found: {
      title: "后端已没有这项内容",
      meaning: "它已被删除，也许是其他操作员所为。",
      advice: "返回列表，列表会自动更新。",
    },
    connection_disabled: {
      title: "连接已停用",
      meaning: "目前没有人能用它登录，但仍可演练。",
      advice: "启用连接，或改用演练。",
    },
    outdated: {
      title: "你打开之后，有人改动了这个连接",
      meaning: "尚未保存任何内容。",
      advice: "先载入对方的更改，你输入过的字段会保留。核对之后再保存。",
    },
    last_admin_key: {
      title: "这是最后一个管理员密钥",
      meaning: "没有它就再也没有人能管理该用户池。未做任何更改。",
      advice: "请先创建另一个管理员密钥。",
    },
    wechat_refused: {
      title: "微信拒绝了请求",
      meaning: "后端已向微信发起请求，微信没有同意。",
      advice: "微信的原文见详情。",
    },
    wechat_page_refused: {
      title: "微信的页面拒绝了请求",
      meaning: "页面提示：{{detail}}",
      advice: "对照微信后台检查 AppID 和回调域名，表单旁的配置单列出了应填的内容。",
    },
    wechat_unreachable: {
      title: "微信没有应答",
      meaning: "后端连不上 {{host}}，与你的配置无关。",
      advice: "确认后端所在的机器可以访问 {{host}}，然后再试。",
    },
    wechat_unexpected: {
      title: "微信的应答不符合预期",
      meaning: "无法解读 {{host}} 的应答，常见原因是中间的代理代替微信作了回答。",
      advice: "先再试一次。如果依旧，检查后端机器的代理设置，并复制详情。",
    },
    sync_reset: {
      title: "后端的历史与本机不同",
      meaning: "后端恢复过备份或迁移过，本机需要重新加载全部数据。待同步的修改都会保留。",
      advice: "无需操作，加载会自动开始。",
    },
    sync_gap: {
      title: "后端缺少较早的一次修改",
      meaning: "修改都留在本机，会按顺序重新发送。",
      advice: "无需操作。如果一直如此，复制详情并反馈。",
    },
    sync_fork: {
      title: "另有一份相同的控制台也在提交修改",
      meaning: "数据目录曾被复制到别的电脑。本机的修改会保留，但不会发送。",
      advice: "关闭其中一个，另一个改用全新的数据目录启动。",
    },
    too_large: {
      title: "内容超过了后端的上限",
      meaning: "尚未保存任何内容。",
      advice: "缩短内容或换小一些的文件，然后再试。",
    },
    bound_elsewhere: {
      title: "该微信用户已绑定到另一个用户",
      meaning: "没有任何改动。",
      advice: "合并这两个用户，或先在那边解绑。",
    },
    last_way_in: {
      title: "这是该用户最后一种登录方式",
      meaning: "解绑后将无法再登录。没有任何改动。",
      advice: "先绑定其他登录方式；管理员也可以强制解绑。",
    },
    merge_stands: {
      title: "该合并已无法撤销",
      meaning: "它已经撤销过，或者其中的用户后来又被合并或删除。",
      advice: "可在审计日志中查看该用户的历史。",
    },
    too_often: {
      title: "请求过于频繁",
      meaning: "后端会暂时限制请求过多的一方，没有丢失任何内容。",
      advice: "稍等片刻再试。",
    },
    busy: {
      title: "后端正忙",
      meaning: "同时到达的请求太多，没有丢失任何内容。",
      advice: "稍后再试。",
    },
    internal: {
      title: "后端内部出错",
      meaning: "可能是程序缺陷或磁盘已满。更改是否生效尚不确定。",
      advice: "查看后端日志，并复制详情交给维护人员。",
    },
  },
  failures: {
    we_chat: {
      title: "微信返回 {{errcode}}",
      meaning: "微信拒绝了这一步。",
      advice: "微信的原文见详情。",
    },
    unreachable: {
      title: "{{host}} 没有应答",
      meaning: "后端连不上它，登录在此中断，与连接的配置无关。",
      advice: "确认后端所在的机器可以访问 {{host}}，然后重新开始。",
    },
    unexpected_answer: {
      title: "{{host}} 的应答不符合预期",
      meaning: "应答与微信文档不符：{{what}}。",
      advice: "先重新开始一次。如果依旧，检查是否有代理代替微信作了回答。",
    },
    page_refused: {
      title: "微信的页面拒绝了请求",
      meaning: "页面提示：{{message}}",
      advice: "对照微信后台检查 AppID 和回调域名，表单旁的配置单列出了应填的内容。",
    },
  },
  rejected: {
    bad_request: {
      title: "请求格式不正确",
      meaning: "该地址不接受这样的请求。",
      advice: "对照 SDK 文档检查客户端的调用。",
    },
    unknown_connection: {
      title: "没有这个连接或应用",
      meaning: "客户端指定的连接或应用不存在。",
      advice: "检查客户端配置里的唯一标识和应用 ID。",
    },
    disabled: {
      title: "连接已停用",
      meaning: "目前无法使用它登录。",
      advice: "启用该连接，或从页面上去掉对应的按钮。",
    },
    foreign_redirect: {
      title: "回调地址不被允许",
      meaning: "要前往的页面不在应用或连接登记的地址之列。",
      advice: "在应用里登记完全一致的地址，或更正客户端。",
    },
    unknown_state: {
      title: "state 或 scene 无效",
      meaning: "没有登录在等待它：已结束、已过期，或并非由这里发起。",
      advice: "重新开始登录。",
    },
    other_browser: {
      title: "返回的不是同一个浏览器",
      meaning: "从微信返回的浏览器不是发起登录的那个，或它不保存 Cookie。没有人登录。",
      advice: "从公网地址发起登录，并在同一浏览器中完成。若用户频繁遇到，请检查代理是否转发 Cookie。",
    },
    replay: {
      title: "code 已被使用",
      meaning: "微信的 code 只能用一次，首次的结果已不再保留。",
      advice: "让客户端每次登录都重新获取 code。",
    },
    tampered_data: {
      title: "数据或签名不匹配",
      meaning: "内容被改动，属于其他应用，或使用了另一个密钥。",
      advice: "对照微信后台检查 Token、EncodingAESKey 和 AppID；让客户端在请求数据前先登录。",
    },
    token_refused: {
      title: "令牌或凭证被拒绝",
      meaning: "已过期、已撤销，或并非由这里签发。",
      advice: "让客户端重新登录。",
    },
    too_many: {
      title: "请求过多",
      meaning: "客户端的请求超过了允许的频率。",
      advice: "检查客户端是否有循环调用，稍后再试。",
    },
  },
  refusals: {
    login_only: {
      title: "没有用户绑定过这个微信身份",
      meaning: "连接处于仅登录模式：只允许已有账号的人登录，不会创建新用户。",
      advice: "把这个身份绑定到已有用户，或关闭仅登录模式。",
    },
    snapshot_user: {
      title: "对方处于快照页模式",
      meaning: "微信以快照页打开了页面，给出的是临时的虚拟身份，不会被保存。",
      advice: "请对方点按页面底部的“使用完整服务”，再重新登录。",
    },
    user_blocked: {
      title: "用户已被禁用",
      meaning: "身份已识别，但对应的用户不允许登录。",
      advice: "如需放行，先解除禁用。",
    },
    two_users: {
      title: "OpenID 与 UnionID 分属两个用户",
      meaning: "放行任何一个都会掩盖另一个，因此没有登录，也没有合并。",
      advice: "确定保留哪个用户，然后合并二者。",
    },
  },
  rejections,
  verdicts: {
    log_in: {
      title: "{{name}} 已登录",
      meaning: "这个微信身份属于该用户。",
      dryTitle: "{{name}} 可以登录",
      dryMeaning: "这个微信身份属于该用户。本次为演练，没有写入任何内容。",
      unionIdAdded: "本次登录得知了 UnionID，已补充到该用户。",
      unionIdWouldBeAdded: "本次得知了 UnionID，正式登录时会补充到该用户。",
    },
    create: {
      title: "已为 {{name}} 创建新用户",
      meaning: "此前没有用户绑定过这个微信身份。",
      dryTitle: "将为 {{name}} 创建新用户",
      dryMeaning: "目前没有用户绑定过这个微信身份。本次为演练，没有写入任何内容。",
    },
    refuse: {
      title: "{{name}} 未能登录：{{reason}}",
      dryTitle: "{{name}} 将无法登录：{{reason}}",
    },
    fail: {
      title: "在“{{leg}}”这一步中断：{{reason}}",
    },
    someone: "未具名用户",
  },
} satisfies typeof en;

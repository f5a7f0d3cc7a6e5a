// 微信错误码的含义与处理办法，以及登录尝试的步骤和状态。
import type { wechat as en } from "../en/wechat";

const ours = "复制详情并反馈：这是程序的缺陷，与配置无关。";
const askWeChat = "查看微信后台的通知，只有微信能解除。";
const restart = "重新生成二维码，再扫一次。";
const whitelist =
  "把后端的公网 IP 加入该账号的 IP 白名单，约十分钟后生效。详情里的微信原文写明了它看到的 IP。";

export const wechat = {
  title: "微信拒绝：{{errcode}}",
  codes: {
    "-1": { meaning: "微信系统繁忙，连接本身没有问题。", advice: "稍等片刻，重新开始。" },
    "40001": {
      meaning:
        "微信不认可这个 token，或获取它时用的密钥有误。多半是别的程序用同一个 AppID 取了 token，把我们的顶掉了。",
      advice: "先重新开始一次。如果依旧，核对 AppID 和 AppSecret，并让其他程序改用 stable_token。",
    },
    "40002": { meaning: "grant_type 不是微信认识的值。", advice: ours },
    "40003": { meaning: "OpenID 与这个 token 或 AppID 不对应。", advice: restart },
    "40013": {
      meaning: "微信找不到这个 AppID，或它属于另一类应用。",
      advice: "从微信后台重新复制 AppID，并确认小程序、服务号、网站应用没有混用。",
    },
    "40014": { meaning: "这个 token 不是用于该接口的。", advice: "重新开始。如果依旧，复制详情并反馈。" },
    "40029": {
      meaning: "微信不接受这个 code：已过期，或属于另一个 AppID。开发者工具里使用测试号是常见原因。",
      advice: "确认客户端用的是这个连接的 AppID，然后重新生成二维码再扫。",
    },
    "40030": { meaning: "refresh_token 已失效。", advice: "让用户重新登录。" },
    "40097": { meaning: "参数类型或取值不对。", advice: ours },
    "40125": {
      meaning: "AppSecret 不正确：可能在微信后台重置过，也可能属于另一个应用。",
      advice: "把微信后台现用的 AppSecret 填进连接。如果没人知道，就在后台重置，并更换所有用到它的地方。",
    },
    "40163": {
      meaning: "code 已被使用。一个 code 只能用一次：页面刷新、重复打开或链接被转发都会这样。",
      advice: restart,
    },
    "40164": { meaning: "后端的 IP 不在微信的白名单内。", advice: whitelist },
    "40165": { meaning: "小程序的线上版本里没有这个页面。", advice: "发布该页面，或改正路径。" },
    "40169": { meaning: "小程序码的 scene 为空或过长。", advice: ours },
    "40226": { meaning: "微信判定该用户为高风险，拒绝其登录。", advice: "无需调整配置，换一个微信号再试。" },
    "40243": { meaning: "AppSecret 已被冻结。", advice: "由账号管理员在微信后台解冻，约十分钟后生效。" },
    "41001": { meaning: "请求没有带 token。", advice: ours },
    "41002": { meaning: "请求没有带 AppID。", advice: "在连接里填写 AppID 并保存。" },
    "41003": { meaning: "请求没有带 refresh_token。", advice: "让用户重新登录。" },
    "41004": { meaning: "请求没有带 AppSecret。", advice: "在连接里填写 AppSecret 并保存。" },
    "41008": {
      meaning: "回调没有带 code：可能来自链接预览、收藏夹、返回键，或用户拒绝了授权。",
      advice: restart,
    },
    "41009": { meaning: "请求没有带 OpenID。", advice: ours },
    "41030": { meaning: "小程序的线上版本里没有这个页面。", advice: "发布包含该页面的版本，然后重新开始。" },
    "42001": { meaning: "token 已过期。", advice: "重新开始。如果经常出现，检查后端机器的时钟。" },
    "42002": { meaning: "refresh_token 已超过 30 天有效期。", advice: "让用户重新登录。" },
    "42003": {
      meaning: "code 在换取之前已过期。微信内网页的 code 有效 5 分钟，网站应用为 10 分钟。",
      advice: restart,
    },
    "42007": { meaning: "用户改过微信密码，此前的授权全部失效。", advice: "让用户重新登录。" },
    "43001": { meaning: "该接口须用 GET 请求。", advice: ours },
    "43002": { meaning: "该接口须用 POST 请求。", advice: ours },
    "43003": { meaning: "该接口须用 https。", advice: "把后端里微信的地址改为 https。" },
    "44002": { meaning: "请求体为空。", advice: ours },
    "45009": {
      meaning: "当日调用额度已用完，常见原因是某个程序每次请求都去取 token。",
      advice: "找出共用这个 AppID 并循环调用的程序，再到微信后台清零一次额度。",
    },
    "45011": {
      meaning: "该用户或应用一分钟内登录次数过多。",
      advice: "等一分钟。如果客户端会自动重试登录，先停掉这个循环。",
    },
    "45029": {
      meaning: "该账号可生成的码已达上限。",
      advice: "让该账号的其他程序改用不限量的接口（getwxacodeunlimit）。",
    },
    "45063": {
      meaning: "这个 token 不属于小程序。",
      advice: "填写小程序的 AppID 和 AppSecret，而不是公众号的。",
    },
    "47001": { meaning: "微信无法解析请求体。", advice: ours },
    "48001": {
      meaning: "该账号没有这个接口的权限，或用户没有同意提供昵称和头像。",
      advice: "在微信后台查看接口权限：需要已认证的服务号。快照页访客也会遇到这个错误。",
    },
    "50001": { meaning: "用户没有授权，或已取消授权。", advice: "让用户重新登录。" },
    "50002": { meaning: "用户账号或应用被微信限制。", advice: askWeChat },
    "50004": { meaning: "应用被禁止使用 token，多半是因为受到处罚。", advice: askWeChat },
    "50007": { meaning: "应用所属账号已被冻结。", advice: askWeChat },
    "61004": { meaning: "后端的 IP 不在微信的白名单内。", advice: whitelist },
    "61024": {
      meaning: "这是第三方平台的 AppID，不是应用的 AppID。",
      advice: "填写小程序、服务号或网站应用自己的 AppID。",
    },
    "85079": { meaning: "小程序还没有线上版本。", advice: "先发布一次，再重新开始。" },
    "89501": { meaning: "此前的一次调用正在等待管理员确认。", advice: "由账号管理员在微信里确认。" },
    "89503": {
      meaning: "从这个 IP 调用需要管理员确认。",
      advice: "由账号管理员在微信里确认，或把 IP 加入白名单。",
    },
    "89506": {
      meaning: "管理员两次拒绝了这个 IP，24 小时内无法调用。",
      advice: "把 IP 加入白名单，或等 24 小时。",
    },
    "89507": {
      meaning: "管理员拒绝了这个 IP，1 小时内无法调用。",
      advice: "把 IP 加入白名单，或等 1 小时。",
    },
    "10003": {
      meaning: "回调地址的域名与微信后台的配置不一致。",
      advice: "在微信后台填入完全相同的域名，不带协议和端口。带 www 的、子域名都算不同的域名。",
    },
    "10004": { meaning: "该账号已被微信封禁。", advice: askWeChat },
    "10005": {
      meaning: "该账号没有这个 scope 的权限。订阅号和未认证的账号都没有。",
      advice: "微信内网页用已认证的服务号，电脑网页扫码用网站应用。",
    },
    "10006": { meaning: "这是测试号，而当前微信没有关注它。", advice: "先用这部手机关注测试号，再扫一次。" },
    "10009": {
      meaning: "同一个用户过于频繁地进入授权页。",
      advice: "等一分钟。常见原因是页面丢失会话 cookie，反复跳转。",
    },
    "10010": { meaning: "打开授权页时没有带 scope。", advice: ours },
    "10011": { meaning: "打开授权页时没有带回调地址。", advice: "检查连接的回调地址。" },
    "10012": { meaning: "打开授权页时没有带 AppID。", advice: "在连接里填写 AppID 并保存。" },
    "10013": { meaning: "打开授权页时没有带 state。", advice: ours },
    "10015": { meaning: "公众号没有授权给第三方平台，或已取消授权。", advice: "在微信后台重新授权。" },
    "10016": {
      meaning: "这是网站应用或移动应用的 AppID，微信内网页不能使用。",
      advice: "填写服务号的 AppID。网站应用应配在“网站应用”类型的连接里。",
    },
  },
  unknown: {
    meaning: "微信返回了 {{errcode}}，控制台还没有对应的说明。",
    advice: "微信的原文见详情。凭 rid 可在 7 天内向微信客服查询这次调用。",
  },
  legs: {
    request: "收到请求",
    qr_page: "打开微信二维码页",
    long_poll: "等待扫码",
    api_token: "获取接口 token",
    mini_program_code: "由微信生成小程序码",
    authorize: "手机上授权",
    callback: "回调",
    mini_program_scan: "小程序交来 code",
    sdk_qr: "由微信生成应用二维码",
    follow_code: "由微信生成公众号二维码",
    follow_scan: "等待扫码关注",
    follower: "查询关注者",
    app_launch: "等待小程序登录",
    code_exchange: "换取身份",
    user_info: "读取昵称和头像",
    resolve: "匹配用户",
  },
  outcomes: {
    running: "进行中",
    done: "完成",
    failed: "失败",
    skipped: "无需执行",
  },
  states: {
    waiting: "等待扫码",
    scanned: "已扫码，等待确认",
    confirmed: "已确认，正在询问微信",
    decided: "已有结论",
    refused: "已在手机上拒绝",
    expired: "已过期",
    cancelled: "已取消",
    failed: "失败",
  },
} satisfies typeof en;

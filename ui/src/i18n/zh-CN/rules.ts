// 每条字段规则一句话，显示在对应的输入框下。

import type { rules as en } from "../en/rules";

export const rules = {
  required: "此项必填。",
  identifier_characters: "只能使用小写字母、数字和连字符（-）。",
  identifier_length: "长度须少于 32 个字符。",
  identifier_taken: "用户池里已有连接使用这个唯一标识。",
  identifier_immutable: "连接创建后，唯一标识不能再改。",
  kind_immutable: "连接创建后，类型不能再改。",
  display_name_length: "最多 64 个字符。",
  control_characters: "内容里混有看不见的字符，手动重新输入即可。",
  app_id_shape: "AppID 由 wx 加 16 位数字或小写字母 a–f 组成。",
  app_secret_shape: "AppSecret 由 32 位数字或小写字母 a–f 组成。",
  callback_url_shape: "须填写完整地址：以 https:// 或 http:// 开头，并带有域名。",
  callback_url_fragment: "去掉 # 及其后的内容：微信会把 code 接在后面，服务器收不到。",
  callback_url_credentials: "地址里不能带用户名和密码。",
  callback_url_not_for_kind: "这类连接没有回调地址，登录不经过浏览器。",
  verification_file_name: "须使用微信给出的文件名，不带路径，例如 MP_verify_aB3dE5fG7hJ9kL1m.txt。",
  verification_file_empty: "文件是空的，到微信后台重新下载。",
  verification_file_size: "文件超过 16 KiB。微信的校验文件只有几个字节，这应该不是它。",
  verification_file_encoding: "文件内容在传输中损坏，重新选择一次即可。",
  verification_file_taken: "另一个连接已在使用同名但内容不同的校验文件。",
  platform_account_unknown: "用户池里没有这个开放平台账号。",
  metadata_key_length: "长度须为 1–64 个字符。",
  metadata_key_characters: "首尾不能有空格，也不能含有看不见的字符。",
  metadata_value_json: "不是有效的 JSON。",
  metadata_value_size: "值超过 8 KiB。",
  metadata_value_number: "这么长的数字会被舍入。加上引号存为文本，每一位都会保留。",
  metadata_value_depth: "值的嵌套超过 16 层。",
  metadata_count: "该用户的自定义数据已达 256 个键的上限，先删除一个再添加。",
} satisfies typeof en;

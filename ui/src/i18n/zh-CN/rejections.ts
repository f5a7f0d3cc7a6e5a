// 后端最终拒绝一次修改的原因。
import type { rejections as en } from "../en/rejections";

export const rejections = {
  user_gone: {
    title: "用户已被删除",
    meaning: "修改送达后端时，用户已不存在。",
    advice: "无需操作。如果还用得到，可先复制这个值。",
  },
  too_many_keys: {
    title: "该用户放不下更多的键",
    meaning: "后端已为该用户保存 256 个键，这次修改没有存入。",
    advice: "删除不再需要的键，再重新添加。",
  },
  forbidden: {
    title: "你的角色不能编辑用户",
    meaning: "修改留在本机，后端没有存入。",
    advice: "请用户池管理员授予客服角色，然后重新保存。",
  },
  phone_taken: {
    title: "该手机号已属于其他用户",
    meaning: "用户池中已有其他用户用它登录，这次修改没有存入。",
    advice: "查找谁在使用它；如果两位用户是同一个人，可以合并。",
  },
  email_taken: {
    title: "该邮箱已属于其他用户",
    meaning: "用户池中已有其他用户用它登录，这次修改没有存入。",
    advice: "查找谁在使用它；如果两位用户是同一个人，可以合并。",
  },
  username_taken: {
    title: "该用户名已属于其他用户",
    meaning: "用户池中已有其他用户用它登录，这次修改没有存入。",
    advice: "查找谁在使用它；如果两位用户是同一个人，可以合并。",
  },
  user_exists: {
    title: "该用户已经存在",
    meaning: "另一次导入或另一台控制台已先行创建，没有重复创建。",
    advice: "无需操作。如果缺少内容，可直接编辑该用户。",
  },
  invalid: {
    title: "后端无法接受这次修改",
    meaning: "内容过大，或控制台与后端版本不同，没有存入。",
    advice: "缩短后重新保存；如果仍然失败，请复制详情并反馈。",
  },
} satisfies typeof en;

export const wechat = {};

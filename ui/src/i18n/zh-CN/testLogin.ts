export const testLogin = {};

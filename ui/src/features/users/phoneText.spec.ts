import { expect, it } from "vitest";

import { phoneText } from "./phoneText";

it.each([
  ["+8613912345678", "+86 139 1234 5678"],
  ["+861065551234", "+861065551234"],
  ["+4915112345678", "+4915112345678"],
])("writes %s as %s", (phone, written) => {
  expect(phoneText(phone)).toBe(written);
});

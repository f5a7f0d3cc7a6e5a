// Phone numbers as people read them aloud.

/** `+8613912345678` → `+86 139 1234 5678`; other countries' numbers stay as they are. */
export function phoneText(phone: string): string {
  const mobile = /^\+86(1\d{2})(\d{4})(\d{4})$/.exec(phone);
  return mobile ? `+86 ${mobile.slice(1).join(" ")}` : phone;
}

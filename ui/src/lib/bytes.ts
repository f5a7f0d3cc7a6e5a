// Bytes as the host takes them: base64, whatever their encoding.

/** Standard base64 with padding. */
export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCodePoint(byte);
  return btoa(binary);
}

/** The bytes of standard base64; empty if it is none. */
export function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.codePointAt(0) ?? 0);
  } catch {
    return new Uint8Array();
  }
}

/** A text as base64 of its UTF-8. */
export const textToBase64 = (text: string): string => base64(new TextEncoder().encode(text));

/** Base64 of UTF-8 as text. */
export const base64ToText = (encoded: string): string => new TextDecoder().decode(fromBase64(encoded));

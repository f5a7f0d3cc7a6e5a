// One sentence per rule that a value can break, shown at its field.

import type { Rule } from "../../ipc/bindings";

export const rules = {
  required: "A value is needed here.",
  identifier_characters: "Use lower-case letters, digits and - only.",
  identifier_length: "Use fewer than 32 characters.",
  identifier_taken: "Another connection of this pool already has this identifier.",
  identifier_immutable: "The identifier cannot change once the connection exists.",
  kind_immutable: "The kind cannot change once the connection exists.",
  display_name_length: "Use at most 64 characters.",
  control_characters: "This contains characters that cannot be seen. Type it anew instead of pasting it.",
  app_id_shape: "An AppID is wx followed by 16 digits or letters a to f, in lower case.",
  app_secret_shape: "An AppSecret is 32 digits or letters a to f, in lower case.",
  callback_url_shape: "Enter a whole address that begins with https:// or http:// and names a host.",
  callback_url_fragment:
    "Leave out the part from # on: WeChat would put the code behind it, where a server never sees it.",
  callback_url_credentials: "Leave user name and password out of the address.",
  callback_url_not_for_kind: "This kind has no callback: no browser comes back.",
  settings_not_for_kind: "These settings belong to another kind of connection.",
  mini_program_page_shape:
    "Name the page as the mini program does, for example pages/login/index: no / before it, no query.",
  logo_url_shape: "Enter a whole address that begins with https://.",
  push_token_shape: "A Token is 3 to 32 letters and digits.",
  encoding_aes_key_shape: "An EncodingAESKey is 43 letters and digits.",
  push_secret_not_for_kind: "This kind has no Token and no EncodingAESKey: WeChat pushes nothing for it.",
  verification_file_name: "Use the bare file name WeChat gave, for example MP_verify_aB3dE5fG7hJ9kL1m.txt.",
  verification_file_empty: "The file is empty. Download it from WeChat once more.",
  verification_file_size:
    "The file is larger than 16 KiB. WeChat's own are a few bytes: this is another file.",
  verification_file_encoding: "The content arrived damaged. Choose the file again.",
  verification_file_taken: "Another connection already serves a different file of this name.",
  platform_account_unknown: "This pool has no such Open Platform account.",
  metadata_key_length: "Use 1 to 64 characters.",
  metadata_key_characters: "No blanks at either end, and no characters that cannot be seen.",
  metadata_value_json: "This is not valid JSON.",
  metadata_value_size: "The value is larger than 8 KiB.",
  metadata_value_number:
    "A number this long would be rounded. Put it in quotes to keep every digit, as text.",
  metadata_value_depth: "The value is nested deeper than 16 levels.",
  profile_length: "At most 512 characters.",
  user_unknown: "There is no such user any more.",
  field_unknown: "There is no field of this name.",
  same_user: "Choose two different users.",
  metadata_count: "This user already has 256 keys, the most there can be. Remove one first.",
  name_taken: "Another entry of this pool already has this name.",
  email_shape: "Enter a whole e-mail address.",
  email_taken: "Another operator of this pool already has this address.",
  redirect_url_shape:
    "Enter a whole address without a # part. A * may only stand for one whole part of the host name.",
  connection_unknown: "This pool has no connection with this identifier.",
  operator_unknown: "This pool has no such operator.",
  application_id_taken: "Another application already has this id.",
  application_id_immutable: "An application keeps its id.",
  expiry_past: "Choose a moment in the future.",
} satisfies Record<Rule, string>;

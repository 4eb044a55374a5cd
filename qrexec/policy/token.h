// Token: who a rule or a request speaks of (policy.md 3). Where a token may stand is checked while parsing, so that a
// Token in a Rule is always one that is allowed there.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bh::policy {

inline constexpr std::string_view kDom0Uuid = "uuid:00000000-0000-0000-0000-000000000000";

enum class TokenKind {
  everything,      // *
  any_qube,        // @anyvm: all but dom0
  default_target,  // @default
  dom0,            // dom0, @adminvm or the zero uuid
  name,
  uuid,           // value with the "uuid:" in front
  type,           // @type:CLASS
  tag,            // @tag:TAG
  dispvm,         // @dispvm: of the source's default template
  dispvm_of,      // @dispvm:NAME or @dispvm:uuid:UUID; value is what follows
  dispvm_tagged,  // @dispvm:@tag:TAG
};

enum class TokenPlace { source, target, redirect, request };

struct Token {
  TokenKind kind = TokenKind::name;
  std::string value;    // the part after the prefix, or the name
  std::string written;  // all of it, as it stood in the file or the request
};

// The error is a sentence: "invalid source token: ...".
[[nodiscard]] Result<Token, std::string> parse_token(std::string_view text, TokenPlace place);

}  // namespace bh::policy

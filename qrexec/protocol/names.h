// Names on the wire (qrexec.md 4), each a type of its own, so that a target is never judged as a service (H01).
// GUARD: a VM chooses all of them; only the allowed characters exist past this file, so none can end a line, a word or a path.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bh::qrexec {

inline constexpr std::size_t kMaxServiceText = 64999;  // 65000 with its NUL
inline constexpr std::size_t kMaxPartyText = 63;
inline constexpr std::size_t kMaxIdentText = 31;

enum class BadName { empty, too_long, bad_character, no_terminator, inner_nul };
[[nodiscard]] char const* to_string(BadName error);

// "service" or "service+argument". Bytes outside A-Za-z0-9_-.+ have become '_'.
class ServiceDescriptor {
 public:
  // Of the text without its NUL. Empty, beginning with '+' or holding a NUL is an error.
  static Result<ServiceDescriptor, BadName> sanitise(std::string_view text);
  [[nodiscard]] std::string const& text() const { return text_; }
  // With '+' appended where there is none: what policy and target are told.
  [[nodiscard]] std::string with_plus() const;

 private:
  explicit ServiceDescriptor(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// A target or source as a VM wrote it: bytes outside A-Za-z0-9_-.@: have become '_'; at most 63; may be empty.
template <class Tag>
class PartyName {
 public:
  // Up to the first NUL; a field without one loses its last byte, as if the NUL had been there.
  static PartyName sanitise(std::span<std::byte const> field);
  [[nodiscard]] std::string const& text() const { return text_; }

 private:
  explicit PartyName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};
using TargetName = PartyName<struct TargetTag>;
using SourceName = PartyName<struct SourceTag>;

// The 32 bytes of an ident exactly as received: a refusal must echo them, whatever they are.
using RawIdent = std::array<std::byte, 32>;

// An ident that passed the check: [0-9A-Za-z_-. ]{0,31}, then zeroes.
class Ident {
 public:
  static Result<Ident, BadName> parse(RawIdent const& raw);
  static Result<Ident, BadName> parse(std::string_view text);
  [[nodiscard]] std::string const& text() const { return text_; }
  [[nodiscard]] RawIdent raw() const;
  friend auto operator<=>(Ident const&, Ident const&) = default;

 private:
  explicit Ident(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace bh::qrexec

#include "qrexec/protocol/names.h"

#include <algorithm>
#include <cstring>

namespace bh::qrexec {

namespace {

bool alphanumeric(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::string replaced(std::string_view text, std::string_view also_allowed) {
  std::string clean(text);
  for (char& c : clean) {
    if (!alphanumeric(c) && also_allowed.find(c) == std::string_view::npos) c = '_';
  }
  return clean;
}

std::string_view until_nul(std::span<std::byte const> field) {
  std::string_view const text(reinterpret_cast<char const*>(field.data()), field.empty() ? 0 : field.size() - 1);
  return text.substr(0, text.find('\0'));
}

}  // namespace

char const* to_string(BadName error) {
  switch (error) {
    case BadName::empty: return "is empty";
    case BadName::too_long: return "is too long";
    case BadName::bad_character: return "holds a character that is not allowed";
    case BadName::no_terminator: return "does not end with a NUL";
    case BadName::inner_nul: return "holds a NUL before its end";
  }
  return "is bad";
}

Result<ServiceDescriptor, BadName> ServiceDescriptor::sanitise(std::string_view text) {
  if (text.empty() || text.front() == '+') return Failure{BadName::empty};
  if (text.size() > kMaxServiceText) return Failure{BadName::too_long};
  if (text.find('\0') != std::string_view::npos) return Failure{BadName::inner_nul};
  return ServiceDescriptor(replaced(text, "_-.+"));
}

std::string ServiceDescriptor::with_plus() const { return text_.find('+') == std::string::npos ? text_ + '+' : text_; }

template <class Tag>
PartyName<Tag> PartyName<Tag>::sanitise(std::span<std::byte const> field) {
  return PartyName(replaced(until_nul(field), "_-.@:"));
}
template class PartyName<TargetTag>;
template class PartyName<SourceTag>;

Result<Ident, BadName> Ident::parse(RawIdent const& raw) {
  auto const end = std::find(raw.begin(), raw.end(), std::byte{0});
  if (end == raw.end()) return Failure{BadName::no_terminator};
  if (std::any_of(end, raw.end(), [](std::byte b) { return b != std::byte{0}; })) return Failure{BadName::inner_nul};
  return parse(std::string_view(reinterpret_cast<char const*>(raw.data()), static_cast<std::size_t>(end - raw.begin())));
}

Result<Ident, BadName> Ident::parse(std::string_view text) {
  if (text.size() > kMaxIdentText) return Failure{BadName::too_long};
  if (replaced(text, "_-. ") != text) return Failure{BadName::bad_character};
  return Ident(std::string(text));
}

RawIdent Ident::raw() const {
  RawIdent raw{};
  std::memcpy(raw.data(), text_.data(), text_.size());
  return raw;
}

}  // namespace bh::qrexec

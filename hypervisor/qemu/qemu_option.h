// QemuOption: one value of QEMU's "head,key=value,key=value" form, built from typed parts. A comma in a value separates options unless
// doubled, so a qube named "x,readonly=off" would reconfigure its own machine (R25): nothing is ever pasted, and a test parses it back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bh::qemu {

class QemuOption {
 public:
  // The part before the first comma, without a key; empty: none.
  explicit QemuOption(std::string_view head = {}) : text_(escaped(head)) {}
  // `key` is a constant of ours: [a-z0-9_.-]+, asserted.
  QemuOption& set(std::string_view key, std::string_view value);
  QemuOption& set(std::string_view key, std::uint64_t value) { return set(key, std::to_string(value)); }
  QemuOption& on(std::string_view key) { return set(key, "on"); }
  QemuOption& off(std::string_view key) { return set(key, "off"); }
  [[nodiscard]] std::string const& text() const { return text_; }

 private:
  static std::string escaped(std::string_view value);
  std::string text_;
};

struct ParsedOption {
  std::string head;
  std::vector<std::pair<std::string, std::string>> values;
  friend bool operator==(ParsedOption const&, ParsedOption const&) = default;
};

// Reads such a text as QEMU does (opts_parse in util/qemu-option.c). `has_head`: the first part is a value without a key.
// nullopt: a part has no '='.
[[nodiscard]] std::optional<ParsedOption> parse_option(std::string_view text, bool has_head);

}  // namespace bh::qemu

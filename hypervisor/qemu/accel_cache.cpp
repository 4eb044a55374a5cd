#include "hypervisor/qemu/accel_cache.h"

#include <utility>

#include "base/display_text.h"

namespace bh::qemu {

namespace {

// The text after "NAME=" on the next line, which is consumed.
std::optional<std::string_view> next_value(std::string_view& text, std::string_view name) {
  std::size_t const end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (!line.starts_with(name) || line.substr(name.size(), 1) != "=") return std::nullopt;
  return line.substr(name.size() + 1);
}

}  // namespace

std::string format_accel_cache(AccelKey const& key, AccelAnswer const& answer) {
  std::string text;
  auto const line = [&](std::string_view name, std::string_view value) {
    text.append(name).append("=").append(for_display(value)).append("\n");
  };
  line("format", "1");
  line("boot-id", key.boot_id);
  line("kernel", key.kernel);
  line("qemu", key.qemu);
  line("accel", to_string(answer.accel));
  line("reason", answer.reason);
  return text;
}

std::optional<AccelAnswer> parse_accel_cache(std::string_view text, AccelKey const& key) {
  std::pair<std::string_view, std::string> const expected[] = {
      {"format", "1"}, {"boot-id", for_display(key.boot_id)}, {"kernel", for_display(key.kernel)}, {"qemu", for_display(key.qemu)}};
  for (auto const& [name, wanted] : expected) {
    auto const value = next_value(text, name);
    if (!value || *value != wanted) return std::nullopt;
  }
  auto const accel = next_value(text, "accel");
  auto const reason = next_value(text, "reason");
  if (!accel || !reason || !text.empty()) return std::nullopt;
  if (*accel != "kvm" && *accel != "tcg") return std::nullopt;
  return AccelAnswer{*accel == "kvm" ? machine::Accel::kvm : machine::Accel::tcg, std::string(*reason)};
}

}  // namespace bh::qemu

#include "hypervisor/qemu/snapshot_manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/display_text.h"
#include "hypervisor/qemu/json_depth.h"

namespace bh::qemu {

using nlohmann::json;

namespace {

constexpr int kFormat = 1;
constexpr int kMaxNesting = 4;
constexpr std::uint64_t kMaxFile = std::uint64_t{1} << 42;  // 4 TiB
constexpr std::int64_t kMaxTime = std::int64_t{1} << 40;

json file_of(ManifestFile const& file) { return {{"size", file.size.value()}, {"blake2b", file.hash}}; }

Failure<Error> refused(char const* what) { return Failure{Error{std::string("its manifest is not one of ours: ") + what, 0}}; }

json const* member(json const& object, char const* key) {
  if (!object.is_object()) return nullptr;
  auto const found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> number(json const& object, char const* key, std::uint64_t max) {
  json const* const found = member(object, key);
  if (found == nullptr || !found->is_number_unsigned() || found->get<std::uint64_t>() > max) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::optional<std::string> hex_name(json const& object, char const* key) {
  json const* const found = member(object, key);
  if (found == nullptr || !found->is_string() || !is_snapshot_key(found->get_ref<std::string const&>())) return std::nullopt;
  return found->get<std::string>();
}

std::optional<ManifestFile> file_in(json const& object, char const* key) {
  json const* const found = member(object, key);
  if (found == nullptr) return std::nullopt;
  auto const size = number(*found, "size", kMaxFile);
  auto hash = hex_name(*found, "blake2b");
  if (!size || !hash) return std::nullopt;
  return ManifestFile{ByteCount(*size), *std::move(hash)};
}

}  // namespace

bool is_snapshot_key(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string format_manifest(SnapshotManifest const& manifest) {
  json object{{"format", kFormat}, {"key", manifest.key}, {"made", manifest.made}, {"note", for_display(manifest.note, 200)}, {"memory", file_of(manifest.memory)}, {"state", file_of(manifest.state)}};
  if (manifest.tsc) object["tsc_khz"] = manifest.tsc->value();
  if (manifest.overlay) object["overlay"] = file_of(*manifest.overlay);
  return object.dump(1) + "\n";
}

Result<SnapshotManifest> parse_snapshot_manifest(std::string_view text) {
  // GUARD: a file that somebody put there: capped, and flat before the parser sees it.
  if (text.size() > kMaxManifest) return refused("too long");
  if (nests_too_deep(text, kMaxNesting)) return refused("it nests too deep");
  json const object = json::parse(text, nullptr, false);
  if (object.is_discarded() || !object.is_object()) return refused("no JSON object");
  if (number(object, "format", 1000) != kFormat) return refused("another format");
  SnapshotManifest manifest;
  auto key = hex_name(object, "key");
  auto const made = number(object, "made", kMaxTime);
  auto memory = file_in(object, "memory");
  auto state = file_in(object, "state");
  if (!key || !made || !memory || !state) return refused("something is missing");
  manifest.key = *std::move(key);
  manifest.made = static_cast<std::int64_t>(*made);
  manifest.memory = *std::move(memory);
  manifest.state = *std::move(state);
  if (member(object, "overlay") != nullptr && !(manifest.overlay = file_in(object, "overlay"))) return refused("the overlay is not described");
  if (member(object, "tsc_khz") != nullptr) {
    auto const tsc = number(object, "tsc_khz", UINT32_MAX);
    if (!tsc) return refused("the clock's rate is none");
    manifest.tsc = machine::Kilohertz(static_cast<std::uint32_t>(*tsc));
  }
  if (json const* const note = member(object, "note"); note != nullptr && note->is_string()) manifest.note = for_display(note->get_ref<std::string const&>(), 200);
  return manifest;
}

}  // namespace bh::qemu

// Names of volumes and revisions, and LVM's lists: whatever is accepted is safe as part of a path, and goes there and back unchanged.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "hypervisor/volumes/pool/lvm_command.h"

namespace {

using namespace bh::volumes;

void require(bool good) {
  if (!good) std::abort();
}

bool is_safe(std::string_view part) {
  return !part.empty() && part.front() != '.' && part.front() != '-' && part.find('/') == std::string_view::npos && part.find('+') == std::string_view::npos &&
         part.find('\0') == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  if (auto const id = VolumeId::parse(text)) {
    require(is_safe(id->qube()) && is_safe(id->volume()) && id->text() == text);
    auto const back = lvm::parse_name(lvm::name_of(*id, "dirty"));
    require(back && back->id == *id && back->suffix == "dirty");
  }
  if (auto const revision = RevisionId::parse(text)) require(is_safe(revision->text()) && revision->text() == text);
  if (auto const name = lvm::parse_name(text)) require(lvm::name_of(name->id, name->suffix) == text);
  if (auto const list = lvm::parse_list(text)) {
    for (auto const& volume : *list) require(volume.used <= volume.size);
  }
  return 0;
}

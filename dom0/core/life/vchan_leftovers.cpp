#include "dom0/core/life/vchan_leftovers.h"

#include <string>

namespace bh::dom0 {

void remove_vchan_names(std::filesystem::path const& folder, DomainId domain) {
  std::string const number = std::to_string(domain.value());
  std::error_code error;
  for (auto const& entry : std::filesystem::directory_iterator(folder, error)) {
    std::string const file = entry.path().filename().string();
    if (!file.starts_with("vchan.")) continue;
    std::size_t const client = file.find('.', 6);
    bool const serves = file.starts_with("vchan." + number + ".");
    bool const served = client != std::string::npos && file.compare(client, number.size() + 2, "." + number + ".") == 0;
    if (serves || served) std::filesystem::remove(entry.path(), error);
  }
}

}  // namespace bh::dom0

// Template folders on the disk become TemplateVMs in the registry, and leave it when folder and users are gone.
#pragma once

#include <filesystem>
#include <functional>

#include "dom0/core/store/registry.h"
#include "hypervisor/volumes/template_image.h"

namespace bh::dom0 {

class TemplateScan {
 public:
  using Found = std::function<void(volumes::TemplateImage const&)>;
  TemplateScan(Registry& registry, std::filesystem::path folder, Found found)
      : registry_(registry), folder_(std::move(folder)), found_(std::move(found)) {}
  // Cheap when the folder did not change since the last call: called before every Admin API call.
  void run();

 private:
  void add(std::string const& name, std::filesystem::path const& path);
  void remove_vanished();
  Registry& registry_;
  std::filesystem::path folder_;
  Found found_;
  std::filesystem::file_time_type seen_{};
};

}  // namespace bh::dom0

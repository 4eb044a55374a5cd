// A template as it lies on the disk: a folder with manifest.json (docs/architecture.md), written by templates/build.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bh::volumes {

struct TemplateImage {
  std::string name;
  std::filesystem::path root;    // absolute, as are the next two
  std::filesystem::path kernel;
  std::filesystem::path initrd;
  std::string cmdline;
  std::string hash;  // of all the inputs it was built from
};

// Pure: `folder` only completes the file names, which must be plain ones.
Result<TemplateImage> parse_manifest(std::string_view json, std::filesystem::path const& folder);
// Reads FOLDER/manifest.json and checks that the files are there.
Result<TemplateImage> open_template(std::filesystem::path const& folder);

}  // namespace bh::volumes

#include "hypervisor/volumes/template_image.h"

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/posix_io.h"

namespace bh::volumes {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::size_t kMaxManifest = 65536;

Failure<Error> refused(fs::path const& folder, std::string text) {
  return Failure{Error{"template " + folder.string() + ": manifest.json " + std::move(text), 0}};
}

Result<std::string> text_of(json const& manifest, char const* key, fs::path const& folder) {
  auto const found = manifest.find(key);
  if (found == manifest.end() || !found->is_string()) return refused(folder, std::string("has no text \"") + key + "\"");
  return found->get<std::string>();
}

// A manifest may come with a template from elsewhere: it must not reach out of its folder.
Result<fs::path> file_of(json const& manifest, char const* key, fs::path const& folder) {
  BH_TRY(name, text_of(manifest, key, folder));
  bool const plain = !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
  if (!plain) return refused(folder, std::string("gives no plain file name as \"") + key + "\"");
  return folder / name;
}

}  // namespace

Result<TemplateImage> parse_manifest(std::string_view text, fs::path const& folder) {
  if (text.size() > kMaxManifest) return refused(folder, "is too long");
  json const manifest = json::parse(text, nullptr, false);
  if (!manifest.is_object()) return refused(folder, "is not a JSON object");
  auto const format = manifest.find("format");
  if (format == manifest.end() || !format->is_number_integer() || *format != 1) {
    return refused(folder, "has another format than 1; build the template again with templates/build");
  }
  BH_TRY(name, text_of(manifest, "name", folder));
  BH_TRY(root, file_of(manifest, "root", folder));
  BH_TRY(kernel, file_of(manifest, "kernel", folder));
  BH_TRY(initrd, file_of(manifest, "initrd", folder));
  BH_TRY(cmdline, text_of(manifest, "cmdline", folder));
  BH_TRY(hash, text_of(manifest, "hash", folder));
  return TemplateImage{std::move(name), std::move(root), std::move(kernel), std::move(initrd), std::move(cmdline), std::move(hash)};
}

Result<TemplateImage> open_template(fs::path const& folder) {
  fs::path const absolute = fs::absolute(folder);
  BH_TRY(text, read_file(absolute / "manifest.json", kMaxManifest));
  BH_TRY(image, parse_manifest(text, absolute));
  for (auto const& file : {image.root, image.kernel, image.initrd}) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) {
      return Failure{Error{"template " + absolute.string() + ": " + file.filename().string() + " is missing; build it again with templates/build", ENOENT}};
    }
  }
  return image;
}

}  // namespace bh::volumes

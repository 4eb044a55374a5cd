#include "qrexec/service/lookup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/log.h"
#include "base/posix_io.h"

namespace bh::qrexec {

namespace {

constexpr std::size_t kMaxFileName = 255;

Failure<ServiceFailure> problem(std::filesystem::path const& path, std::string const& why) {
  return Failure{ServiceFailure{kExitProblem, path.string() + ": " + why}};
}

// nullopt: nothing of that name here. Any error but ENOENT is final, and so is a dangling link.
Result<std::optional<struct stat>, ServiceFailure> entry_at(std::filesystem::path const& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return std::optional<struct stat>{};
    return problem(path, Error::from_errno("look at it").message);
  }
  return std::optional(info);
}

Result<FoundService, ServiceFailure> kind_of(std::filesystem::path const& path, struct stat info, ServiceCall const& call) {
  if (S_ISLNK(info.st_mode)) {
    // GUARD (H05): the text of the link decides, before anything follows it.
    std::array<char, 4096> text{};
    ssize_t const length = ::readlink(path.c_str(), text.data(), text.size());
    if (length < 0) return problem(path, Error::from_errno("read the link").message);
    std::string_view const link(text.data(), static_cast<std::size_t>(length));
    if (is_tcp_link(link)) {
      auto target = parse_tcp_target(link, call.argument);
      if (!target) return problem(path, target.error());
      return FoundService(*std::move(target));
    }
    if (::stat(path.c_str(), &info) != 0) return problem(path, Error::from_errno("follow the link").message);
  }
  if (S_ISSOCK(info.st_mode)) return FoundService(SocketService{path});
  if (!S_ISREG(info.st_mode)) return problem(path, "is neither a program nor a socket");
  if (::access(path.c_str(), X_OK) != 0) return problem(path, "is not executable");
  return FoundService(ExecutableService{path});
}

// In the order of the lookup: with argument first. A name too long for a file cannot be there.
std::vector<std::string> file_names(ServiceCall const& call) {
  std::string const full = call.argument ? call.descriptor : call.name + '+';
  if (full.size() > kMaxFileName) return {call.name};
  return {full, call.name};
}

}  // namespace

Folders split_folders(std::string_view text) {
  Folders folders;
  while (!text.empty()) {
    std::size_t const colon = text.find(':');
    if (colon != 0) folders.emplace_back(text.substr(0, colon));
    text.remove_prefix(colon == std::string_view::npos ? text.size() : colon + 1);
  }
  return folders;
}

Result<FoundService, ServiceFailure> find_service(Folders const& folders, ServiceCall const& call) {
  for (std::string const& name : file_names(call)) {
    for (auto const& folder : folders) {
      BH_TRY(entry, entry_at(folder / name));
      if (entry) return kind_of(folder / name, *entry, call);
    }
  }
  return Failure{ServiceFailure{kExitNotFound, "no service " + call.descriptor + " here"}};
}

Result<ServiceConfig, ServiceFailure> load_service_config(Folders const& folders, ServiceCall const& call) {
  for (std::string const& name : file_names(call)) {
    for (auto const& folder : folders) {
      std::filesystem::path const path = folder / name;
      BH_TRY(entry, entry_at(path));
      if (!entry) continue;
      auto const text = read_file(path, kMaxServiceConfig);
      if (!text) return problem(path, text.error().message);
      auto config = parse_service_config(*text);
      if (!config) return problem(path, "line " + std::to_string(config.error().line) + ": " + config.error().what);
      for (auto const& key : config->unknown_keys) log::warning(path.string() + ": unknown key " + key + " ignored");
      return *std::move(config);
    }
  }
  return ServiceConfig{};
}

}  // namespace bh::qrexec

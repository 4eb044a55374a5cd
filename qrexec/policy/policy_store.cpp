#include "qrexec/policy/policy_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/posix_io.h"
#include "base/sha256.h"
#include "qrexec/policy/overlay_files.h"
#include "qrexec/policy/rule_parser.h"

namespace bh::policy {
namespace {

constexpr unsigned kMode = 0664;
constexpr std::string_view kSuffix = ".policy";
constexpr char kRegistered[] = "60-registered-arguments";

Failure<StoreError> failed(StoreErrorKind kind, std::string message) { return Failure{StoreError{kind, std::move(message)}}; }

bool has_name_characters(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// Held while a change is checked and made; others wait.
Result<UniqueFd, StoreError> lock_folder(std::string const& folder) {
  auto fd = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) return failed(StoreErrorKind::general, fd.error().message);
  if (::flock(fd->borrow(), LOCK_EX) != 0) return failed(StoreErrorKind::general, Error::from_errno("lock " + folder).message);
  return *std::move(fd);
}

bool speaks_of(Rule const& rule, std::string_view service) { return !rule.service || *rule.service == service; }

}  // namespace

std::string_view exception_name(StoreErrorKind kind) {
  switch (kind) {
    case StoreErrorKind::general: return "PolicyAdminException";
    case StoreErrorKind::token: return "PolicyAdminTokenException";
    case StoreErrorKind::not_found: return "PolicyAdminFileNotFoundException";
    case StoreErrorKind::protocol: return "PolicyAdminProtocolException";
    case StoreErrorKind::syntax: return "PolicyAdminSyntaxException";
    case StoreErrorKind::file_name: return "PolicyAdminInvalidFileNameException";
  }
  return "PolicyAdminException";
}

std::string change_token(std::string_view text) { return "sha256:" + sha256_hex(as_bytes(text)); }

Result<StoredName, StoreError> StoredName::parse(bool include, std::string_view name) {
  if (!has_name_characters(name)) {
    return failed(StoreErrorKind::file_name, "a policy file's name has letters, digits, _ and - only");
  }
  return StoredName{include, std::string(name)};
}

Result<StoredName, StoreError> StoredName::parse(std::string_view text) {
  bool const include = text.starts_with("include/");
  if (include) text.remove_prefix(8);
  return parse(include, text);
}

std::string PolicyStore::path_of(StoredName const& name) const {
  return folder() + (name.include ? "/include/" + name.name : "/" + name.name + std::string(kSuffix));
}

Result<std::vector<std::string>, StoreError> PolicyStore::list(bool include) const {
  std::string const place = include ? folder() + "/include" : folder();
  std::vector<std::string> names;
  if (include && !std::filesystem::exists(place)) return names;
  auto const entries = files_.list(place);
  if (!entries) return failed(StoreErrorKind::general, entries.error().message);
  for (auto const& [name, kind] : *entries) {
    if (kind != PolicyFiles::Kind::file || name.starts_with('.')) continue;
    if (include) {
      names.push_back(name);
    } else if (name.ends_with(kSuffix)) {
      names.push_back(name.substr(0, name.size() - kSuffix.size()));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<PolicyStore::Content, StoreError> PolicyStore::get(StoredName const& name) const {
  std::string const path = path_of(name);
  auto const kind = files_.kind(path);
  if (kind && *kind != PolicyFiles::Kind::file) return failed(StoreErrorKind::not_found, "there is no policy file " + name.name);
  auto text = files_.read(path, kMaxFileSize);
  if (!text) return failed(StoreErrorKind::general, text.error().message);
  std::string token = change_token(*text);
  return Content{std::move(token), *std::move(text)};
}

Result<Policy, Problems> PolicyStore::try_change(StoredName const& name, std::optional<std::string> text) const {
  return load_policy(OverlayFiles(files_, path_of(name), std::move(text)), where_);
}

Result<void, StoreError> PolicyStore::check(StoredName const& name, std::string_view token,
                                            std::optional<std::string> const& text) const {
  auto const current = get(name);
  bool const there = current.ok();
  if (!there && current.error().kind != StoreErrorKind::not_found) return Failure{current.error()};
  if (token == "new") {
    if (there) return failed(StoreErrorKind::token, "the file " + name.name + " exists already");
  } else if (token != "any") {
    if (!token.starts_with("sha256:")) return failed(StoreErrorKind::token, "the token is neither any nor new nor sha256:...");
    if (!there || current->token != token) {
      return failed(StoreErrorKind::token, "the file " + name.name + " was changed by somebody else; get it again");
    }
  }
  if (!text && !there) return failed(StoreErrorKind::not_found, "there is no policy file " + name.name);
  auto const tried = try_change(name, text);
  if (!tried) return failed(StoreErrorKind::syntax, tried.error().front().for_people());
  return {};
}

Result<void, StoreError> PolicyStore::write(StoredName const& name, std::string const& text) const {
  if (name.include) {
    std::error_code ignored;
    std::filesystem::create_directory(folder() + "/include", ignored);
  }
  auto const written = write_file_atomically(path_of(name), text, kMode);
  if (!written) return failed(StoreErrorKind::general, written.error().message);
  return {};
}

Result<void, StoreError> PolicyStore::replace(StoredName const& name, std::string_view token, std::string const& text) const {
  BH_TRY(lock, lock_folder(folder()));
  BH_CHECK(check(name, token, text));
  return write(name, text);
}

Result<void, StoreError> PolicyStore::remove(StoredName const& name, std::string_view token) const {
  BH_TRY(lock, lock_folder(folder()));
  BH_CHECK(check(name, token, std::nullopt));
  if (::unlink(path_of(name).c_str()) != 0) {
    return failed(StoreErrorKind::general, Error::from_errno("remove " + path_of(name)).message);
  }
  return {};
}

Result<std::vector<std::string>, StoreError> PolicyStore::files_of(std::string_view service) const {
  if (!is_service_name(service)) return failed(StoreErrorKind::protocol, "the argument must be a service's name");
  auto const policy = load_policy(files_, where_);
  if (!policy) return failed(StoreErrorKind::syntax, policy.error().front().for_people());
  std::vector<std::string> found;
  for (Rule const& rule : policy->rules()) {
    if (!speaks_of(rule, service)) continue;
    bool const own = rule.at.file.find('/') == std::string::npos && rule.at.file.ends_with(kSuffix);
    std::string text = own ? rule.at.file.substr(0, rule.at.file.size() - kSuffix.size())
                           : (std::filesystem::path(rule.at.folder) / rule.at.file).string();
    if (std::find(found.begin(), found.end(), text) == found.end()) found.push_back(std::move(text));
  }
  return found;
}

Result<void, StoreError> PolicyStore::register_argument(std::string const& service, std::string const& argument,
                                                        std::string const& frontend, std::string const& backend) const {
  bool const plain = !argument.empty() && argument.size() <= 64 && is_service_name(argument);
  if (!plain) return failed(StoreErrorKind::protocol, "the argument has 1 to 64 letters, digits and . _ -");
  if (!is_service_name(service)) return failed(StoreErrorKind::protocol, "invalid service name");
  for (std::string const& qube : {frontend, backend}) {
    auto const token = parse_token(qube, TokenPlace::redirect);
    if (!token || token->kind != TokenKind::name || !is_service_name(qube)) {
      return failed(StoreErrorKind::protocol, "source and target must be qubes");
    }
  }
  BH_TRY(lock, lock_folder(folder()));
  auto const policy = load_policy(files_, where_);
  if (!policy) return failed(StoreErrorKind::syntax, policy.error().front().for_people());
  for (Rule const& rule : policy->rules()) {
    if (rule.service == service && rule.argument == "+" + argument) {
      return failed(StoreErrorKind::general, "there is a rule for " + service + "+" + argument + " already");
    }
  }
  StoredName const name{false, kRegistered};
  auto current = get(name);
  if (!current && current.error().kind != StoreErrorKind::not_found) return Failure{current.error()};
  std::string text = current ? current->text : std::string();
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  text += service + " +" + argument + " " + frontend + " " + backend + " allow\n";
  BH_CHECK(check(name, "any", text));
  return write(name, text);
}

}  // namespace bh::policy

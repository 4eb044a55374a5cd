#include "qrexec/policy/loader.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "qrexec/policy/file_parser.h"

namespace bh::policy {
namespace {

// A file on its way in: where it lies, and how it is called in messages.
struct Source {
  std::string path;
  Location at;
};

bool is_policy_name(std::string_view name) { return name.ends_with(".policy") && !name.starts_with('.'); }

bool has_allowed_characters(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
}

// For messages and loop checks only: files are opened by the path as written, which links may take elsewhere.
Source source_in(std::string const& folder, std::string const& path) {
  std::filesystem::path const joined = std::filesystem::path(folder) / path;
  std::string const within =
      joined.lexically_normal().lexically_relative(std::filesystem::path(folder).lexically_normal()).string();
  bool const outside = within.empty() || within == ".." || within.starts_with("../");
  return {joined.string(), Location{folder, outside ? joined.lexically_normal().string() : within, 0, 0}};
}

class Loader {
 public:
  Loader(PolicyFiles const& files, PolicyFolders const& where) : files_(files), where_(where) {}

  Result<Policy, Problems> load() {
    std::map<std::string, std::string> folder_of;  // sorted by file name over all folders
    for (std::string const& folder : where_.folders) {
      for (std::string const& name : policy_names(folder, Location{folder, {}, 0, 0})) folder_of.emplace(name, folder);
    }
    if (problems_.empty()) {
      for (auto const& [name, folder] : folder_of) new_style(source_in(folder, name));
    }
    if (!problems_.empty()) return Failure{std::move(problems_)};
    return Policy(std::move(rules_));
  }

 private:
  void problem(ProblemKind kind, Location at, std::string message, std::string hint = {}) {
    if (problems_.size() < kMaxProblems)
      problems_.push_back({kind, std::move(at), std::move(message), std::move(hint)});
  }
  [[nodiscard]] bool full() const { return problems_.size() >= kMaxProblems; }

  std::vector<std::string> policy_names(std::string const& folder, Location const& at) {
    std::vector<std::string> names;
    auto entries = files_.list(folder);
    if (!entries) {
      problem(ProblemKind::io, at, entries.error().message, "every policy folder must exist and be readable");
      return names;
    }
    for (auto const& [name, kind] : *entries) {
      if (kind != PolicyFiles::Kind::file || !is_policy_name(name)) continue;
      if (!has_allowed_characters(name)) {
        problem(ProblemKind::filename, Location{folder, name, 0, 0}, "invalid filename",
                "only a-z 0-9 _ . - are allowed");
        continue;
      }
      names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  std::optional<std::string> text_of(Source const& source) {
    if (++files_read_ > kMaxFiles) {
      problem(ProblemKind::io, source.at, "more than " + std::to_string(kMaxFiles) + " policy files are read",
              "includes count each time they are read");
      return std::nullopt;
    }
    auto text = files_.read(source.path, kMaxFileSize);
    if (!text) {
      problem(ProblemKind::io, source.at, text.error().message);
      return std::nullopt;
    }
    return *std::move(text);
  }

  void new_style(Source const& source) {
    if (full()) return;
    if (auto const text = text_of(source)) expand(source, parse_new_style(source.at, *text), std::nullopt);
  }
  void old_style(Source const& source, ServicePattern const& pattern) {
    if (full()) return;
    if (auto const text = text_of(source)) expand(source, parse_old_style(pattern, source.at, *text), pattern);
  }

  void expand(Source const& source, ParsedFile parsed, std::optional<ServicePattern> const& pattern) {
    for (Problem& found : parsed.problems)
      problem(found.kind, std::move(found.at), std::move(found.message), std::move(found.hint));
    open_.push_back(source.path);
    for (Item& item : parsed.items) {
      if (full()) break;
      if (auto* rule = std::get_if<Rule>(&item))
        add(std::move(*rule));
      else if (auto const* file = std::get_if<IncludeFile>(&item))
        include(source, file->path, file->at, pattern);
      else if (auto const* service = std::get_if<IncludeService>(&item))
        include(source, service->path, service->at, service->pattern);
      else if (auto const* folder = std::get_if<IncludeFolder>(&item))
        include_folder(source, *folder);
      else if (auto const* legacy = std::get_if<IncludeLegacy>(&item))
        include_legacy(legacy->at);
    }
    open_.pop_back();
  }

  void add(Rule rule) {
    if (rules_.size() < kMaxRules) return rules_.push_back(std::move(rule));
    // Said once, then reading stops: a policy cut short is no policy.
    problem(ProblemKind::syntax, rule.at, "more than " + std::to_string(kMaxRules) + " rules");
    problems_.resize(kMaxProblems, problems_.back());
  }

  void include(Source const& from, std::string const& path, Location const& at,
               std::optional<ServicePattern> const& pattern) {
    Source const source = source_in(from.at.folder, path);
    auto const kind = files_.kind(source.path);
    if (!kind) return problem(ProblemKind::io, at, kind.error().message);
    if (*kind == PolicyFiles::Kind::missing) {
      return problem(ProblemKind::syntax, at, "no such policy file: " + source.path,
                     "paths are relative to the folder of the file that is loaded, " + from.at.folder);
    }
    if (*kind != PolicyFiles::Kind::file) return problem(ProblemKind::syntax, at, "not a file: " + source.path);
    if (!may_open(source, at)) return;
    if (pattern)
      old_style(source, *pattern);
    else
      new_style(source);
  }

  bool may_open(Source const& source, Location const& at) {
    auto const normal = [](std::string const& path) { return std::filesystem::path(path).lexically_normal(); };
    for (std::string const& path : open_) {
      if (normal(path) != normal(source.path)) continue;
      problem(ProblemKind::syntax, at, "include loop: " + source.path + " includes itself");
      return false;
    }
    if (open_.size() <= kMaxIncludeDepth) return true;
    problem(ProblemKind::syntax, at, "includes are nested deeper than " + std::to_string(kMaxIncludeDepth));
    return false;
  }

  void include_folder(Source const& from, IncludeFolder const& directive) {
    Source const folder = source_in(from.at.folder, directive.path);
    auto const kind = files_.kind(folder.path);
    if (!kind) return problem(ProblemKind::io, directive.at, kind.error().message);
    if (*kind != PolicyFiles::Kind::folder)
      return problem(ProblemKind::syntax, directive.at, "not a directory: " + folder.path);
    for (std::string const& name : policy_names(folder.path, directive.at)) {
      Source const source = source_in(from.at.folder, directive.path + "/" + name);
      if (may_open(source, directive.at)) new_style(source);
    }
  }

  static bool is_ignored_legacy(std::string_view name) {
    auto const allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '.' ||
             c == '_' || c == '-';
    };
    return name.starts_with('.') || name.ends_with(".rpmsave") || name.ends_with(".rpmnew") || name.ends_with(".swp") ||
           !std::all_of(name.begin(), name.end(), allowed);
  }

  void include_legacy(Location const& at) {
    if (!where_.legacy) return problem(ProblemKind::io, at, "there is no folder of legacy policy for !compat-4.0");
    auto entries = files_.list(*where_.legacy);
    if (!entries)
      return problem(ProblemKind::io, at, entries.error().message, "!compat-4.0 needs the folder of legacy policy");
    struct Services {
      std::vector<std::string> arguments;
      bool general = false;
    };
    std::map<std::string, Services> services;
    for (auto const& [name, kind] : *entries) {
      if (kind != PolicyFiles::Kind::file || is_ignored_legacy(name)) continue;
      std::size_t const plus = name.find('+');
      Services& service = services[name.substr(0, plus)];
      if (plus == std::string::npos)
        service.general = true;
      else
        service.arguments.push_back(name.substr(plus));
    }
    for (auto& [service, found] : services) {
      std::sort(found.arguments.begin(), found.arguments.end());
      for (std::string const& argument : found.arguments) legacy_file(service, argument);
      if (found.general) legacy_file(service, std::nullopt);
    }
  }

  void legacy_file(std::string const& service, std::optional<std::string> const& argument) {
    Source const source = source_in(*where_.legacy, service + argument.value_or(""));
    if (service.empty())
      return problem(ProblemKind::filename, source.at, "invalid filename",
                     "a legacy file is called SERVICE or SERVICE+ARGUMENT");
    ServicePattern const pattern{service, argument};
    if (!may_open(source, source.at)) return;
    old_style(source, pattern);
    if (!argument) return;
    // A file for one argument speaks the last word about it.
    for (Token const& target : {Token{TokenKind::any_qube, {}, "@anyvm"}, Token{TokenKind::dom0, "dom0", "@adminvm"}}) {
      add(Rule{service, argument, Token{TokenKind::any_qube, {}, "@anyvm"}, target, DenyAction{}, source.at});
    }
  }

  PolicyFiles const& files_;
  PolicyFolders const& where_;
  std::vector<Rule> rules_;
  Problems problems_;
  std::size_t files_read_ = 0;
  std::vector<std::string> open_;
};

}  // namespace

Result<Policy, Problems> load_policy(PolicyFiles const& files, PolicyFolders const& where) {
  return Loader(files, where).load();
}

}  // namespace bh::policy

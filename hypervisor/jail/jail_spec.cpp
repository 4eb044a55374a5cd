#include "hypervisor/jail/jail_spec.h"

#include <array>
#include <cerrno>
#include <utility>

#include "base/number.h"

namespace bh::jail {

namespace {

constexpr std::array kLevels{std::pair{Level::own_uid, "own-uid"}, std::pair{Level::subordinate, "subordinate"},
                             std::pair{Level::same_uid, "same-uid"}, std::pair{Level::none, "none"}};
constexpr std::array kProfiles{std::pair{Profile::qemu_tcg, "qemu-tcg"}, std::pair{Profile::qemu_kvm, "qemu-kvm"}};

template <class Table>
auto find_text(Table const& table, std::string_view text) -> std::optional<decltype(table[0].first)> {
  for (auto const& [value, name] : table) {
    if (text == name) return value;
  }
  return std::nullopt;
}

Failure<Error> bad(std::string text) { return Failure{Error{std::move(text), EINVAL}}; }

// Takes words from the front of a command line.
class Words {
 public:
  explicit Words(std::span<std::string const> words) : words_(words) {}
  [[nodiscard]] bool empty() const { return words_.empty(); }
  Result<std::string> next(char const* what) {
    if (words_.empty()) return bad(std::string("missing ") + what);
    std::string const& word = words_.front();
    words_ = words_.subspan(1);
    return word;
  }
  Result<std::uint32_t> number(char const* what) {
    BH_TRY(word, next(what));
    auto const value = parse_decimal(word);
    if (!value || *value > UINT32_MAX) return bad(std::string(what) + ": '" + word + "' is not a number");
    return static_cast<std::uint32_t>(*value);
  }
  [[nodiscard]] std::vector<std::string> rest() const { return {words_.begin(), words_.end()}; }

 private:
  std::span<std::string const> words_;
};

Result<void> take_file(Words& words, bool device, JailSpec& spec) {
  BH_TRY(source, words.next("the file to show"));
  BH_TRY(inside, words.next("the place of a file"));
  if (spec.files.size() == kMaxJailFiles) return bad("too many files to show");
  spec.files.push_back(JailFile{source, inside, device});
  return {};
}

Result<void> take_option(std::string const& option, Words& words, JailSpec& spec) {
  if (option == "--file") return take_file(words, false, spec);
  if (option == "--device") return take_file(words, true, spec);
  if (option == "--log-refusals") return spec.log_refusals = true, Result<void>{};
  if (option == "--die-with-parent") return spec.die_with_parent = true, Result<void>{};
  if (option == "--level") {
    BH_TRY(text, words.next("a level"));
    auto const level = parse_level(text);
    if (!level || *level == Level::none) return bad("--level: own-uid, subordinate or same-uid, not '" + text + "'");
    spec.level = *level;
  } else if (option == "--profile") {
    BH_TRY(text, words.next("a profile"));
    auto const profile = parse_profile(text);
    if (!profile) return bad("--profile: qemu-tcg or qemu-kvm, not '" + text + "'");
    spec.profile = *profile;
  } else if (option == "--subordinate-ids") {
    BH_TRY(uid, words.number("the first subordinate user id"));
    BH_TRY(gid, words.number("the first subordinate group id"));
    BH_TRY(count, words.number("the count of subordinate ids"));
    spec.subordinate = SubordinateIds{uid, gid, count};
  } else if (option == "--device-group") {
    BH_TRY(group, words.number("--device-group"));
    spec.device_group = group;
  } else if (option == "--max-open-files") {
    BH_TRY(number, words.number("--max-open-files"));
    spec.max_open_files = number;
  } else if (option == "--max-threads") {
    BH_TRY(number, words.number("--max-threads"));
    spec.max_threads = number;
  } else if (option == "--cgroup") {
    BH_TRY(folder, words.next("a cgroup's folder"));
    spec.cgroup = folder;
  } else {
    return bad("unknown option '" + option + "'");
  }
  return {};
}

Result<void> check(JailSpec const& spec) {
  for (auto const& file : spec.files) {
    bool const plain = file.inside.is_absolute() && file.inside.native() == file.inside.lexically_normal().native() && file.inside.has_filename();
    if (!file.source.is_absolute() || !plain) return bad("'" + file.inside.string() + "' is no place for a file in a jail");
  }
  if ((spec.level == Level::subordinate) != spec.subordinate.has_value()) return bad("subordinate ids belong to the level of that name");
  if (spec.subordinate && spec.subordinate->count == 0) return bad("no subordinate ids to choose from");
  return {};
}

}  // namespace

char const* to_string(Level level) { return kLevels[static_cast<std::size_t>(level)].second; }
char const* to_string(Profile profile) { return kProfiles[static_cast<std::size_t>(profile)].second; }
std::optional<Level> parse_level(std::string_view text) { return find_text(kLevels, text); }
std::optional<Profile> parse_profile(std::string_view text) { return find_text(kProfiles, text); }

std::vector<std::string> launcher_options(JailSpec const& spec) {
  std::vector<std::string> words{"--level", to_string(spec.level), "--profile", to_string(spec.profile)};
  auto const add = [&](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
  if (auto const& ids = spec.subordinate) {
    add({"--subordinate-ids", std::to_string(ids->first_uid), std::to_string(ids->first_gid), std::to_string(ids->count)});
  }
  if (spec.device_group) add({"--device-group", std::to_string(*spec.device_group)});
  add({"--max-open-files", std::to_string(spec.max_open_files), "--max-threads", std::to_string(spec.max_threads)});
  if (spec.cgroup) add({"--cgroup", spec.cgroup->string()});
  if (spec.log_refusals) add({"--log-refusals"});
  if (spec.die_with_parent) add({"--die-with-parent"});
  for (auto const& file : spec.files) add({file.device ? "--device" : "--file", file.source.string(), file.inside.string()});
  return words;
}

Result<LauncherCommand> parse_launcher_options(std::span<std::string const> all) {
  Words words(all);
  LauncherCommand command;
  while (true) {
    BH_TRY(option, words.next("'--' and the command to run"));
    if (option == "--") break;
    BH_CHECK(take_option(option, words, command.spec));
  }
  command.argv = words.rest();
  if (command.argv.empty() || !command.argv[0].starts_with('/')) return bad("the command to run must be given with its full path");
  BH_CHECK(check(command.spec));
  return command;
}

}  // namespace bh::jail
